"""A replay, for people and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from reidsearch.base.timecode import iso
from reidsearch.domain.event_log import Event
from reidsearch.domain.replay import (
    TOLERANCE,
    AsIt,
    Difference,
    DifferenceKind,
    Evidence,
    Outcome,
    Replay,
)
from reidsearch.output.times import clock
from reidsearch.output.visible import count, visible

SHOWN = 50
"""Differences in the text; JSON has all."""
NAMED = {Event.SEARCH: ("match", "matches"), Event.INTERSECTION: ("chain", "chains")}
"""What answers are made of, one and several."""


def replay_json(told: Replay) -> dict[str, Any]:
    """Return a replay as `output/schemas/replay-1.json` describes it."""
    compared = told.compared
    return {
        "schema": "reidsearch/replay/1",
        "of": told.of.value,
        "as_it": told.as_it.value,
        "identical": told.identical,
        "outcome": compared.outcome.value,
        "why_not": told.why_not or None,
        "query": told.query,
        "asked_at": iso(told.asked_at),
        "replayed_at": iso(told.replayed_at),
        "record": {**asdict(told.evidence), "holds": told.evidence.holds},
        "matches_was": told.matches_was,
        "matches_now": told.matches_now,
        "same_query_embedding": told.same_query,
        "scores": {
            "exact": compared.exact,
            "largest_difference": compared.largest,
            "tolerance": TOLERANCE,
        },
        "differences": [_difference_json(one) for one in compared.differences],
        "changes": [asdict(one) for one in told.changes],
        "not_rebuilt": list(told.not_rebuilt),
        "logged": told.logged,
    }


def _difference_json(one: Difference) -> dict[str, Any]:
    told = asdict(one)
    return {"how": told.pop("kind"), **told}


def replay_text(told: Replay) -> str:
    """Return a replay in lines."""
    return "\n".join(_lines(told))


def _lines(told: Replay) -> Iterator[str]:
    asked = clock(told.asked_at.replace(microsecond=0))
    yield f"asked      {asked}: {visible(told.query)}"
    yield from _record(told.evidence)
    searched = "as it was by then" if told.as_it is AsIt.WAS else "as it is now"
    yield f"archive    {searched}"
    yield f"outcome    {_outcome(told)}"
    differences = told.compared.differences
    if differences:
        yield ""
    for one in differences[:SHOWN]:
        yield f"  {_difference(one)}"
    if len(differences) > SHOWN:
        yield f"  ... and {len(differences) - SHOWN:,} more (JSON has all)"
    if told.changes:
        yield ""
        yield "changed since the answer, with or without an effect on it:"
        yield from (f"  {one.cause.value}: {visible(one.what)}" for one in told.changes)
    if told.not_rebuilt:
        yield ""
        yield "could not be had as it was:"
        yield from (f"  {visible(one)}" for one in told.not_rebuilt)


def _record(evidence: Evidence) -> Iterator[str]:
    if evidence.entry is None:
        yield "record     no entry of the log: nothing proves that the file is what was answered"
        return
    if evidence.faults:
        yield f"record     entry {evidence.entry} of the log does not hold:"
        yield from (f"             {one}" for one in evidence.faults)
    else:
        yield f"record     entry {evidence.entry} of the log holds, with its links to both sides"
    if evidence.file is False:
        yield "file       is not what was answered; replayed is what the log holds:"
        yield from (f"             {visible(one)}" for one in evidence.file_differs)
    elif evidence.file:
        yield "file       is what was answered"


def _outcome(told: Replay) -> str:
    compared = told.compared
    if compared.outcome is Outcome.NOT_REPEATED:
        return f"cannot be repeated: {visible(told.why_not)}"
    if compared.outcome is Outcome.DIFFERENT:
        found = count(len(compared.differences), "difference")
        return f"different: {found}; largest difference of a score {compared.largest:.2g}"
    plain, several = NAMED[told.of]
    matches = count(told.matches_was, plain, several)
    if compared.exact:
        return f"identical: {matches}, all scores equal to the last bit"
    return f"identical: {matches}, scores within {compared.largest:.1g} (tolerance {TOLERANCE:g})"


def _difference(one: Difference) -> str:
    causes = ", ".join(cause.value for cause in one.causes)
    was, now = (
        "none" if rank is None or score is None else f"rank {rank}, score {score:.6f}"
        for rank, score in ((one.rank_was, one.score_was), (one.rank_now, one.score_now))
    )
    what = "match" if one.crop_id is not None else "chain"
    if one.kind is DifferenceKind.MISSING:
        told = f"is no {what} any more (was {was})"
    elif one.kind is DifferenceKind.ADDED:
        told = f"is a {what} now ({now})"
    elif one.kind is DifferenceKind.SPACE_TIME:
        ratios = (one.score_was, one.score_now)
        says = ["nothing" if ratio is None else f"{ratio:+.3f}" for ratio in ratios]
        told = f"place and time said {says[0]}, and say {says[1]}"
    else:
        told = f"has another {one.kind.value}: was {was}; is {now}"
    crops = "-".join(map(str, one.crop_ids))
    who = f"crop {crops}" if one.crop_id is not None else f"chain of crops {crops}"
    return f"{who} {told}: {causes}"
