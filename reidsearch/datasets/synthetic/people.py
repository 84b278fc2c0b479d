"""Synthetic people, seen by several cameras: a gallery with known truth that may be shipped.

The figures are made up; how well they are found says nothing about real footage.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from reidsearch.datasets.synthetic.clothes import Clothes
from reidsearch.datasets.synthetic.figure import SIDES, Pose, draw_figure
from reidsearch.domain.crops import Pixels

PLACES = ("entrance", "hall", "yard", "stairs", "platform", "corridor", "car-park", "gate")
DAY = dt.datetime(2024, 5, 31, 8, tzinfo=dt.UTC)

# Everything is drawn at this size and then shrunk to the camera's own: that smooths the edges.
WIDTH_PX, HEIGHT_PX = 192, 384
SCENE_PX = 768


@dataclass(frozen=True, slots=True)
class DrawnCrop:
    """One crop and the truth about it.

    `pixels` is (h, w, 3) uint8 BGR, from 44 x 88 to 128 x 256.
    """

    person: str
    camera: str
    time: dt.datetime
    pixels: Pixels


def drawn_people(people: int, cameras: int, views: int, seed: int = 0) -> Iterator[DrawnCrop]:
    """Draw every person `views` times at every camera.

    Each person walks past the cameras in an order of their own, half a minute to five minutes
    from one to the next, and is drawn every few seconds, each time from another side. The same
    arguments give the same pictures; more people or views leave the earlier ones as they were.

    Yields:
        people x cameras x views crops: person by person, in the order in which each was seen.
    """
    viewpoints = [_Camera.drawn(index, seed) for index in range(cameras)]
    for person in range(people):
        rng = np.random.default_rng((seed, 1, person))
        look = Clothes.drawn(rng)
        moment = DAY + dt.timedelta(seconds=int(rng.integers(2 * 3600)))
        for index in rng.permutation(cameras):
            moment += dt.timedelta(seconds=int(rng.integers(30, 300)))
            first_side = int(rng.integers(len(SIDES)))
            for view in range(views):
                own = np.random.default_rng((seed, 2, person, int(index), view))
                pose = Pose(
                    SIDES[(first_side + view) % len(SIDES)], float(own.uniform(0, 2 * np.pi))
                )
                yield DrawnCrop(
                    person=f"person-{person + 1:03}",
                    camera=viewpoints[index].name,
                    time=moment + view * dt.timedelta(seconds=3),
                    pixels=viewpoints[index].see(look, pose, own),
                )


@dataclass(frozen=True, slots=True)
class _Camera:
    """A viewpoint: its scene, light, and how well it sees."""

    name: str
    scene: Pixels
    tint: NDArray[np.float32]
    gamma: float
    sun: float
    height_px: int
    blur_px: float
    noise: float
    jpeg_quality: int

    @classmethod
    def drawn(cls, index: int, seed: int) -> _Camera:
        rng = np.random.default_rng((seed, 0, index))
        round_, place = divmod(index, len(PLACES))
        return cls(
            name=PLACES[place] + (f"-{round_ + 1}" if round_ else ""),
            scene=scene(rng),
            tint=rng.uniform(0.78, 1.2, 3).astype(np.float32),
            gamma=float(rng.uniform(0.7, 1.45)),
            sun=float(rng.uniform(-0.3, 0.3)),
            height_px=int(rng.integers(104, 256)),
            blur_px=float(rng.uniform(0.4, 1.4)),
            noise=float(rng.uniform(3, 9)),
            jpeg_quality=int(rng.integers(45, 90)),
        )

    def see(self, look: Clothes, pose: Pose, rng: np.random.Generator) -> Pixels:
        """One crop of a person, as this camera gives it."""
        figure, mask = draw_figure(look, pose, WIDTH_PX, HEIGHT_PX)
        lit = figure * self._light(rng)[..., None]
        left = int(rng.integers(SCENE_PX - WIDTH_PX))
        ground = self.scene[:, left : left + WIDTH_PX].copy()
        centre = (WIDTH_PX // 2 + round(self.sun * 60), round(HEIGHT_PX * 0.955))
        shadow = np.ones((HEIGHT_PX, WIDTH_PX), np.float32)
        cv2.ellipse(shadow, centre, (52, 9), 0, 0, 360, 0.55, -1, cv2.LINE_AA)
        share = mask[..., None].astype(np.float32) / 255
        picture = ground * shadow[..., None] * (1 - share) + lit * share
        _hide(picture, rng)
        return self._record(self._cut(picture.astype(np.float32), rng), rng)

    def _light(self, rng: np.random.Generator) -> NDArray[np.float32]:
        """Brightness over the figure: light from one side, and soft folds in the cloth."""
        folds = cv2.resize(
            rng.uniform(0.84, 1.12, (14, 7)).astype(np.float32),
            (WIDTH_PX, HEIGHT_PX),
            interpolation=cv2.INTER_CUBIC,
        )
        across = np.linspace(1 - self.sun, 1 + self.sun, WIDTH_PX, dtype=np.float32)
        light: NDArray[np.float32] = folds * across
        return light

    def _cut(self, picture: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
        """Cut as a detector would, never twice alike, at the camera's own resolution."""
        height = self.height_px * float(rng.uniform(0.85, 1.0))
        zoom = height / HEIGHT_PX * float(rng.uniform(0.97, 1.08))
        width_px, height_px = round(height / 2), round(height)
        shift = rng.uniform(-0.035, 0.035, 2) * (width_px, height_px)
        matrix = np.array(
            [
                [zoom, 0, (width_px - zoom * WIDTH_PX) / 2 + shift[0]],
                [0, zoom, (height_px - zoom * HEIGHT_PX) / 2 + shift[1]],
            ]
        )
        soft = cv2.GaussianBlur(picture, (0, 0), 0.45 / zoom)  # no aliasing when it shrinks
        cut: NDArray[np.float32] = cv2.warpAffine(
            soft, matrix, (width_px, height_px), borderMode=cv2.BORDER_REPLICATE
        ).astype(np.float32)
        return cut

    def _record(self, picture: NDArray[np.float32], rng: np.random.Generator) -> Pixels:
        """Lens, sensor and codec: blur, colour cast, noise, JPEG."""
        blurred = cv2.GaussianBlur(picture, (0, 0), self.blur_px)
        toned = 255 * (np.clip(blurred * self.tint, 0, 255) / 255) ** self.gamma
        grain = rng.normal(0, self.noise, picture.shape[:2])[..., None]
        grain = grain + rng.normal(0, self.noise / 2, picture.shape)  # less of it in colour
        noisy = np.clip(toned + grain, 0, 255).astype(np.uint8)
        _, jpeg = cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, self.jpeg_quality])
        pixels: Pixels = cv2.imdecode(jpeg, cv2.IMREAD_COLOR)
        return pixels


