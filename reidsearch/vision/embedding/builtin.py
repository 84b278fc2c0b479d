"""The built-in baseline: a classical colour-and-texture stripe descriptor, without weights.

It stands in when no trained model can be had, and shows what training is worth
(docs/accuracy.md). It was designed on principle and never tuned on pictures of real people:

- each colour channel is scaled to one mean ("grey world"), as cameras differ in exposure and
  white balance;
- the picture is cut into 8 overlapping stripes from head to foot, columns weighted by a fixed
  Gaussian, because the person stands in the middle and the background at the sides;
- in a stripe each pixel votes softly for 24 colours (6 greys, 6 hues at 3 brightnesses) by
  the soft-max of its squared distances to them, which is one 1x1 convolution;
- and for 8 edge directions, by its gradient (as in histograms of oriented gradients);
- histograms are compared as by Hellinger: square root, then the inner product;
- the mean is taken away, so that scores spread over [-1, 1] and do not crowd near 1.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import openvino

NAME: Final = "builtin"
PRECISION: Final = "FP32"
HEIGHT_PX: Final = 256
WIDTH_PX: Final = 128
STRIPES: Final = 8
DIRECTIONS: Final = 8

_COLOUR_SIGMA: Final = 0.1  # width of a colour's soft bin; brightness runs from 0 to 1
_CHROMA_WEIGHT: Final = 1.5  # hue tells clothes apart better than brightness, which lighting moves
_GREYS: Final = (0.05, 0.2, 0.4, 0.6, 0.8, 0.95)
_HUES: Final = ((0, 0, 1), (0, 1, 1), (0, 1, 0), (1, 1, 0), (1, 0, 0), (1, 0, 1))  # BGR
_TONES: Final = ((0.08, 0.32), (0.2, 0.55), (0.5, 0.4))  # offset, saturation: dark, mid, light
_WIDTH_SIGMA: Final = 0.2  # of the picture's width
_TEXTURE_SHARE: Final = 0.25  # of texture beside colour
_EDGE_FLOOR: Final = 0.05  # gradients well below it are noise

_GREY: Final = 0.45  # what the mean of each channel is brought to
_DARKEST: Final = 5.0  # of 255, added to the mean: black stays black and is not blown up to noise

_CONSTANTS: Final = {
    "descriptor": "colour-texture-stripes/1",
    "size": [HEIGHT_PX, WIDTH_PX],
    "stripes": STRIPES,
    "directions": DIRECTIONS,
    "colour_sigma": _COLOUR_SIGMA,
    "chroma_weight": _CHROMA_WEIGHT,
    "greys": _GREYS,
    "hues": _HUES,
    "tones": _TONES,
    "width_sigma": _WIDTH_SIGMA,
    "texture_share": _TEXTURE_SHARE,
    "edge_floor": _EDGE_FLOOR,
    "grey": _GREY,
    "darkest": _DARKEST,
}


def digest() -> str:
    """SHA-384 over the descriptor's version and constants: it changes when they do."""
    return hashlib.sha384(json.dumps(_CONSTANTS, sort_keys=True).encode()).hexdigest()


