"""Legal holds, and rules that say how long crops are kept."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from reidsearch.base.timecode import iso


@dataclass(frozen=True, slots=True)
class HoldOf:
    """What a hold is of: one of case, identity, source and camera.

    Args:
        case: by its number: what belongs to it.
        identity: by its name or number.
        source: part of a source's location, or the beginning of its SHA-256.
        camera: by its name, with `after` and `before` from when until when; None: without limit.
    """

    case: str | None = None
    identity: str | None = None
    source: str | None = None
    camera: str | None = None
    after: dt.datetime | None = None
    before: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """One hold: nothing that it holds is deleted until somebody releases it.

    Args:
        identity: the present name; None: it is not of an identity.
        released_at, released_by: None: it is in force.
    """

    hold_id: int
    case: str | None
    identity_id: int | None
    identity: str | None
    source: str | None
    camera: str | None
    after: dt.datetime | None
    before: dt.datetime | None
    note: str
    set_at: dt.datetime
    set_by: str
    released_at: dt.datetime | None
    released_by: str | None

    @property
    def text(self) -> str:
        """What it is of: `case 2026-17`, `identity 3`, `source /footage/gate.mp4`, `camera gate`.

        An identity is told by its number, which stays when its name is erased.
        """
        if self.case is not None:
            return f"case {self.case}"
        if self.identity_id is not None:
            return f"identity {self.identity_id}"
        if self.source is not None:
            return f"source {self.source or '(erased)'}"
        told = f"camera {self.camera}"
        if self.after is not None:
            told += f" from {iso(self.after)}"
        if self.before is not None:
            told += f" until {iso(self.before)}"
        return told

    def document(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "hold_id": self.hold_id,
            "case": self.case,
            "identity_id": self.identity_id,
            "identity": self.identity,
            "source": self.source,
            "camera": self.camera,
            "after": iso(self.after) if self.after else None,
            "before": iso(self.before) if self.before else None,
            "note": self.note,
            "set_at": iso(self.set_at),
            "set_by": self.set_by,
            "released_at": iso(self.released_at) if self.released_at else None,
            "released_by": self.released_by,
        }


@dataclass(frozen=True, slots=True)
class HeldBack:
    """What a hold keeps of what was asked to be deleted.

    Args:
        what: `Hold.text`.
        crops: how many of those asked for; several holds may hold the same.
    """

    hold_id: int
    what: str
    crops: int


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """How long crops of a camera are kept.

    Args:
        camera: None: every camera without a rule of its own, and crops of no known camera.
    """

    camera: str | None
    days: int
    set_at: dt.datetime
    set_by: str

    @property
    def text(self) -> str:
        """Whose it is: `camera gate`, `all others`."""
        return "all others" if self.camera is None else f"camera {self.camera}"


@dataclass(frozen=True, slots=True)
class Due:
    """What a retention rule deletes now.

    Args:
        by_indexing: how many of these by the time of indexing, since theirs is not known.
        held: what holds keep of what is old enough.
    """

    rule: RetentionRule
    crop_ids: tuple[int, ...]
    by_indexing: int
    held: tuple[HeldBack, ...]
