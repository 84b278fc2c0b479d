"""What was filtered by, and what that left out, in sentences."""

from __future__ import annotations

from collections.abc import Mapping

from reidsearch.base.time_of_day import TimeOfDay
from reidsearch.base.weekdays import Weekdays
from reidsearch.domain.attributes import FOUND_AGAIN, PARTS
from reidsearch.domain.places import Place, points_text
from reidsearch.domain.request import Filters
from reidsearch.output.times import local
from reidsearch.output.visible import count, duration, visible


def filtered_told(filters: Filters) -> list[str]:
    """Return what was filtered by, and that query crops were excluded."""
    parts = [
        *([f"camera {_names(filters.cameras, 'or')}"] if filters.cameras else []),
        *([f"not camera {_names(filters.not_cameras, 'or')}"] if filters.not_cameras else []),
        *([f"from {local(filters.after)}"] if filters.after else []),
        *([f"before {local(filters.before)}"] if filters.before else []),
        *([_hours(filters.time_of_day)] if filters.time_of_day else []),
        *([_days(filters.weekdays)] if filters.weekdays else []),
        *([f"source {_names(filters.sources, 'or')}"] if filters.sources else []),
        *([f"wearing {_names(filters.wearing, 'and')}"] if filters.wearing else []),
        *([f"with {_names(filters.with_things, 'and')}"] if filters.with_things else []),
        *([f"without {_names(filters.without_things, 'or')}"] if filters.without_things else []),
        *_tracked(filters),
        *([f"indexed after {local(filters.indexed_after)}"] if filters.indexed_after else []),
        *(
            [f"indexed after run {filters.indexed_after_run}"]
            if filters.indexed_after_run is not None
            else []
        ),
        *(["not reviewed: neither confirmed nor rejected"] if filters.unreviewed else []),
        *(["confirmed of no identity"] if filters.no_identity else []),
    ]
    excluded = len(filters.exclude_crops)
    return [
        *([f"Filters: {'; '.join(parts)}."] if parts else []),
        *(["Excluding the query crop."] if excluded == 1 else []),
        *([f"Excluding {excluded:,} query crops."] if excluded > 1 else []),
    ]


def _hours(hours: TimeOfDay) -> str:
    return f"from {hours.text.replace('-', ' to ')} of each day" + (
        f" ({visible(hours.zone)})" if hours.zone else ""
    )


def _days(days: Weekdays) -> str:
    zone = f" ({visible(days.zone)})" if days.zone else ""
    return f"on {days.text.replace(',', ', ').replace('-', ' to ')}{zone}"


def _tracked(filters: Filters) -> list[str]:
    """Return what is filtered by where people went, and for how long they stayed."""
    told = []
    if filters.regions:
        told.append(f"in region {' or '.join(map(_place, filters.regions))}")
    if filters.crossings:
        way = "" if filters.direction is None else f" {filters.direction}"
        told.append(f"crossing line {' or '.join(map(_place, filters.crossings))}{way}")
    if filters.dwell_s is not None:
        where = "there" if filters.regions else "in view"
        told.append(f"for {duration(filters.dwell_s)} or longer {where}")
    return told


def _place(place: Place | str) -> str:
    if isinstance(place, str):
        return visible(place)
    points = points_text(place.points)
    if place.name is not None:
        return f"{visible(place.name)} ({visible(place.camera)}: {points})"
    return f"{visible(place.camera)} ({points})"


def left_out_told(
    filters: Filters, unknown: Mapping[str, int], nouns: tuple[str, str]
) -> list[str]:
    """Return what filters left out for want of knowledge, and how far they can be relied on.

    Args:
        unknown: how many have no known `time`, `camera`, `attributes` and `track`.
        nouns: of what; one and several.
    """
    one, several = nouns

    def told_of(number: int, lack: str) -> str:
        return count(number, f"{one} has {lack} and was", f"{several} have {lack} and were")

    told = [
        f"{told_of(unknown[what], f'no known {what}')} excluded by the {what} filter."
        for what in ("time", "camera")
        if unknown[what]
    ]
    if number := unknown["track"]:
        told.append(
            f"{told_of(number, 'no track, or none where it matters,')} excluded by the filter on "
            f"{_track_filters(filters)}: whether they pass is not known."
        )
    if not filters.attributes_empty:
        told.append(
            "Attributes are estimated by a model, and whom it misjudges is excluded: of those "
            f"found at one camera, filters found at another {_found_again(filters)} "
            "(docs/explanation/attributes.md)."
        )
    if number := unknown["attributes"]:
        told.append(f"{told_of(number, 'no recorded attributes')} excluded (reidsearch annotate).")
    return told


def _track_filters(filters: Filters) -> str:
    asked = {"regions": filters.regions, "lines": filters.crossings, "stays": filters.dwell_s}
    return ", ".join(name for name, value in asked.items() if value)


def _found_again(filters: Filters) -> str:
    """Return what was measured of the attributes that are filtered by."""
    told = []
    for name in filters.attributes.about():
        low, high = (round(100 * share) for share in FOUND_AGAIN[name])
        what = f"{name} colours" if name in PARTS else name
        told.append(f"{low} to {high} % ({what})" if low < high else f"{low} % ({what})")
    return ", ".join(told)


def _names(names: tuple[str, ...], word: str) -> str:
    return f" {word} ".join(visible(name) for name in names)