def build() -> openvino.Model:
    """The descriptor as a graph: (1, 3, 256, 128) float32 BGR 0..255 in, (1, 256) float32 out."""
    import openvino as ov
    from openvino import opset13 as ops

    picture = ops.parameter([1, 3, HEIGHT_PX, WIDTH_PX], np.float32, name="data")
    halved = ops.avg_pool(
        picture, [2, 2], [0, 0], [0, 0], [2, 2], exclude_pad=True, rounding_type="floor"
    )
    middle = ops.multiply(halved, (_column_weights().T / (HEIGHT_PX // 2)).astype(np.float32))
    mean = ops.reduce_sum(middle, np.array([2, 3]), keep_dims=True)
    gain = ops.divide(np.float32(_GREY), ops.add(mean, np.float32(_DARKEST)))
    unit = ops.multiply(halved, gain)

    kernels, bias = _colour_convolution()
    votes = ops.convolution(unit, kernels, [1, 1], [0, 0], [0, 0], [1, 1])
    colours = ops.softmax(ops.add(votes, bias), axis=1)

    # Padded by repetition: zeros would draw an edge around every picture.
    margin = np.array([0, 0, 1, 1])
    padded = ops.pad(unit, margin, margin, "edge")
    derivatives = ops.convolution(padded, _edge_kernels(), [1, 1], [0, 0], [0, 0], [1, 1])
    edges = ops.absolute(derivatives)
    energy = ops.reduce_mean(ops.multiply(edges, edges), np.array([1]), keep_dims=True)
    cubed = ops.multiply(edges, ops.multiply(edges, edges))
    sharp = ops.divide(cubed, ops.add(energy, np.float32(_EDGE_FLOOR**2 / 100)))

    rows = ops.matmul(ops.concat([colours, sharp], axis=1), _column_weights(), False, False)
    bins = 24 + DIRECTIONS
    flat = ops.reshape(rows, np.array([bins, HEIGHT_PX // 2]), special_zero=False)
    stripes = ops.transpose(ops.matmul(flat, _stripe_weights(), False, False), np.array([1, 0]))
    colour, texture = ops.variadic_split(stripes, np.int64(1), np.array([24, DIRECTIONS])).outputs()
    strength = ops.add(
        ops.reduce_sum(texture, np.array([1]), keep_dims=True), np.float32(_EDGE_FLOOR)
    )
    texture = ops.multiply(ops.divide(texture, strength), np.float32(_TEXTURE_SHARE))
    hellinger = ops.sqrt(ops.concat([colour, texture], axis=1))
    row = ops.reshape(hellinger, np.array([1, STRIPES * bins]), special_zero=False)
    centred = ops.subtract(row, ops.reduce_mean(row, np.array([1]), keep_dims=True))
    return ov.Model([ops.result(centred, name="reid_embedding")], [picture], NAME)


def _opponent() -> NDArray[np.float64]:
    """(3, 3): BGR to brightness, red-green, yellow-blue."""
    c = _CHROMA_WEIGHT
    return np.array([[1 / 3, 1 / 3, 1 / 3], [0, -c, c], [-c, c / 2, c / 2]])


def _colour_convolution() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Kernels (24, 3, 1, 1) and bias (1, 24, 1, 1) whose soft-max is the soft vote.

    exp(-|x - p|^2 / 2s^2) over all p, normalised, is the soft-max of (p.x - |p|^2 / 2) / s^2:
    the term |x|^2 is the same for every p.
    """
    greys = [(grey, grey, grey) for grey in _GREYS]
    tones = [
        tuple(offset + saturation * channel for channel in hue)
        for offset, saturation in _TONES
        for hue in _HUES
    ]
    points = np.array([*greys, *tones]) @ _opponent().T
    scale = 1 / _COLOUR_SIGMA**2
    kernels = (points @ _opponent() * scale).astype(np.float32)
    bias = (-0.5 * scale * (points**2).sum(axis=1)).astype(np.float32)
    return kernels.reshape(24, 3, 1, 1), bias.reshape(1, 24, 1, 1)


def _edge_kernels() -> NDArray[np.float32]:
    """(8, 3, 3, 3): Sobel derivatives of brightness in 8 directions over half a turn."""
    sobel = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]) / 8
    angles = np.arange(DIRECTIONS) * np.pi / DIRECTIONS
    kernels = np.cos(angles)[:, None, None] * sobel + np.sin(angles)[:, None, None] * sobel.T
    return np.repeat(kernels[:, None] / 3, 3, axis=1).astype(np.float32)


def _column_weights() -> NDArray[np.float32]:
    """(64, 1): a Gaussian over the width, sum 1."""
    width = WIDTH_PX // 2
    place = (np.arange(width) + 0.5) / width - 0.5
    weights = np.exp(-0.5 * (place / _WIDTH_SIGMA) ** 2)
    columns: NDArray[np.float32] = (weights / weights.sum()).astype(np.float32)
    return columns[:, None]


def _stripe_weights() -> NDArray[np.float32]:
    """(128, 8): triangles that reach into the neighbouring stripes, each column's sum 1."""
    height = HEIGHT_PX // 2
    place = (np.arange(height) + 0.5) / height * STRIPES
    centres = np.arange(STRIPES) + 0.5
    weights = np.maximum(0.0, 1 - np.abs(place[:, None] - centres))
    stripes: NDArray[np.float32] = (weights / weights.sum(axis=0)).astype(np.float32)
    return stripes
