"""One drawn person, from one side, at one moment of a stride.

Lengths are shares of the figure's height; y runs downwards from the crown of the head.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from reidsearch.datasets.synthetic.clothes import Clothes, Colour
from reidsearch.domain.crops import Pixels

Point: TypeAlias = tuple[float, float]

Side: TypeAlias = Literal["front", "back", "left", "right"]
SIDES: tuple[Side, ...] = ("front", "back", "left", "right")


@dataclass(frozen=True, slots=True)
class Pose:
    """What differs from moment to moment: the side seen, and the stride (radians)."""

    side: Side
    phase: float


def draw_figure(
    look: Clothes, pose: Pose, width_px: int, height_px: int
) -> tuple[Pixels, NDArray[np.uint8]]:
    """Draw a person who fills about nine tenths of the height, feet near the lower edge.

    Returns:
        (h, w, 3) uint8 BGR, black around the person, and (h, w) uint8, 255 where the person is.
    """
    pen = _Pen(width_px, height_px, look.height * 0.9 * height_px)
    if pose.side in ("front", "back"):
        _upright(pen, look, pose)
    else:
        _sideways(pen, look, pose)
    if pose.side == "left":
        return pen.image[:, ::-1].copy(), pen.mask[:, ::-1].copy()
    return pen.image, pen.mask


class _Pen:
    """Draws shapes, given in shares of the figure's height, into a picture and its mask."""

    def __init__(self, width_px: int, height_px: int, figure_px: float) -> None:
        self.image = np.zeros((height_px, width_px, 3), np.uint8)
        self.mask = np.zeros((height_px, width_px), np.uint8)
        self._scale = figure_px
        self._left = width_px / 2
        self._top = height_px * 0.96 - figure_px

    def px(self, points: list[Point]) -> NDArray[np.int32]:
        """In pixels, with 4 binary places."""
        raw = np.array(points) * self._scale + (self._left, self._top)
        return np.rint(raw * 16).astype(np.int32)

    def shape(self, points: list[Point], colour: Colour) -> None:
        """A filled polygon."""
        corners = [self.px(points)]
        cv2.fillPoly(self.image, corners, colour, cv2.LINE_AA, 4)
        cv2.fillPoly(self.mask, corners, 255, cv2.LINE_AA, 4)

    def oval(self, centre: Point, half: Point, colour: Colour, tilt: float = 0.0) -> None:
        """A filled ellipse; `tilt` in degrees."""
        turn = np.linspace(0, 2 * math.pi, 28, endpoint=False)
        cos, sin = math.cos(math.radians(tilt)), math.sin(math.radians(tilt))
        xs, ys = half[0] * np.cos(turn), half[1] * np.sin(turn)
        self.shape(
            list(
                zip(centre[0] + xs * cos - ys * sin, centre[1] + xs * sin + ys * cos, strict=True)
            ),
            colour,
        )

    def limb(self, ends: tuple[Point, Point], widths: tuple[float, float], colour: Colour) -> None:
        """A rounded, tapering bar."""
        (x1, y1), (x2, y2) = ends
        length = math.hypot(x2 - x1, y2 - y1) or 1.0
        across, along = (y2 - y1) / length, (x2 - x1) / length
        a, b = widths[0] / 2, widths[1] / 2
        self.shape(
            [
                (x1 + across * a, y1 - along * a),
                (x2 + across * b, y2 - along * b),
                (x2 - across * b, y2 + along * b),
                (x1 - across * a, y1 + along * a),
            ],
            colour,
        )
        self.oval(ends[0], (a, a), colour)
        self.oval(ends[1], (b, b), colour)

    def line(self, points: list[Point], width: float, colour: Colour) -> None:
        """A line on what is drawn already."""
        thickness = max(1, round(width * self._scale))
        cv2.polylines(self.image, [self.px(points)], False, colour, thickness, cv2.LINE_AA, 4)

    def patterned(self, points: list[Point], look: Clothes) -> None:
        """A filled polygon of the top's cloth."""
        self.shape(points, look.top_colour)
        inside = np.zeros(self.mask.shape, np.uint8)
        cv2.fillPoly(inside, [self.px(points)], 255, cv2.LINE_8, 4)
        ys, xs = np.nonzero(inside)
        y = (ys - self._top) / self._scale
        x = (xs - self._left) / self._scale
        if look.pattern == "stripes":
            chosen = np.mod(y, 0.05) < 0.022
        elif look.pattern == "two-tone":
            chosen = y > 0.36
        elif look.pattern == "checks":
            chosen = (np.mod(y, 0.044) < 0.014) | (np.mod(x, 0.044) < 0.014)
        else:
            return
        self.image[ys[chosen], xs[chosen]] = look.second_colour


