"""File names and source lists in; camera, start time and person out."""
