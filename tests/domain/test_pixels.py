"""Pixels given to the library: converted, or refused in a sentence."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from reidsearch import Archive, SearchRequest
from reidsearch.base.errors import Reason, Refused, ReidsearchError, UsageError
from reidsearch.base.settings import PictureLimits
from reidsearch.domain.pixels import to_pixels
from reidsearch.media.pictures import decode

RNG = np.random.default_rng(7)
BGR = RNG.integers(0, 256, (40, 20, 3), dtype=np.uint8)
GREY = RNG.integers(0, 256, (40, 20), dtype=np.uint8)
ALPHA = RNG.integers(0, 256, (40, 20, 1), dtype=np.uint8)
BGRA = np.concatenate([BGR, ALPHA], axis=2)
THREE_GREY = np.repeat(GREY[..., None], 3, axis=2)


def on_grey() -> np.ndarray:
    share = ALPHA / 255.0
    return np.rint(BGR * share + 128 * (1 - share)).astype(np.uint8)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param(BGR, BGR, id="uint8"),
        pytest.param(GREY, THREE_GREY, id="grey"),
        pytest.param(GREY[..., None], THREE_GREY, id="grey with a channel"),
        pytest.param(BGRA, on_grey(), id="BGRA"),
        pytest.param(BGR / 255.0, BGR, id="float64"),
        pytest.param((BGR / 255.0).astype(np.float32), BGR, id="float32"),
        pytest.param(np.float16(GREY > 127), np.where(THREE_GREY > 127, 255, 0), id="float16"),
        pytest.param(BGR.astype(np.uint16) * 257, BGR, id="uint16"),
        pytest.param((BGR.astype(">u2") * 257).astype(">u2"), BGR, id="uint16, big-endian"),
        pytest.param(BGR[::-1, ::2], BGR[::-1, ::2], id="not contiguous"),
        pytest.param(np.asfortranarray(BGR), BGR, id="Fortran order"),
        pytest.param(np.ma.masked_array(BGR), BGR, id="a masked array"),
        pytest.param(Image.fromarray(BGR[..., ::-1].copy()), BGR, id="Pillow RGB"),
        pytest.param(Image.fromarray(GREY), THREE_GREY, id="Pillow grey"),
    ],
)
def test_arrays_and_images_become_bgr(given, expected):
    pixels = to_pixels(given)
    assert (pixels.dtype, pixels.ndim, pixels.flags.c_contiguous) == (np.uint8, 3, True)
    assert type(pixels) is np.ndarray
    np.testing.assert_allclose(pixels.astype(int), np.asarray(expected).astype(int), atol=1)


def test_bgr_is_not_copied():
    assert to_pixels(BGR) is BGR or np.shares_memory(to_pixels(BGR), BGR)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1", "I;16", "CMYK", "YCbCr"])
def test_an_image_is_what_its_file_would_be(mode):
    image = Image.fromarray(BGRA[..., [2, 1, 0, 3]].copy()).convert("L" if "16" in mode else mode)
    if mode == "I;16":
        image = Image.fromarray(GREY.astype(np.uint16) * 257)
    data = io.BytesIO()
    image.save(data, "TIFF" if mode in {"CMYK", "YCbCr", "I;16"} else "PNG")
    assert np.array_equal(to_pixels(image), decode(data.getvalue(), PictureLimits()))


def test_an_image_is_turned_upright():
    image = Image.fromarray(BGR[..., ::-1].copy())
    data = io.BytesIO()
    exif = image.getexif()
    exif[0x0112] = 6  # turned by 90 degrees
    image.save(data, "PNG", exif=exif)
    with Image.open(io.BytesIO(data.getvalue())) as opened:
        assert np.array_equal(to_pixels(opened), np.rot90(BGR, -1))


def nan() -> np.ndarray:
    picture = BGR / 255.0
    picture[3, 4, 1] = np.nan
    return picture


def damaged() -> Image.Image:
    data = io.BytesIO()
    Image.fromarray(BGR).save(data, "PNG")
    return Image.open(io.BytesIO(data.getvalue()[:-300]))


WRONG = [
    pytest.param(np.zeros((0, 20, 3), np.uint8), Reason.EMPTY, "no pixels", id="empty"),
    pytest.param(np.zeros(3, np.uint8), Reason.NOT_AN_IMAGE, r"shape \(3,\)", id="a row"),
    pytest.param(np.uint8(3) + np.zeros((), np.uint8), None, "", id="a scalar"),
    pytest.param(np.zeros((4, 4, 2), np.uint8), Reason.NOT_AN_IMAGE, "shape", id="two channels"),
    pytest.param(np.zeros((4, 4, 5), np.uint8), Reason.NOT_AN_IMAGE, "shape", id="five channels"),
    pytest.param(np.zeros((3, 40, 20), np.uint8), Reason.NOT_AN_IMAGE, "shape", id="CHW"),
    pytest.param(BGR[None], Reason.NOT_AN_IMAGE, "shape", id="a batch"),
    pytest.param(BGR.astype(np.int64), Reason.NOT_AN_IMAGE, "type int64", id="int64"),
    pytest.param(BGR > 0, Reason.NOT_AN_IMAGE, "type bool", id="bool"),
    pytest.param(BGR.astype(complex), Reason.NOT_AN_IMAGE, "type complex", id="complex"),
    pytest.param(BGR.astype(object), Reason.NOT_AN_IMAGE, "type object", id="object"),
    pytest.param(BGR.astype(np.float32), Reason.NOT_AN_IMAGE, "between 0", id="floats to 255"),
    pytest.param(BGR.astype(np.uint16), Reason.NOT_AN_IMAGE, "65535", id="bytes in uint16"),
    pytest.param(BGR / 255.0 - 0.5, Reason.NOT_AN_IMAGE, "between 0", id="negative floats"),
    pytest.param(nan(), Reason.NOT_AN_IMAGE, "not a number", id="NaN"),
    pytest.param(Image.new("RGB", (0, 5)), Reason.EMPTY, "empty", id="an empty image"),
    pytest.param(Image.new("F", (5, 5)), Reason.NOT_AN_IMAGE, "white", id="a float image"),
    pytest.param(damaged(), Reason.DAMAGED, "cannot be read", id="a damaged image"),
    pytest.param(np.zeros((9000, 9000), np.uint8), Reason.TOO_MANY_PIXELS, "limit", id="huge"),
]


@pytest.mark.full
@pytest.mark.parametrize(("given", "reason", "words"), WRONG)
def test_what_is_no_picture_is_refused_in_a_sentence(given, reason, words):
    if reason is None:  # NumPy scalars are crop ids
        assert SearchRequest(given).pictures == (3,)
        return
    with pytest.raises(Refused, match=words) as refused:
        SearchRequest(given)
    assert refused.value.reason is reason
    with pytest.raises(Refused):
        SearchRequest([7, given])


@pytest.mark.parametrize("given", [None, 2.5, True, b"bytes", {"a": 1}, [None], [[1, 2]], object()])
def test_what_is_no_query_is_refused_in_a_sentence(given):
    with pytest.raises(UsageError, match="made of picture files, pixels and crop ids"):
        SearchRequest(given)


def test_text_is_no_pixels():
    with pytest.raises(Refused, match="NumPy array or a Pillow image, not str"):
        to_pixels("person.jpg")


@pytest.mark.full
def test_an_archive_takes_what_a_request_takes(tmp_path):
    with Archive.open(tmp_path / "archive", create=True, model="builtin") as archive:
        Image.fromarray(BGR[..., ::-1].copy()).save(tmp_path / "a.png")
        archive.index([tmp_path / "a.png"])
        best = [
            archive.search(one, k=1).matches[0].score
            for one in (
                BGR,
                BGR / 255.0,
                Image.fromarray(BGR[..., ::-1].copy()),
                BGR[:, ::-1][:, ::-1],
            )
        ]
        assert best == pytest.approx([1.0] * 4, abs=1e-4)
        rows = archive.embed([GREY, Image.fromarray(GREY)])
        assert rows[0] == pytest.approx(rows[1], abs=1e-6)
        for wrong in (BGR.astype(np.int32), np.zeros((0, 3))):
            with pytest.raises(ReidsearchError):
                archive.embed([wrong])
            with pytest.raises(ReidsearchError):
                archive.explain(wrong, 1)