def _shade(colour: Colour, share: float) -> Colour:
    blue, green, red = (int(min(255, channel * share)) for channel in colour)
    return blue, green, red


def _hem(look: Clothes) -> float:
    return {"coat": 0.68, "jacket": 0.55, "hoodie": 0.54}.get(look.top, 0.525)


def _upright(pen: _Pen, look: Clothes, pose: Pose) -> None:
    """From the front or from behind."""
    front = pose.side == "front"
    stride = math.sin(pose.phase)
    shoulder, hip = 0.1 * look.build, 0.082 * look.build
    for sign in (-1, 1):
        lift = max(0.0, sign * stride) * 0.035
        knee = (sign * 0.05 + sign * 0.004, 0.73 - lift)
        ankle = (sign * (0.05 - 0.012 * abs(stride)), 0.955 - lift)
        _leg(pen, look, ((sign * 0.043, 0.5), knee, ankle), 1.0 if sign * stride <= 0 else 0.86)
        toe = 0.012 if front else -0.004
        pen.oval((ankle[0] + sign * 0.008, 0.975 - lift + toe / 2), (0.03, 0.022), look.shoe_colour)
    if look.bottom == "skirt":
        _skirt(pen, look, hip)
    for sign in (-1, 1):
        swing = -sign * stride * 0.02
        joints = (
            (sign * shoulder * 0.86, 0.212),
            (sign * (shoulder + 0.012), 0.355),
            (sign * (shoulder + 0.004), 0.485 + swing),
        )
        _arm(pen, look, joints, 0.9)
    hem = _hem(look)
    flare = 1.25 if look.top == "coat" else 1.05
    torso: list[Point] = [
        (-0.034, 0.15), (0.034, 0.15), (shoulder * 0.72, 0.174), (shoulder, 0.205),
        (shoulder * 0.98, 0.26), (hip * 1.06, 0.42), (hip * flare, hem), (-hip * flare, hem),
        (-hip * 1.06, 0.42), (-shoulder * 0.98, 0.26), (-shoulder, 0.205),
        (-shoulder * 0.72, 0.174),
    ]  # fmt: skip
    pen.patterned(torso, look)
    if front:
        _front_of_top(pen, look, hem)
    elif look.pattern == "logo":
        pen.oval((0, 0.27), (0.05, 0.02), look.second_colour)
    if look.top == "hoodie":
        pen.oval((0, 0.17), (0.062, 0.028), _shade(look.top_colour, 0.75))
    _bag_upright(pen, look, front, shoulder, hip)
    _head_upright(pen, look, front)


def _front_of_top(pen: _Pen, look: Clothes, hem: float) -> None:
    dark = _shade(look.top_colour, 0.6)
    if look.top in ("jacket", "coat"):
        pen.shape([(-0.032, 0.155), (0.032, 0.155), (0.006, 0.34)], look.second_colour)
        pen.line([(0.004, 0.33), (0.004, hem)], 0.006, dark)
    else:
        pen.shape([(-0.03, 0.153), (0.03, 0.153), (0, 0.182)], look.skin)
    if look.pattern == "logo":
        pen.oval((0, 0.29), (0.045, 0.035), look.second_colour)
    if look.top == "hoodie":
        pen.line([(-0.05, 0.47), (-0.035, 0.42), (0.035, 0.42), (0.05, 0.47)], 0.006, dark)


