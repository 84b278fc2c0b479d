"""What the archive holds, what of it was seen, and what failed."""

from __future__ import annotations

from dataclasses import asdict

from reidsearch.domain.pictures import PicturesKept
from reidsearch.output.coverage import coverage_json
from reidsearch.output.reports_json import failures_json, summary_json
from reidsearch.web.call import Call
from reidsearch.web.declared import Document, Endpoint, Given, Nothing
from reidsearch.web.person import Role

OF_ALL_CAMERAS = (
    "persons_labelled",
    "crops_without_time",
    "crops_deleted",
    "small_detections",
    "runs",
    "unfinished_runs",
    "running_runs",
    "database_bytes",
    "index_bytes",
    "generation",
)
"""Numbers that tell of more than somebody limited to cameras may see, and are 0 for them."""


_NO_PICTURES = asdict(PicturesKept(None, None, False, 0, 0, 0, 0))


def summary(call: Call, _: Nothing) -> Document:
    """Return the archive in numbers; limited to cameras, in those of what may be seen."""
    told = summary_json(call.archive.show())
    if call.cameras is None:
        return told
    cameras = [one for one in told["cameras"] if one["camera"] in call.cameras]
    coverage = call.archive.footage.coverage()
    sources = [one for one in coverage if call.sight.camera(one.facts.camera)]
    crops = sum(one["crops"] for one in cameras)
    times = [one[end] for one in cameras for end in ("first_time", "last_time") if one[end]]
    return (
        told
        | dict.fromkeys(OF_ALL_CAMERAS, 0)
        | {
            "cameras": cameras,
            "crops": crops,
            "crops_in_index": crops,
            "sources": len(sources),
            "footage": len(sources),
            "tracklets": sum(one.counts.get("tracklets", 0) for one in sources),
            "first_time": min(times, default=None),
            "last_time": max(times, default=None),
            "failures": [],
            "not_searched": [],  # names files, of which nobody knows the camera
            "pending": [],
            "index_kind": "",  # it follows from the number of all crops
            "index_url": None,
            "pictures": _NO_PICTURES,
        }
    )


class CoverageAsked(Given, frozen=True):
    """Which cameras' coverage is asked for; none: all."""

    camera: tuple[str, ...] = ()


def coverage(call: Call, asked: CoverageAsked) -> Document:
    """Return the sources with how each stretch of them was analysed, and what was not supplied."""

    def shown(camera: str | None) -> bool:
        allowed = call.cameras is None or camera in call.cameras
        return allowed and (not asked.camera or camera in asked.camera)

    footage = call.archive.footage
    every = footage.coverage()
    return coverage_json(
        [one for one in every if shown(one.facts.camera)],
        [one for one in footage.not_supplied(every) if shown(one.camera)],
    )


def failures(call: Call, _: Nothing) -> Document:
    """Return what was offered and never became a crop: files, of which nobody knows the camera."""
    if call.sight.limited:
        return {**failures_json([]), "failures": []}
    told = failures_json(call.archive.failures())
    return {**told, "failures": list(told["failures"])}


ENDPOINTS = (
    Endpoint("GET", "/archive", summary, "What the archive holds.", document="summary-1"),
    Endpoint(
        "GET",
        "/coverage",
        coverage,
        "Which footage was analysed and how, and what is missing.",
        takes=CoverageAsked,
        document="coverage-1",
    ),
    Endpoint(
        "GET",
        "/failures",
        failures,
        "What was offered and never became a crop.",
        document="failures-1",
        role=Role.ANALYST,
    ),
)
