"""Views of a person as an address can hold them: a kept picture or a frame, and who of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from reidsearch.base.boxes import Box
from reidsearch.base.errors import UsageError
from reidsearch.base.exact import exact
from reidsearch.domain.query_origins import Detection

WHOLE = "whole"
Who: TypeAlias = "Box | int | None"
"""A box, the number of a person from 1 on the left, or None: the only one."""

_PICTURE = re.compile(r"([0-9a-f]{64})(?::(.+))?")
_FRAME = re.compile(r"(\d{1,18})@(\d{1,9}(?:\.\d{1,9})?)(?::(.+))?")
_BOX = re.compile(r"\d{1,6}(?:,\d{1,6}){3}")


@dataclass(frozen=True, slots=True)
class QueryView:
    """One view of a person.

    Args:
        sha256: of a kept picture; None: a frame of a source.
        source_id, media_s: of a frame; None: a kept picture.
        who: is meant.
        whole: the picture is taken as it is.

    Example:
        >>> QueryView.frame("3@15.5:10,20,60,160").who
        Box(x1=10, y1=20, x2=60, y2=160)
    """

    sha256: str | None = None
    source_id: int | None = None
    media_s: Fraction | None = None
    who: Who = None
    whole: bool = False

    @classmethod
    def picture(cls, text: str) -> QueryView:
        """Read `SHA256`, `SHA256:2`, `SHA256:x1,y1,x2,y2` or `SHA256:whole`.

        Raises:
            UsageError: it is none of these.
        """
        found = _PICTURE.fullmatch(text)
        if found is None:
            raise UsageError(f"{text!r} names no picture", "give the SHA-256 that it was kept by")
        sha256, who = found.groups()
        if who == WHOLE:
            return cls(sha256=sha256, whole=True)
        return cls(sha256=sha256, who=_who(who, text))

    @classmethod
    def frame(cls, text: str) -> QueryView:
        """Read `SOURCE@SECONDS`, perhaps with `:2` or `:x1,y1,x2,y2`.

        Raises:
            UsageError: it is none of these.
        """
        found = _FRAME.fullmatch(text)
        if found is None:
            raise UsageError(f"{text!r} names no frame", "give source@seconds, 3@15.5")
        source_id, media_s, who = found.groups()
        return cls(source_id=int(source_id), media_s=exact(media_s), who=_who(who, text))

    @property
    def text(self) -> str:
        """What `picture` or `frame` reads."""
        name = self.sha256 or f"{self.source_id}@{_seconds(self.media_s or Fraction(0))}"
        if self.whole:
            return f"{name}:{WHOLE}"
        if self.who is None:
            return name
        return f"{name}:{self.who.text() if isinstance(self.who, Box) else self.who}"


@dataclass(frozen=True, slots=True)
class Seen:
    """Who is in a picture or frame.

    Args:
        detector: its name; None: there is none on this machine.
        people: their boxes from left to right, person 1 first; `confidence` is theirs.
        taken: what a search with the picture alone would take; None: one has to be chosen.
    """

    view: QueryView
    width_px: int
    height_px: int
    detector: str | None
    people: tuple[Box, ...]
    confidence: tuple[float, ...]
    taken: Detection | None


def _seconds(media_s: Fraction) -> str:
    return f"{float(media_s):.9f}".rstrip("0").rstrip(".")


def _who(text: str | None, whole: str) -> Who:
    if text is None:
        return None
    if _BOX.fullmatch(text):
        return Box.parse(text)
    if text.isdecimal() and 1 <= int(text) <= 10_000:
        return int(text)
    raise UsageError(f"{whole!r} does not say who is meant", "give a number or x1,y1,x2,y2")