def _sideways(pen: _Pen, look: Clothes, pose: Pose) -> None:
    """Walking to the right; the caller mirrors it for the left."""
    stride = math.sin(pose.phase)
    near_is_left = pose.side == "left"
    depth = 0.062 * look.build
    if look.bag == "backpack":
        pen.oval((-depth - 0.035, 0.31), (0.05, 0.105), look.bag_colour, tilt=-4)
        pen.oval((-depth - 0.06, 0.36), (0.025, 0.05), _shade(look.bag_colour, 0.8))
    _arm(pen, look, _swung((0.0, 0.215), (0.15, 0.14), 0.5 * stride, 0.35), 0.7)
    if look.bag in ("shoulder bag", "handbag") and look.bag_left != near_is_left:
        pen.oval((-0.09, 0.53), (0.055, 0.045), _shade(look.bag_colour, 0.8))
    for sign, light in ((-1, 0.74), (1, 1.0)):
        swing = sign * stride
        joints = _swung((0.0, 0.5), (0.235, 0.225), 0.36 * swing, -0.5 * max(0.0, -swing) - 0.06)
        _leg(pen, look, joints, light)
        x, y = joints[2]
        pen.oval(
            (x + 0.022, y + 0.022), (0.05, 0.02), _shade(look.shoe_colour, light), tilt=-18 * swing
        )
    if look.bottom == "skirt":
        _skirt(pen, look, depth * 1.15)
    hem = _hem(look)
    torso: list[Point] = [
        (-0.028, 0.155), (0.028, 0.155), (depth * 0.9, 0.2), (depth * 1.08, 0.28), (depth, 0.4),
        (depth * 1.1, hem), (-depth * 1.15, hem), (-depth * 0.95, 0.4), (-depth * 1.1, 0.27),
        (-depth * 0.95, 0.195),
    ]  # fmt: skip
    pen.patterned(torso, look)
    if look.top in ("jacket", "coat"):
        pen.shape(
            [(depth * 0.55, 0.175), (depth * 0.98, 0.2), (depth * 1.1, 0.3)], look.second_colour
        )
    if look.top == "hoodie":
        pen.oval((-0.035, 0.175), (0.05, 0.03), _shade(look.top_colour, 0.75), tilt=20)
    if look.bag == "backpack":
        pen.line(
            [(-depth * 0.6, 0.19), (depth * 0.5, 0.24), (-depth * 0.6, 0.36)],
            0.016,
            _shade(look.bag_colour, 0.8),
        )
    _head_sideways(pen, look)
    _arm(pen, look, _swung((0.0, 0.215), (0.15, 0.14), -0.5 * stride, 0.35), 1.08)
    if look.bag in ("shoulder bag", "handbag") and look.bag_left == near_is_left:
        if look.bag == "shoulder bag":
            pen.line([(0.02, 0.17), (-0.02, 0.46)], 0.014, _shade(look.bag_colour, 0.7))
        pen.shape([(-0.09, 0.46), (0.04, 0.46), (0.05, 0.575), (-0.1, 0.575)], look.bag_colour)
        pen.line([(-0.09, 0.5), (0.04, 0.5)], 0.008, _shade(look.bag_colour, 0.6))


def _swung(
    joint: Point, lengths: tuple[float, float], angle: float, bend: float
) -> tuple[Point, Point, Point]:
    """Three joints of a limb that hangs from `joint`, turned by `angle` and bent in its middle."""
    x, y = joint
    middle = (x + lengths[0] * math.sin(angle), y + lengths[0] * math.cos(angle))
    lower = angle + bend
    end = (middle[0] + lengths[1] * math.sin(lower), middle[1] + lengths[1] * math.cos(lower))
    return joint, middle, end


def _leg(pen: _Pen, look: Clothes, joints: tuple[Point, Point, Point], light: float) -> None:
    hip, knee, ankle = joints
    cloth, skin = _shade(look.bottom_colour, light), _shade(look.skin, light)
    wide = look.build
    if look.bottom == "trousers":
        pen.limb((knee, ankle), (0.07 * wide, 0.052 * wide), cloth)
        pen.limb((hip, knee), (0.095 * wide, 0.07 * wide), cloth)
        return
    pen.limb((knee, ankle), (0.056 * wide, 0.036 * wide), skin)
    pen.limb((hip, knee), (0.08 * wide, 0.058 * wide), skin)
    if look.bottom == "shorts":
        end = (hip[0] + 0.85 * (knee[0] - hip[0]), hip[1] + 0.85 * (knee[1] - hip[1]))
        pen.limb((hip, end), (0.098 * wide, 0.085 * wide), cloth)


def _skirt(pen: _Pen, look: Clothes, half: float) -> None:
    pen.shape(
        [(-half, 0.47), (half, 0.47), (half * 1.35, 0.7), (-half * 1.35, 0.7)], look.bottom_colour
    )
    pen.line([(half * 0.3, 0.54), (half * 0.45, 0.7)], 0.005, _shade(look.bottom_colour, 0.75))


def _arm(pen: _Pen, look: Clothes, joints: tuple[Point, Point, Point], light: float) -> None:
    shoulder, elbow, wrist = joints
    cloth, skin = _shade(look.top_colour, light), _shade(look.skin, light)
    wide = look.build
    bare = look.top == "t-shirt"
    pen.oval((wrist[0], wrist[1] + 0.015), (0.018, 0.024), skin)
    pen.limb((elbow, wrist), (0.046 * wide, 0.036 * wide), skin if bare else cloth)
    pen.limb((shoulder, elbow), (0.06 * wide, 0.048 * wide), skin if bare else cloth)
    if bare:
        end = (
            shoulder[0] + 0.6 * (elbow[0] - shoulder[0]),
            shoulder[1] + 0.6 * (elbow[1] - shoulder[1]),
        )
        pen.limb((shoulder, end), (0.064 * wide, 0.06 * wide), cloth)