def _hide(picture: NDArray[np.floating], rng: np.random.Generator) -> None:
    """Now and then something stands in front: a counter before the legs, or a post at one side."""
    chance, colour = rng.random(), rng.integers(40, 170) + rng.integers(-15, 15, 3)
    if chance < 0.22:
        picture[int(rng.uniform(0.5, 0.72) * HEIGHT_PX) :] = colour
    elif chance < 0.44:
        width = int(rng.uniform(0.3, 0.48) * WIDTH_PX)
        left = 0 if rng.random() < 0.5 else WIDTH_PX - width
        picture[:, left : left + width] = colour


def scene(rng: np.random.Generator) -> Pixels:
    """A wall with doors, windows and posts over a floor of slabs; a camera shows parts of it."""
    horizon = int(rng.integers(HEIGHT_PX // 3, 2 * HEIGHT_PX // 3))
    wall, floor = (rng.integers(80, 200) + rng.integers(-14, 14, 3) for _ in range(2))
    scene = np.empty((HEIGHT_PX, SCENE_PX, 3), np.uint8)
    scene[:horizon], scene[horizon:] = wall, floor
    for _ in range(int(rng.integers(5, 10))):
        x, top = int(rng.integers(SCENE_PX)), int(rng.integers(horizon // 2))
        width = int(rng.integers(12, 90))
        bottom = horizon if rng.random() < 0.6 else top + (horizon - top) // 2
        colour = [
            int(c)
            for c in np.clip(wall * rng.uniform(0.45, 1.25) + rng.integers(-18, 18, 3), 0, 255)
        ]
        cv2.rectangle(scene, (x, top), (x + width, bottom), colour, -1)
        cv2.rectangle(scene, (x, top), (x + width, bottom), [c * 0.6 for c in colour], 2)
    seam = [float(c) for c in np.clip(floor * 0.82, 0, 255)]
    for row in range(6):
        y = horizon + round((HEIGHT_PX - horizon) * (row / 6) ** 1.6)
        cv2.line(scene, (0, y), (SCENE_PX, y), seam, 1, cv2.LINE_AA)
    for x in range(-SCENE_PX, 2 * SCENE_PX, 70):
        far = (x - SCENE_PX // 2) // 2 + SCENE_PX // 2
        cv2.line(scene, (far, horizon), (x, HEIGHT_PX), seam, 1, cv2.LINE_AA)
    mottled = cv2.resize(
        rng.uniform(0.86, 1.14, (24, 48)).astype(np.float32), (SCENE_PX, HEIGHT_PX)
    )
    pixels: Pixels = np.clip(scene * mottled[..., None], 0, 255).astype(np.uint8)
    return pixels
