"""What a search is restricted to: filters, applied before ranking."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Filters:
    """What part of the gallery a search looks at; applied before ranking, never after.

    Args:
        cameras / not_cameras: exact names.
        after / before: aware times, `after <= time < before`.
        sources: SHA-256 prefixes (8 characters or more) or parts of a location.
        exclude_crops: crop ids to leave out.
        wearing: colours, each as `appearance.worn` reads it; all have to be worn.
        with_things / without_things: of `appearance.THINGS`; all have to be there, or absent.
    """

    cameras: tuple[str, ...] = ()
    not_cameras: tuple[str, ...] = ()
    after: dt.datetime | None = None
    before: dt.datetime | None = None
    sources: tuple[str, ...] = ()
    exclude_crops: tuple[int, ...] = ()
    wearing: tuple[str, ...] = ()
    with_things: tuple[str, ...] = ()
    without_things: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing is filtered."""
        return self == Filters()