def _bag_upright(pen: _Pen, look: Clothes, front: bool, shoulder: float, hip: float) -> None:
    dark = _shade(look.bag_colour, 0.75)
    # Seen from the front, the person's left is on the right of the picture.
    sign = 1 if look.bag_left == front else -1
    if look.bag == "backpack" and front:
        for side in (-1, 1):
            pen.line(
                [(side * shoulder * 0.62, 0.175), (side * shoulder * 0.7, 0.36)],
                0.022,
                look.bag_colour,
            )
    elif look.bag == "backpack":
        pen.oval((0, 0.315), (shoulder * 0.85, 0.125), look.bag_colour)
        pen.oval((0, 0.37), (shoulder * 0.6, 0.055), dark)
    elif look.bag == "shoulder bag":
        pen.line([(-sign * shoulder * 0.6, 0.175), (sign * hip, 0.48)], 0.014, dark)
        x = sign * (hip + 0.02)
        pen.shape(
            [(x - 0.045, 0.47), (x + 0.045, 0.47), (x + 0.05, 0.58), (x - 0.05, 0.58)],
            look.bag_colour,
        )
    elif look.bag == "handbag":
        x = sign * (shoulder + 0.025)
        pen.line([(x - 0.02, 0.56), (x, 0.51), (x + 0.02, 0.56)], 0.008, dark)
        pen.shape(
            [(x - 0.045, 0.55), (x + 0.045, 0.55), (x + 0.05, 0.635), (x - 0.05, 0.635)],
            look.bag_colour,
        )


def _head_upright(pen: _Pen, look: Clothes, front: bool) -> None:
    if look.haircut == "long":
        pen.shape(
            [(-0.05, 0.05), (0.05, 0.05), (0.058, 0.2), (-0.058, 0.2)], _shade(look.hair, 0.85)
        )
    pen.limb(((0, 0.12), (0, 0.165)), (0.045, 0.05), _shade(look.skin, 0.85))
    pen.oval((0, 0.07), (0.047, 0.066), look.skin)
    if look.haircut != "bald":
        if front:
            pen.oval((0, 0.032), (0.05, 0.034), look.hair)
        else:
            pen.oval((0, 0.062), (0.051, 0.064), look.hair)
            if look.haircut == "long":
                pen.shape([(-0.05, 0.06), (0.05, 0.06), (0.056, 0.21), (-0.056, 0.21)], look.hair)
    if look.haircut == "bun":
        pen.oval((0, 0.0 if front else 0.03), (0.026, 0.024), _shade(look.hair, 0.8))
    if front:
        for sign in (-1, 1):
            pen.oval((sign * 0.018, 0.068), (0.006, 0.005), (35, 30, 30))
        pen.line([(-0.014, 0.106), (0.014, 0.106)], 0.006, _shade(look.skin, 0.6))
    if look.hat != "none":
        pen.oval((0, 0.024), (0.053, 0.034), look.hat_colour)
        if look.hat == "cap" and front:
            pen.oval((0, 0.048), (0.05, 0.012), _shade(look.hat_colour, 0.75))


def _head_sideways(pen: _Pen, look: Clothes) -> None:
    pen.limb(((0.0, 0.12), (-0.004, 0.165)), (0.045, 0.05), _shade(look.skin, 0.85))
    pen.oval((0.006, 0.07), (0.052, 0.066), look.skin)
    pen.shape([(0.054, 0.065), (0.068, 0.085), (0.052, 0.09)], look.skin)
    pen.oval((0.038, 0.066), (0.006, 0.005), (35, 30, 30))
    if look.haircut != "bald":
        pen.oval((-0.012, 0.045), (0.052, 0.047), look.hair)
        pen.oval((-0.028, 0.075), (0.034, 0.05), look.hair)
    if look.haircut == "long":
        pen.shape([(-0.06, 0.06), (0.0, 0.06), (-0.012, 0.21), (-0.068, 0.2)], look.hair)
    if look.haircut == "bun":
        pen.oval((-0.066, 0.045), (0.024, 0.026), _shade(look.hair, 0.8))
    if look.hat != "none":
        pen.oval((-0.002, 0.026), (0.057, 0.034), look.hat_colour)
        if look.hat == "cap":
            pen.oval((0.055, 0.046), (0.035, 0.009), _shade(look.hat_colour, 0.75))
