"""Bytes to pixels: decode one still picture safely, cut the person out, make what is stored."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import io
import logging
import os
import warnings

import numpy as np
from PIL import Image, UnidentifiedImageError

from reidsearch.base.boxes import Box
from reidsearch.base.errors import Reason, Refused
from reidsearch.base.settings import PictureLimits
from reidsearch.domain.crops import Pixels
from reidsearch.domain.pixels import of_image, orientation
from reidsearch.media.files.paths import read_regular
from reidsearch.media.jpeg import coded_picture

# Only these parsers ever see foreign bytes: Pillow knows forty more, one of which (EPS) would
# start Ghostscript. Most frequent first, they are tried in this order.
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "PPM", "GIF", "JPEG2000", "AVIF", "SUN")

# A progressive JPEG has about ten scans. Thousands of empty ones, of a few bytes each, would
# cost a pass over all pixels every time: minutes out of a small file.
_MAX_SCANS = 100

_STORED_AS_IS_BYTES = 256 * 1024
_STORED_SIDE_PX = 1024
_STORED_QUALITY = 95

# Pillow warns of oddities in metadata that do not touch the pixels, and logs what it then raises;
# the library never prints. Not per call: `catch_warnings` changes the whole process and decoding
# runs in threads.
warnings.filterwarnings("ignore", module=r"PIL\.")
logging.getLogger("PIL").setLevel(logging.CRITICAL)


def decode(data: bytes, limits: PictureLimits) -> Pixels:
    """Decode one still picture, upright as its EXIF orientation says.

    Grey is repeated in three channels; 16 bits a channel are scaled to 8; CMYK is converted;
    what is transparent lies on middle grey, so that colours nobody can see do not count.
    Colour profiles are not applied, as re-identification models were trained without.

    Returns:
        (h, w, 3) uint8, BGR, contiguous; h and w at least 1.

    Raises:
        Refused: empty, too-many-bytes, too-many-pixels (from the header, before any pixel is
            decoded), not-an-image, animated, truncated, damaged, bomb.
    """
    return decoded(data, limits)[0]


def decoded(data: bytes, limits: PictureLimits) -> tuple[Pixels, bool]:
    """`decode`, and whether it is an upright JPEG, grey or in colour, as `stored_jpeg` asks."""
    if not data:
        raise Refused(Reason.EMPTY, "the file is empty")
    if len(data) > limits.max_bytes:
        raise Refused(Reason.TOO_MANY_BYTES, f"{len(data)} bytes, the limit is {limits.max_bytes}")
    with _refusing():
        image = _open(data, limits)
        image.load()
        return of_image(image), _is_plain(image)


def cut(picture: Pixels, box: Box | None, limits: PictureLimits) -> Pixels:
    """Cut one person out of a picture; None takes the whole picture.

    Args:
        picture: (h, w, 3) uint8.

    Returns:
        (box height, box width, 3) uint8, contiguous.

    Raises:
        Refused: bad-box when the box leaves the picture; too-small when the crop is smaller
            than the limits allow.
    """
    height_px, width_px = picture.shape[:2]
    if box is not None:
        box.require_inside(width_px, height_px)
        picture = picture[box.y1 : box.y2, box.x1 : box.x2]
        height_px, width_px = picture.shape[:2]
    if width_px < limits.min_width_px or height_px < limits.min_height_px:
        raise Refused(
            Reason.TOO_SMALL,
            f"the crop is {width_px}x{height_px} pixels, "
            f"the least is {limits.min_width_px}x{limits.min_height_px}",
            "lower the least size if a person can be made out in it",
        )
    return np.ascontiguousarray(picture)


def stored_jpeg(data: bytes, crop: Pixels, whole: bool, plain: bool | None = None) -> bytes:
    """The JPEG that the archive keeps of a crop.

    The original's own pixels (no second compression) when the crop is the whole of an upright
    JPEG of at most 256 KiB, freed of all else (`media.jpeg.coded_picture`): EXIF, XMP, profiles,
    comments and what follows the picture hold places, devices, names and films that nobody asked
    to copy. Otherwise the crop anew, quality 95 without colour
    subsampling, the longest side at most 1024 pixels.

    Args:
        data: the offered file's bytes.
        crop: (h, w, 3) uint8, BGR, as cut from it.
        whole: whether the crop is the whole picture.
        plain: what `decoded` told of the file; None: it is looked up.
    """
    if whole and len(data) <= _STORED_AS_IS_BYTES and data.startswith(b"\xff\xd8"):
        if plain is None:
            plain = _is_plain(Image.open(io.BytesIO(data), formats=("JPEG",)))
        original = coded_picture(data) if plain else None
        if original is not None:
            return original
    image = _image(crop)
    if max(image.size) > _STORED_SIDE_PX:
        image.thumbnail((_STORED_SIDE_PX, _STORED_SIDE_PX), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=_STORED_QUALITY, subsampling=0)
    return out.getvalue()


def encode(pixels: Pixels, quality: int) -> bytes:
    """Return (h, w, 3) uint8, BGR, as JPEG, to be looked at."""
    out = io.BytesIO()
    _image(pixels).save(out, "JPEG", quality=quality)
    return out.getvalue()


def _image(pixels: Pixels) -> Image.Image:
    height_px, width_px = pixels.shape[:2]
    data = np.ascontiguousarray(pixels).tobytes()
    return Image.frombuffer("RGB", (width_px, height_px), data, "raw", "BGR", 0, 1)


def read_picture(path: str | os.PathLike[str], limits: PictureLimits) -> Pixels:
    """Read and decode one file, for queries. Shapes and errors as in `decode`.

    Raises:
        Refused: as `decode`, and missing, unreadable, not-a-file; the message names the file.
    """
    return read_with_digest(path, limits)[0]


def read_with_digest(path: str | os.PathLike[str], limits: PictureLimits) -> tuple[Pixels, str]:
    """`read_picture`, and the SHA-256 of the very bytes that were decoded, in hexadecimal."""
    text = os.fspath(path)
    try:
        data = read_regular(text, limits)
        return decode(data, limits), hashlib.sha256(data).hexdigest()
    except Refused as refused:
        if text in refused.message:
            raise
        raise Refused(refused.reason, f"{text}: {refused.message}", refused.hint) from refused


class _refusing:  # noqa: N801 - reads as a statement; a class costs a tenth of @contextmanager
    """Turns whatever a parser throws at foreign bytes into `Refused`."""

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None or isinstance(error, Refused) or not isinstance(error, Exception):
            return
        if isinstance(error, Image.DecompressionBombError):
            raise Refused(Reason.TOO_MANY_PIXELS, str(error)) from error
        if isinstance(error, MemoryError):
            raise Refused(Reason.TOO_MANY_PIXELS, "too large for this machine's memory") from error
        text = f"{error}" or type(error).__name__
        # Pillow has no class for it; these are its words for a file that ends too early.
        if "truncated" in text.lower() or isinstance(error, EOFError):
            raise Refused(Reason.TRUNCATED, f"the picture ends too early: {text}") from error
        raise Refused(Reason.DAMAGED, f"the picture is damaged: {text}") from error


HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"mif1"})
"""What an ISO container begins with whose pictures phones write and Pillow does not read."""


def _open(data: bytes, limits: PictureLimits) -> Image.Image:
    """Read the header and refuse what must not be decoded."""
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    except UnidentifiedImageError as error:
        if data[4:8] == b"ftyp" and data[8:12] in HEIC_BRANDS:
            raise Refused(
                Reason.NOT_AN_IMAGE, "it is a HEIC picture, which is not read", "convert it to JPEG"
            ) from error
        raise Refused(
            Reason.NOT_AN_IMAGE, "not a picture of a known format, or its header is damaged"
        ) from error
    width_px, height_px = image.size
    if width_px * height_px > limits.max_pixels:
        raise Refused(
            Reason.TOO_MANY_PIXELS,
            f"{width_px}x{height_px} pixels, the limit is {limits.max_pixels}",
        )
    if width_px < 1 or height_px < 1:
        raise Refused(Reason.DAMAGED, f"the picture has {width_px}x{height_px} pixels")
    # The second picture of an MPO (a JPEG inside) is a preview, gain map or other eye; the first
    # is the picture. Every other format with several pictures is an animation or a document.
    if image.format != "MPO" and getattr(image, "is_animated", False):
        raise Refused(
            Reason.ANIMATED, f"the {image.format} holds several pictures", "export one picture"
        )
    if image.format == "TIFF":
        _silence_libtiff()
    if image.format in {"JPEG", "MPO"} and data.count(b"\xff\xda") > _MAX_SCANS:
        raise Refused(Reason.BOMB, f"the JPEG has more than {_MAX_SCANS} scans")
    return image


@functools.cache
def _silence_libtiff() -> None:
    """Keep libtiff, which Pillow leaves as it is, from writing to the standard error itself."""
    import ctypes

    from PIL import _imaging

    with contextlib.suppress(OSError, AttributeError):  # not in this build of Pillow
        library = ctypes.CDLL(_imaging.__file__)
        library.TIFFSetErrorHandler(None)
        library.TIFFSetWarningHandler(None)


def _is_plain(image: Image.Image) -> bool:
    """Tell whether a file is an upright JPEG whose coded pixels may be kept as they are."""
    return image.format == "JPEG" and image.mode in {"L", "RGB"} and orientation(image) == 1
