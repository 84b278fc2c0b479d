"""What the filters of one request mean in each of several archives.

Cameras, sources, regions and lines are those of an archive: each filters by what it has of what was
asked for, as it does alone. Several of a kind are alternatives, so what an archive has not is left
out of its own; one that has none of a kind has nobody who can pass, and is not searched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from reidsearch.base.errors import NotFound, UsageError
from reidsearch.domain.joint import NamedPlace
from reidsearch.domain.places import Line, Region
from reidsearch.domain.request import Filters
from reidsearch.services.search import SearchService
from reidsearch.store.places import KINDS, no_place

NAMING = ("cameras", "not_cameras", "sources")
"""Filters that name what an archive may not have."""
PLACES: tuple[tuple[str, type[Region | Line]], ...] = (("regions", Region), ("crossings", Line))
HAS_NONE = "it has none of the cameras or sources that are asked for"
NOWHERE = "it has none of the regions or lines that are asked for"


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Filters by archive.

    Args:
        each: with each archive its filters, or why nothing passes there.
        named: what was asked for by a name that regions and lines are kept under.
    """

    each: tuple[tuple[SearchService, Filters | str], ...]
    named: tuple[NamedPlace, ...]


def narrow(archives: Sequence[SearchService], filters: Filters) -> Narrowed:
    """Return the filters that mean something in each archive.

    Raises:
        NotFound: no archive has a camera, source, region or line of that name, or one has all.
        UsageError: in no archive anybody can pass.
    """
    found: list[tuple[SearchService, Filters | str]] = []
    known: dict[str, set[Any]] = {}
    for one in archives:
        here: dict[str, Any] = {name: one.known(name, getattr(filters, name)) for name in NAMING}
        placed: dict[str, Any] = _placed(one, filters)
        for name, some in (here | placed).items():
            known.setdefault(name, set()).update(some)
        lost = any(getattr(filters, name) and not here[name] for name in ("cameras", "sources"))
        nowhere = any(getattr(filters, name) and not some for name, some in placed.items())
        told: Filters | str = HAS_NONE if lost else NOWHERE
        if not (lost or nowhere):
            told = replace(filters, **here, **placed)
        found.append((one, told))
    _require_known(filters, known)
    each = tuple((one, _possible(one, told)) for one, told in found)
    if all(isinstance(told, str) for _, told in each):
        reasons = {told for _, told in each}
        raise NotFound(
            "no archive has both a camera and a source that are asked for"
            if reasons == {HAS_NONE}
            else "in no archive anybody can pass: none has a camera, source, region and line that "
            "are asked for, of one camera"
        )
    return Narrowed(each, _named(archives, filters))


def _placed(archive: SearchService, filters: Filters) -> dict[str, tuple[Region | Line | str, ...]]:
    """Return of regions and lines those that an archive has: by their name, or their camera."""
    found = {}
    for name, kind in PLACES:
        given: tuple[Region | Line | str, ...] = getattr(filters, name)
        kept = archive.places_kept(kind) if given else frozenset()
        drawn = [one.camera for one in given if not isinstance(one, str)]
        cameras = archive.known("cameras", drawn) if drawn else ()
        found[name] = tuple(
            one for one in given if (one in kept if isinstance(one, str) else one.camera in cameras)
        )
    return found


def _require_known(filters: Filters, known: dict[str, set[Any]]) -> None:
    for name in NAMING:
        for text in getattr(filters, name):
            if text not in known[name]:
                what = "source that matches" if name == "sources" else "camera"
                raise NotFound(f"no archive has a {what} {text!r}")
    for name, kind in PLACES:
        for place in getattr(filters, name):
            if place in known[name]:
                continue
            if isinstance(place, str):
                raise no_place(place, KINDS[kind], several=True)
            raise NotFound(f"no archive has a camera {place.camera!r}")


def _possible(archive: SearchService, told: Filters | str) -> Filters | str:
    """Return filters, or why nobody can pass them, for instance as their cameras differ."""
    if isinstance(told, str):
        return told
    try:
        archive.places_resolved(told)
    except UsageError as error:
        return error.message
    return told


def _named(archives: Sequence[SearchService], filters: Filters) -> tuple[NamedPlace, ...]:
    found = []
    for name, kind in PLACES:
        for text in getattr(filters, name):
            if isinstance(text, str):
                having = [one.location for one in archives if text in one.places_kept(kind)]
                found.append(NamedPlace(text, KINDS[kind], tuple(having)))
    return tuple(found)
