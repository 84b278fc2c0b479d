"""Whom an exported copy makes unrecognisable, and what was altered in it and how."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction


class Part(StrEnum):
    """How much of a box is pixelated."""

    NONE = "none"
    HEAD = "head"
    WHOLE = "whole"


class Redaction(StrEnum):
    """Whose boxes are pixelated in a copy, of those that are stored."""

    OTHERS = "others"  # everybody's but that of the exported person
    FACES = "faces"  # the head part of everybody's
    OTHERS_AND_FACES = "others-and-faces"  # everybody else's, the exported person's head part
    ALL = "all"  # everybody's

    def part(self, *, exported: bool) -> Part:
        """How much is pixelated of the box of the exported person, or of somebody else."""
        if self is Redaction.ALL:
            return Part.WHOLE
        if self is Redaction.FACES:
            return Part.HEAD
        if not exported:
            return Part.WHOLE
        return Part.HEAD if self is Redaction.OTHERS_AND_FACES else Part.NONE

    @property
    def of_heads(self) -> bool:
        """Whether anybody is pixelated at the head alone."""
        return Part.HEAD in (self.part(exported=True), self.part(exported=False))


PIXELATED = {
    Redaction.OTHERS: "others pixelated",
    Redaction.FACES: "heads pixelated",
    Redaction.OTHERS_AND_FACES: "others and the person's head pixelated",
    Redaction.ALL: "everybody pixelated",
}
"""What was done to a copy, in short."""


@dataclass(frozen=True, slots=True)
class Pixelation:
    """How boxes are made unrecognisable. Lengths are shares of a box's longer side.

    Padding was measured on real people who walk: how far they reach beyond a box that is
    interpolated, or goes on as it moved (docs/accuracy.md).

    Args:
        blocks_wide, blocks_high: at most so many blocks lie across a box and along its height. A
            face is a tenth as wide as a standing person is high, so it is less than one block; of
            somebody of whom only the head is in the picture it is at most three.
        smallest_block_px: no block is smaller.
        samples: in how many frames the colours of somebody's blocks are taken, at most: the means
            of many frames together could be solved for what each alone hides.
        padding: around a stored box, for what detectors leave out.
        padding_per_gap_s: and more for each second between the two detections around a frame.
        padding_per_extended_s: and more for each second since the last detection, or to the first.
        extended_s: how long a box goes on before the first detection and after the last, beside the
            usual time between two detections.
        bridged_s: between detections further apart no box is interpolated, and each is extended:
            only tracklets that somebody has joined have such gaps.
        head_height, head_width: the head part of a box is its upper part, as high as this share of
            the box's height or of its width, whichever is more; padded like a whole box. Somebody
            standing is seven to eight heads high and two wide at the shoulders. The less of them
            is in the box, the less high it is for its width, and the larger the head's share.
    """

    blocks_wide: int = 3
    blocks_high: int = 8
    smallest_block_px: int = 8
    samples: int = 2
    padding: float = 0.15
    padding_per_gap_s: float = 0.06
    padding_per_extended_s: float = 0.3
    extended_s: float = 1.0
    bridged_s: float = 30.0
    head_height: float = 0.2
    head_width: float = 0.5

    def block_px(self, width_px: float, height_px: float) -> float:
        """Return the side of a block, for a box of some size."""
        return max(
            width_px / self.blocks_wide, height_px / self.blocks_high, self.smallest_block_px
        )

    def head_px(self, width_px: float, height_px: float) -> float:
        """Return how high the head part is of a box of some size."""
        return min(height_px, max(self.head_height * height_px, self.head_width * width_px))


PIXELATION = Pixelation()


@dataclass(frozen=True, slots=True)
class RedactedRun:
    """Frames in a row that have as many pixelated boxes each.

    Args:
        from_s, to_s: media time of the first frame and the last.
        frames: how many there are.
        boxes: in each.
    """

    from_s: Fraction
    to_s: Fraction
    frames: int
    boxes: int


@dataclass(frozen=True, slots=True)
class RedactionReport:
    """What was altered in an exported copy.

    Args:
        whom: was to be pixelated.
        kept: the tracklet that was left as it is; None: none was.
        tracklets: those that were pixelated in at least one frame, by id.
        heads: those of them of whom only the head part was.
        detections: how many of the pixelated boxes are stored ones, but for the padding; the rest
            is interpolated or held.
        longest_gap_s: the longest time between two detections that boxes were interpolated in.
        runs: every frame of the copy, in order.
        brief: how many people of the whole source were seen too briefly to be stored.
        unanalysed_s: how much of what the copy shows was not analysed, so that nobody is pixelated
            there.
        how: the method's numbers.
    """

    whom: Redaction
    kept: int | None
    tracklets: tuple[int, ...]
    heads: tuple[int, ...]
    detections: int
    longest_gap_s: float
    runs: tuple[RedactedRun, ...]
    brief: int
    unanalysed_s: float
    how: Pixelation = PIXELATION

    @property
    def frames(self) -> int:
        """How many frames the copy has."""
        return sum(run.frames for run in self.runs)

    @property
    def frames_altered(self) -> int:
        """How many of them were altered."""
        return sum(run.frames for run in self.runs if run.boxes)

    @property
    def boxes(self) -> int:
        """How many boxes were pixelated, counted in every frame."""
        return sum(run.frames * run.boxes for run in self.runs)
