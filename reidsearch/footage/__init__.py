"""Paths on disk in, offers out; bytes in, pixels out.

`offers` lists what files, folders, tar and zip archives and manifests hold, each entry an
`Offer` or, with its reason, a `Rejected`; no picture is read by listing. `pictures` decodes what
an offer's `read()` returns into (h, w, 3) uint8 BGR, cuts out the person, and makes the JPEG that
an archive stores. `naming` says which camera, time and person a name tells of.
"""
