"""Write a drawn picture in the format that its file name's ending stands for."""

from __future__ import annotations

import io

from PIL import Image

FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".pdf": "PDF"}
QUALITY = 92  # of JPEG: text stays sharp


def encode(picture: Image.Image, ending: str) -> bytes:
    """Return the bytes of a picture file.

    Args:
        picture: RGB.
        ending: `.png`, `.jpg`, `.jpeg` or `.pdf`, in any case.
    """
    out = io.BytesIO()
    settings = {"quality": QUALITY, "subsampling": 0} if FORMATS[ending.lower()] == "JPEG" else {}
    picture.save(out, FORMATS[ending.lower()], **settings)
    return out.getvalue()
