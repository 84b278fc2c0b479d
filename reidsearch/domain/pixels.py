"""Pixels as the models take them, from whatever a program holds: arrays and Pillow images."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np
from numpy.typing import NDArray

from reidsearch.base.errors import Reason, Refused
from reidsearch.base.settings import PictureLimits
from reidsearch.domain.crops import Pixels

if TYPE_CHECKING:
    from PIL import Image

MIDDLE_GREY = 128
_ORIENTATION_TAG = 0x0112


def is_image(value: object) -> TypeGuard[Image.Image]:
    """Return whether a value is a Pillow image, without importing Pillow."""
    pillow = sys.modules.get("PIL.Image")
    return pillow is not None and isinstance(value, pillow.Image)


def to_pixels(picture: object, limits: PictureLimits = PictureLimits()) -> Pixels:
    """Convert a picture in memory to (h, w, 3) uint8 BGR, contiguous; such arrays are not copied.

    Arrays: grey (h, w) or (h, w, 1) is repeated in three channels; of BGRA (h, w, 4) what is
    transparent lies on middle grey; 16 bits a channel are scaled to 8; fractions lie between 0
    (black) and 1 (white). Pillow images follow the rules of `media.pictures.decode`.

    Raises:
        Refused: (not-an-image, empty, too-many-pixels, damaged) it is none of these.

    Example:
        >>> to_pixels(np.zeros((128, 64))).shape
        (128, 64, 3)
    """
    if is_image(picture):
        return _of_image(picture, limits)
    if not isinstance(picture, np.ndarray):
        raise _refused(
            f"a picture in memory is a NumPy array or a Pillow image, not {_named(picture)}"
        )
    array = np.asarray(picture)
    if array.size == 0:
        raise Refused(Reason.EMPTY, f"the picture of shape {array.shape} has no pixels")
    array = _channels_last(array)
    _require_size(array.shape[1], array.shape[0], limits)
    array = _eight_bits(array)
    if array.shape[2] == 1:
        array = np.repeat(array, 3, axis=2)
    elif array.shape[2] == 4:
        array = _on_grey(array)
    return np.ascontiguousarray(array)


def of_image(image: Image.Image) -> Pixels:
    """Convert a loaded Pillow image, upright as its EXIF orientation says.

    Raises:
        Refused: (not-an-image) its mode does not say what is white.
    """
    return _bgr(_rgb(_upright(image)))


def _of_image(image: Image.Image, limits: PictureLimits) -> Pixels:
    width_px, height_px = image.size
    if not width_px or not height_px:
        raise Refused(Reason.EMPTY, f"the picture of {width_px}x{height_px} pixels is empty")
    _require_size(width_px, height_px, limits)
    try:
        image.load()
        return of_image(image)
    except Refused:
        raise
    except Exception as error:  # whatever a Pillow plugin raises for a damaged or closed file
        raise Refused(Reason.DAMAGED, f"the Pillow image cannot be read: {error}") from error


def _channels_last(array: NDArray[Any]) -> NDArray[Any]:
    """Return (h, w, channels) of 1, 3 or 4 channels, or refuse."""
    if array.ndim == 2:
        return array[..., None]
    if array.ndim == 3 and array.shape[2] in {1, 3, 4}:
        return array
    hint = "give (height, width), or (height, width, channels) with 1, 3 (BGR) or 4 (BGRA) channels"
    if array.ndim == 3 and array.shape[0] in {1, 3, 4}:
        hint = "its channels come first: give picture.transpose(1, 2, 0)"
    elif array.ndim == 4:
        hint = "give pictures one by one, in a list"
    raise _refused(f"an array of shape {array.shape} is not a picture", hint)


def _eight_bits(array: NDArray[Any]) -> Pixels:
    kind, size = array.dtype.kind, array.dtype.itemsize
    if kind == "u" and size == 1:
        return array
    if kind == "u" and size == 2:
        # A darkness that no camera makes: 8-bit values in a wide array.
        if 0 < int(array.max()) < 256:
            raise _refused(
                f"pixels of type {array.dtype} lie between 0 (black) and 65535 (white), "
                f"these between {int(array.min())} and {int(array.max())}",
                "convert values of 0 to 255 to uint8",
            )
        return _scaled(array)
    if kind == "f":
        if not np.isfinite(array).all():
            raise _refused("the picture has pixels that are not a number, or infinite")
        low, high = float(array.min()), float(array.max())
        if low < 0.0 or high > 1.0:
            raise _refused(
                f"pixels of type {array.dtype} lie between 0 (black) and 1 (white), "
                f"these between {low:g} and {high:g}",
                "divide by the value of white, or convert to uint8",
            )
        return np.rint(array.astype(np.float64) * 255.0).astype(np.uint8)
    raise _refused(
        f"pixels of type {array.dtype} do not say what is white",
        "convert them to uint8 (0 to 255), uint16 (0 to 65535) or float (0 to 1)",
    )


def _scaled(wide: NDArray[Any]) -> Pixels:
    """Scale 0 to 65535 to the nearest of 0 to 255."""
    scaled: Pixels = ((wide.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)
    return scaled


def _on_grey(bgra: Pixels) -> Pixels:
    alpha = bgra[..., 3:].astype(np.uint32)
    mixed = bgra[..., :3] * alpha + MIDDLE_GREY * (255 - alpha)
    laid: Pixels = ((mixed + 127) // 255).astype(np.uint8)
    return laid


def _require_size(width_px: int, height_px: int, limits: PictureLimits) -> None:
    if width_px * height_px > limits.max_pixels:
        raise Refused(
            Reason.TOO_MANY_PIXELS,
            f"{width_px}x{height_px} pixels, the limit is {limits.max_pixels}",
        )


def _refused(message: str, hint: str = "") -> Refused:
    return Refused(Reason.NOT_AN_IMAGE, message, hint)


def _named(value: object) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")


# -- Pillow images ---------------------------------------------------------------------------


def _upright(image: Image.Image) -> Image.Image:
    """Turn as the EXIF orientation says; one that cannot be read means upright, as in viewers."""
    from PIL import ImageOps

    return ImageOps.exif_transpose(image) if orientation(image) != 1 else image


def orientation(image: Image.Image) -> int:
    """Return the EXIF orientation, 1 (upright) where there is none."""
    if image.format in {"JPEG", "MPO"} and not ("exif" in image.info or "xmp" in image.info):
        return 1  # most crops; asking Pillow costs a tenth of decoding them
    try:
        value = image.getexif().get(_ORIENTATION_TAG, 1)
    except Exception:  # noqa: BLE001 - whatever damaged metadata provokes, the pixels are whole
        return 1
    return value if value in range(2, 9) else 1


def _rgb(image: Image.Image) -> Image.Image:
    """Convert any mode to RGB, by the rules in `media.pictures.decode`."""
    from PIL import Image

    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format in {"PPM", "PNG"}):
        # 65535 is white in both.
        wide = np.asarray(image).clip(0, 65535)
        return Image.fromarray(_scaled(wide)).convert("RGB")
    if image.mode in {"I", "F", "LAB"}:
        raise Refused(
            Reason.NOT_AN_IMAGE,
            f"pixels of kind {image.mode} (whole numbers, fractions or Lab) do not say what is "
            "white",
            "convert it to 8 or 16 bits, grey or RGB",
        )
    if image.has_transparency_data:
        grey = (MIDDLE_GREY, MIDDLE_GREY, MIDDLE_GREY, 255)
        ground = Image.new("RGBA", image.size, grey)
        return Image.alpha_composite(ground, image.convert("RGBA")).convert("RGB")
    return image.convert("RGB")


def _bgr(image: Image.Image) -> Pixels:
    """RGB to (h, w, 3) BGR; Pillow swaps the channels four times faster than NumPy."""
    flat = np.frombuffer(image.tobytes("raw", "BGR"), np.uint8)
    return flat.reshape(image.height, image.width, 3).copy()  # a copy can be written to
