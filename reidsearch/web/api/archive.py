"""What the archive holds, what of it was seen, and what failed."""

from __future__ import annotations

from reidsearch.output.coverage import coverage_json
from reidsearch.output.reports_json import failures_json, summary_json
from reidsearch.web.call import Call
from reidsearch.web.declared import Document, Endpoint, Given, Nothing
from reidsearch.web.person import Role


def summary(call: Call, _: Nothing) -> Document:
    """Return the archive in numbers."""
    told = summary_json(call.archive.show())
    if call.cameras is not None:
        told["cameras"] = [one for one in told["cameras"] if one["camera"] in call.cameras]
    return told


class CoverageAsked(Given, frozen=True):
    """Which cameras' coverage is asked for; none: all."""

    camera: tuple[str, ...] = ()


def coverage(call: Call, asked: CoverageAsked) -> Document:
    """Return the sources with how each stretch of them was analysed, and what was not supplied."""

    def shown(camera: str | None) -> bool:
        allowed = call.cameras is None or camera in call.cameras
        return allowed and (not asked.camera or camera in asked.camera)

    footage = call.archive.footage
    return coverage_json(
        [one for one in footage.coverage() if shown(one.facts.camera)],
        [one for one in footage.not_supplied() if shown(one.camera)],
    )


def failures(call: Call, _: Nothing) -> Document:
    """Return what was offered and never became a crop."""
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
