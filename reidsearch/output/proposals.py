"""Proposals, as text and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from reidsearch.base.timecode import iso
from reidsearch.domain.answer_json import named_json
from reidsearch.domain.decisions import Linking, Proposal, Seen, TooFast
from reidsearch.domain.presence_json import presence_json
from reidsearch.output.columns import Column, FittedTable
from reidsearch.output.identities import presence_table
from reidsearch.output.text import UNKNOWN
from reidsearch.output.times import local
from reidsearch.output.visible import count, visible

NEW = "a new identity"


def linking_view(linking: Linking) -> RenderableType:
    """All proposals, one a line, and how they were made."""
    told = linking_sentences(linking)
    lines = [Text(line, style="dim") for line in told]
    if not linking.proposals:
        return Group(Text("No proposals to be decided.", style="bold"), *lines)
    made = linking.proposals
    whom = [f"add to {visible(one.adds_to.name)}" if one.adds_to else NEW for one in made]
    means = [f"{sum(one.scores) / len(one.scores):.3f}" for one in made]
    columns = [
        Column("proposal", [str(one.proposal_id) for one in made], 0, right=True),
        Column("for", whom, 1, wrapped=True),
        Column("members", [str(len(one.members)) for one in made], 3, right=True),
        Column("score", means, 0, right=True),
        Column("adjusted", [f"{one.score:.3f}" for one in made], 2, right=True),
    ]
    if any(one.too_fast for one in made):
        transits = [_transits(one.too_fast) for one in made]
        columns.append(Column("transits", transits, 1, wrapped=True))
    rows = FittedTable(columns)
    return Group(rows, Text(), *lines)


def linking_sentences(linking: Linking) -> list[str]:
    """Return how proposals were made, and what of it is missing."""
    told = [
        f"Compared {count(linking.linked, 'tracklet or crop', 'tracklets or crops')} at "
        f"{local(linking.at.replace(microsecond=0))}, joined above an adjusted score of "
        f"{linking.join_above:g}; {visible(linking.model)}.",
        "Proposals are guesses. Look at them before you confirm: "
        "reidsearch identity proposals N; identity new IDENTITY --proposal N.",
    ]
    if linking.capped:
        told.append(
            f"{linking.capped:,} of them had more neighbours than could be followed up, so some "
            "joins may be missing. A higher --join-above helps."
        )
    if not linking.transits.minima:
        told.append("No minimum travel times given; transits were not checked.")
    return told


def _transits(pairs: Sequence[TooFast]) -> str:
    certain = sum(one.certain for one in pairs)
    if certain:
        return f"below the minimum: {count(certain, 'transit')}"
    return f"perhaps below the minimum: {count(len(pairs), 'transit')}" if pairs else UNKNOWN


def seen_view(seen: Seen) -> RenderableType:
    """One proposal: who is proposed, where and when."""
    one = seen.proposal
    whom = f"add to {visible(one.adds_to.text)}" if one.adds_to else NEW
    views: list[RenderableType] = [
        Text(f"Proposal {one.proposal_id}: {whom}", style="bold"),
        presence_table(seen.members, one.scores),
    ]
    if seen.held:
        views += [Text("Already confirmed:"), presence_table(seen.held)]
    views += [Text(too_fast_text(pair), style="yellow") for pair in one.too_fast]
    return Group(*views)


def too_fast_text(pair: TooFast) -> str:
    """What was observed of a transit, and what may be the reason: which it is nobody knows."""
    between = "at the same time" if pair.gap_s < 0 else f"{pair.gap_s:.1f} s apart"
    clocks = (
        "more than the stated uncertainty of the clocks explains"
        if pair.certain
        else "which the uncertainty of the clocks may explain"
    )
    return (
        f"{pair.first.text} and {pair.second.text} were seen {between}; the minimum travel time "
        f"given is {pair.minimum_s:g} s, {clocks}. Possible reasons: a wrong clock, a wrong "
        "confirmation or proposal, a wrong minimum travel time, or two people."
    )


def linking_json(linking: Linking) -> dict[str, Any]:
    """All proposals, and how they were made."""
    return {
        "schema": "reidsearch/proposals/1",
        "at": iso(linking.at),
        "join_above": linking.join_above,
        "transits": [
            {"from": a, "to": b, "seconds": seconds} for a, b, seconds in linking.transits.minima
        ],
        "linked": linking.linked,
        "capped": linking.capped,
        "model": linking.model,
        "proposals": [proposal_json(one) for one in linking.proposals],
    }


def linked_json(linking: Linking) -> dict[str, Any]:
    """How many proposals were made, and how; without the proposals."""
    told = linking_json(linking)
    return {**told, "schema": "reidsearch/linking/1", "proposals": len(linking.proposals)}


def proposal_json(one: Proposal) -> dict[str, Any]:
    """One proposal."""
    return {
        "proposal_id": one.proposal_id,
        "adds_to": named_json(one.adds_to) if one.adds_to else None,
        "adjusted_score": one.score,
        "members": [
            asdict(member) | {"score": score}
            for member, score in zip(one.members, one.scores, strict=True)
        ],
        "too_fast": [too_fast_json(pair) for pair in one.too_fast],
    }


def too_fast_json(pair: TooFast) -> dict[str, Any]:
    """Two sightings that lie too close in time."""
    return asdict(pair)


def seen_json(seen: Seen) -> dict[str, Any]:
    """One proposal with where and when."""
    return {
        "schema": "reidsearch/proposal/1",
        **proposal_json(seen.proposal),
        "members": [
            presence_json(one) | {"score": score}
            for one, score in zip(seen.members, seen.proposal.scores, strict=True)
        ],
        "confirmed": [presence_json(one) for one in seen.held],
    }
