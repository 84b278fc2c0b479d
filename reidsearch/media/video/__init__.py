"""Video files and frame folders in; frames with exact media time, and clips, out."""
