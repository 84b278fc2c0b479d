"""Write a drawing in the format that its file name's ending stands for, with its metadata.

The metadata says what the foot of the picture says, whole: PNG has a text chunk for each field,
JPEG a comment, PDF its document information.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from PIL import Image, PngImagePlugin

from reidsearch.output.drawing import Drawing
from reidsearch.output.visible import visible

FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".pdf": "PDF"}
QUALITY = 92  # of JPEG: text stays sharp
COMPRESSION = 3  # of PNG: half of the time, for a tenth more bytes
PAGE = 2**0.5  # height of a page in widths, as of A4 upright


def encode(drawing: Drawing, ending: str) -> bytes:
    """Return the bytes of a picture file.

    Args:
        ending: `.png`, `.jpg`, `.jpeg` or `.pdf`, in any case.

    Raises:
        ValueError: the drawing is not signed, so it would not say where it comes from.
    """
    kind = FORMATS[ending.lower()]
    if kind == "PDF":
        return encode_pdf([drawing], drawing.title)
    fields = _fields(drawing)
    picture = drawing.render()
    out = io.BytesIO()
    if kind == "JPEG":
        told = "\n".join(f"{name}: {value}" for name, value in fields.items())
        picture.save(out, kind, quality=QUALITY, subsampling=0, comment=told.encode()[:65_000])
    else:
        chunks = PngImagePlugin.PngInfo()
        for name, value in fields.items():
            chunks.add_itxt(name, value)
        picture.save(out, kind, pnginfo=chunks, compress_level=COMPRESSION)
    return out.getvalue()


def encode_pdf(drawings: Iterable[Drawing], title: str) -> bytes:
    """Return the bytes of one PDF file with the pages of several drawings, drawn one at a time.

    Args:
        title: of the whole.

    Raises:
        ValueError: as `encode`.
    """
    out = io.BytesIO()
    for number, drawing in enumerate(drawings):
        fields = _fields(drawing) | {"Title": visible(title)}
        first, *rest = _pages(drawing, drawing.render())
        told = _pdf(drawing, fields)
        first.save(out, "PDF", save_all=True, append_images=rest, append=number > 0, **told)
    return out.getvalue()


def _fields(drawing: Drawing) -> dict[str, str]:
    if not drawing.signed:
        raise ValueError("a drawing is signed before it is written")
    return {name: visible(value) for name, value in drawing.imprint.fields(drawing.title).items()}


def _pages(drawing: Drawing, picture: Image.Image) -> Iterator[Image.Image]:
    """Cut a high picture at its breaks, so that it can be printed; each page has the foot."""
    body_px = drawing.height_px - drawing.foot_px
    room_px = max(1, round(drawing.width_px * PAGE) - drawing.foot_px)
    foot = picture.crop((0, body_px, drawing.width_px, drawing.height_px))
    top = 0
    while top < body_px:
        within = [at for at in drawing.breaks if top < at <= top + room_px]
        beyond = [at for at in drawing.breaks if at > top]
        # A part that is higher than a page stays whole.
        end = max(within, default=min(beyond, default=body_px))
        if body_px - top <= room_px:
            end = body_px
        page = Image.new("RGB", (drawing.width_px, end - top + drawing.foot_px), drawing.paper)
        page.paste(picture.crop((0, top, drawing.width_px, end)), (0, 0))
        page.paste(foot, (0, end - top))
        yield page
        top = end


def _pdf(drawing: Drawing, fields: Mapping[str, str]) -> dict[str, Any]:
    told = "; ".join(f"{name}: {value}" for name, value in fields.items())
    return {
        "title": fields["Title"],
        "subject": told,
        "creator": fields["Software"],
        "creationDate": drawing.imprint.at.utctimetuple(),
        "resolution": 144.0,
        "quality": QUALITY,
    }
