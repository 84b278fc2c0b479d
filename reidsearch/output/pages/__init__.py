"""Lists of people as pages that stand alone, such as an answer or an identity.

In: what services found. Out: first `Shown` (`output/shown.py`), plain content of groups of cards,
made by `answers` and `people`, which a drawn sheet shows as well (`output/sheet.py`); then, from
the same content, an HTML page, as one file or as a folder with its pictures, clips and digests
(`write`). A page holds no script, asks for nothing from another place, and forbids both by its own
content security policy.
"""
