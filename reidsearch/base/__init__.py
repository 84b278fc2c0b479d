"""Ground floor, imported by every room: errors, progress, settings, boxes,
time codes, whole files, actors.

In: nothing of this package. Out: values and exceptions without knowledge of archives or models.
"""
