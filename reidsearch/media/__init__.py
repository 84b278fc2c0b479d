"""Files. In: paths on disk, bytes. Out: entries to be indexed, frames with their time, pixels.

files/    what folders, tar and zip archives and manifests hold; no picture is read by listing
naming/   which camera, time and person a name tells
video/    frames with their exact media time, motion, still groups, clips
pictures  bytes -> (h, w, 3) uint8 BGR -> the crop's JPEG that an archive stores
"""
