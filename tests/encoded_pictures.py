"""Pictures in every encoding that is read, with the colour that each becomes."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from PIL import Image

BLUE, GREEN, RED = (255, 0, 0), (0, 255, 0), (0, 0, 255)  # BGR


def encoded(image: Image.Image, format_: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, format_, **options)
    return out.getvalue()


def flat(mode: str, colour: object, size: tuple[int, int] = (20, 40)) -> Image.Image:
    return Image.new(mode, size, colour)


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, depth: int, colour: int, raw: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(raw))
        + chunk(b"IEND", b"")
    )


def oriented(image: Image.Image, orientation: int, format_: str = "JPEG") -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"quality": 95} if format_ == "JPEG" else {}
    return encoded(image, format_, exif=exif, **options)


RGB = (200, 100, 50)
KINDS: dict[str, tuple[bytes, tuple[int, int, int]]] = {
    "jpeg": (encoded(flat("RGB", RGB), "JPEG", quality=95), (50, 100, 200)),
    "jpeg progressive": (encoded(flat("RGB", RGB), "JPEG", progressive=True), (50, 100, 200)),
    "jpeg grey": (encoded(flat("L", 90), "JPEG"), (90, 90, 90)),
    "jpeg cmyk": (encoded(flat("CMYK", (0, 255, 255, 0)), "JPEG", quality=95), RED),
    "png": (encoded(flat("RGB", RGB), "PNG"), (50, 100, 200)),
    "png grey": (encoded(flat("L", 77), "PNG"), (77, 77, 77)),
    "png black and white": (encoded(flat("1", 1), "PNG"), (255, 255, 255)),
    "png palette": (encoded(flat("RGB", RGB).quantize(4), "PNG"), (50, 100, 200)),
    "png opaque alpha": (encoded(flat("RGBA", (*RGB, 255)), "PNG"), (50, 100, 200)),
    "png transparent": (encoded(flat("RGBA", (*RGB, 0)), "PNG"), (128, 128, 128)),
    "png grey alpha": (encoded(flat("LA", (10, 0)), "PNG"), (128, 128, 128)),
    "png colour key": (encoded(flat("RGB", RGB), "PNG", transparency=RGB), (128, 128, 128)),
    "png 16-bit grey": (
        png(2, 1, 16, 0, b"\0" + struct.pack(">HH", 0x8080, 0x8080)),
        (128, 128, 128),
    ),
    "png 16-bit rgb": (
        png(1, 1, 16, 2, b"\0" + struct.pack(">HHH", 0xC8C8, 0x6464, 0x3232)),
        (50, 100, 200),
    ),
    "tiff 16-bit grey": (
        encoded(Image.fromarray(np.full((4, 3), 65535, np.uint16)), "TIFF"),
        (255, 255, 255),
    ),
    "tiff": (encoded(flat("RGB", RGB), "TIFF", compression="tiff_lzw"), (50, 100, 200)),
    "pgm 16-bit": (b"P5 1 1 65535\n\x80\x80", (128, 128, 128)),
    "ppm": (b"P6 1 1 255\n\xc8\x64\x32", (50, 100, 200)),
    "bmp": (encoded(flat("RGB", RGB), "BMP"), (50, 100, 200)),
    "webp": (encoded(flat("RGB", RGB), "WEBP", lossless=True), (50, 100, 200)),
    "gif": (encoded(flat("RGB", RGB).quantize(4), "GIF"), (50, 100, 200)),
    "jpeg 2000": (encoded(flat("RGB", RGB), "JPEG2000"), (50, 100, 200)),
}
