"""Decisions and identities, as text and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from reidsearch.base.timecode import from_us, iso
from reidsearch.domain.answer_json import named_json
from reidsearch.domain.decisions import (
    PHOTO,
    Change,
    Decision,
    Identity,
    Mark,
    Of,
    Presence,
    Story,
)
from reidsearch.domain.presence_json import presence_json
from reidsearch.domain.two_places import TwoPlaces, two_places
from reidsearch.output.columns import Column, FittedTable
from reidsearch.output.photos import photo_json, photos_view
from reidsearch.output.text import UNKNOWN, known
from reidsearch.output.times import clock, zone_name
from reidsearch.output.visible import count, duration, visible

Cell = Callable[[Presence], str]
SHOWN_AT_MOST = 3  # crop ids in a cell
Names = Mapping[int, str]
"""The names of identities by id; those that were undone have none."""


def decided(decision: Decision | None, names: Names) -> str:
    """Return what was decided in a sentence; None: nothing changed."""
    if decision is None:
        return "No change: already recorded."
    return f"Decision {decision.decision_id}: {decision_text(decision, names)}."


def decision_document(decision: Decision | None) -> dict[str, Any]:
    """Return what was decided as a document; `decision` is null when nothing changed."""
    return {
        "schema": "reidsearch/decision/1",
        "decision": None if decision is None else decision_json(decision),
    }


def decision_text(decision: Decision, names: Names) -> str:
    """What a decision changed, in words; without a full stop."""
    parts = [_of_identity(change, names) for change in decision.changes if not change.member]
    moved: dict[str, list[str]] = {}
    for change in decision.changes:
        if change.member is not None:
            named = change.member.named_by(change.crops)
            moved.setdefault(_of_member(change, names), []).append(named)
    parts += [f"{', '.join(members)}: {what}" for what, members in moved.items()]
    told = f"undid decision {decision.undoes}: " if decision.undoes is not None else ""
    return told + "; ".join(parts) + (" (conflicts ignored)" if decision.forced else "")


def _of_identity(change: Change, names: Names) -> str:
    number = change.identity_id or 0
    if change.of is Of.MERGED:
        if change.after is None:
            return f"{_name(number, names)} is separate again"
        return f"{_name(number, names)} was merged into {_name(change.after, names)}"
    before, after = (visible(str(one)) for one in (change.before, change.after))
    if change.before is None:
        return f"new identity {after} ({number})"
    return (
        f"identity {before} ({number}) removed"
        if change.after is None
        else f"{before} is now {after}"
    )


def _of_member(change: Change, names: Names) -> str:
    if change.of is Of.SPLIT:
        whole = change.after if change.after is not None else change.before
        return f"{'split from' if change.after is not None else 'again a part of'} tracklet {whole}"
    if change.of is Of.JOINED:
        if change.after is not None:
            return f"joined to tracklet {change.after}"
        return f"separate again from tracklet {change.before}"
    if change.of is Of.REJECTED:
        name = _name(change.identity_id, names)
        return f"rejected for {name}" if change.after else f"no longer rejected for {name}"
    if change.of is Of.UNSURE:
        name = _name(change.identity_id, names)
        return f"nobody can tell if {name}" if change.after else f"told for {name}"
    before, after = _name(change.before, names), _name(change.after, names)
    if change.member is not None and change.member.kind == PHOTO:
        return _of_photo(change, before, after)
    if change.before is None:
        return f"confirmed as {after}"
    return f"no longer {before}" if change.after is None else f"{after}, no longer {before}"


def _of_photo(change: Change, before: str, after: str) -> str:
    if change.before is None:
        return f"reference photograph of {after}"
    removed = f"no longer a reference photograph of {before}"
    return removed if change.after is None else f"reference photograph of {after}, not {before}"


def _name(value: object, names: Names) -> str:
    if not isinstance(value, int):
        return "nobody"
    return f"{visible(names[value])} ({value})" if value in names else f"identity {value}"


def list_view(identities: Sequence[Identity]) -> RenderableType:
    """All identities, one a line."""
    if not identities:
        return Text("No identities yet: reidsearch identity new IDENTITY CROP...")
    names = {one.identity_id: one.name for one in identities}
    columns = [
        Column("identity", [str(one.identity_id) for one in identities], 0, right=True),
        Column("name", [visible(one.name) for one in identities], 0, wrapped=True),
        Column("members", [str(len(one.members)) for one in identities], 1, right=True),
        Column("rejected", [str(len(one.rejected)) for one in identities], 3, right=True),
    ]
    if any(one.photos for one in identities):
        photos = [str(len(one.photos)) for one in identities]
        columns.append(Column("photographs", photos, 2, right=True))
    if any(one.merged_into for one in identities):
        merged = [
            _name(one.merged_into, names) if one.merged_into else UNKNOWN for one in identities
        ]
        columns.append(Column("merged into", merged, 2, wrapped=True))
    return FittedTable(columns)


def log_view(decisions: Sequence[Decision], names: Names) -> RenderableType:
    """The log of decisions, oldest first."""
    if not decisions:
        return Text("No decisions yet.")
    at = [clock(one.at.replace(microsecond=0)) for one in decisions]
    return FittedTable(
        [
            Column("decision", [str(one.decision_id) for one in decisions], 0, right=True),
            Column(f"at ({zone_name()})", at, 0),
            Column("who", [visible(one.who) for one in decisions], 2),
            Column("what", [one.what for one in decisions], 3),
            Column("changed", [_changed(one, names) for one in decisions], 0, wrapped=True),
            Column("note", [visible(one.note) for one in decisions], 1, wrapped=True),
        ]
    )


def _changed(one: Decision, names: Names) -> str:
    undone = f" [undone by {one.undone_by}]" if one.undone_by is not None else ""
    return decision_text(one, names) + undone


def story_view(story: Story, names: Names) -> RenderableType:
    """One identity: who belongs to it, what was rejected for it, and how that came about."""
    one = story.identity
    merged = f", merged into {_name(one.merged_into, names)}" if one.merged_into else ""
    views: list[RenderableType] = [
        Text(f"{visible(one.name)} (identity {one.identity_id}){merged}", style="bold"),
        Text(f"{count(len(story.members), 'confirmed member')}:"),
        presence_table(story.members),
    ]
    if story.photos:
        views += [Text("Reference photographs:"), photos_view(story.photos)]
    if story.rejected:
        views += [Text("Rejected:"), presence_table(story.rejected)]
    if story.deleted:
        views.append(
            Text(
                f"{count(story.deleted, 'decision')} in force: the crops are no longer in the "
                "archive.",
                style="yellow",
            )
        )
    views += [Text(two_places_text(one), style="yellow") for one in two_places(story.members)]
    return Group(*views, Text("Decisions:"), log_view(story.decisions, names))


def two_places_text(one: TwoPlaces) -> str:
    """Return what it means that somebody was seen by two cameras at one time."""
    clocks = "" if one.certain else ", if the clocks are right"
    return (
        f"Two cameras saw {one.first.text} and {one.second.text} at one time, for "
        f"{duration(one.overlap_s)}{clocks}. Possible reasons: cameras that show one place, a "
        "wrong clock, a wrong confirmation, or two people."
    )


def presence_table(presences: Sequence[Presence], scores: Sequence[float] = ()) -> RenderableType:
    """Where and when each was seen, perhaps with a score."""

    def column(title: str, rank: int, cell: Cell, *, right: bool = False) -> Column:
        return Column(title, [cell(one) for one in presences], rank, right=right)

    columns = [column("member", 1, lambda one: one.member.text)]
    if scores:
        columns.append(Column("score", [f"{score:.3f}" for score in scores], 0, right=True))
    columns += [
        column("camera", 0, lambda one: known(one.camera)),
        column(f"first ({zone_name()})", 0, lambda one: time_of(one.first_us)),
        column("last", 2, lambda one: time_of(one.last_us)),
        column("best shots", 4, lambda one: str(len(one.crop_ids)), right=True),
        column("crop", 0, crops_shown, right=True),
    ]
    places = [visible(one.location) for one in presences]
    return FittedTable([*columns, Column("location", places, 3, shortened=True)])


def time_of(at_us: int | None) -> str:
    """Return when it was, without the zone; a dash where that is not known."""
    return UNKNOWN if at_us is None else clock(from_us(at_us))


def crops_shown(one: Presence) -> str:
    """Return the crops by which it was named, else its best view; a dash where there is none."""
    shown = one.named_by or one.crop_ids[:1]
    more = f" +{len(shown) - SHOWN_AT_MOST}" if len(shown) > SHOWN_AT_MOST else ""
    return ", ".join(map(str, shown[:SHOWN_AT_MOST])) + more if shown else UNKNOWN


def decision_json(decision: Decision) -> dict[str, Any]:
    """One decision with all its changes, before and after."""
    return {
        "decision_id": decision.decision_id,
        "at": iso(decision.at),
        "who": decision.who,
        "what": decision.what,
        "note": decision.note,
        "forced": decision.forced,
        "undoes": decision.undoes,
        "undone_by": decision.undone_by,
        "changes": [asdict(change) | {"of": change.of.value} for change in decision.changes],
    }


def marks_json(marks: Mapping[int, Mark], decisions: int) -> dict[str, Any]:
    """What was decided of crops, each for what it is a view of.

    Args:
        decisions: number of the last decision; 0: none.
    """
    return {
        "schema": "reidsearch/marks/1",
        "last_decision": decisions,
        "marks": [
            {
                "crop_id": crop_id,
                "identity": named_json(mark.identity) if mark.identity else None,
                "rejected_for": [named_json(one) for one in mark.rejected_for],
                "unsure_for": [named_json(one) for one in mark.unsure_for],
            }
            for crop_id, mark in marks.items()
        ],
    }


def log_json(decisions: Sequence[Decision]) -> dict[str, Any]:
    """The log of decisions."""
    return {
        "schema": "reidsearch/decisions/1",
        "decisions": [decision_json(one) for one in decisions],
    }


def list_json(identities: Sequence[Identity]) -> dict[str, Any]:
    """All identities."""
    return {
        "schema": "reidsearch/identities/1",
        "identities": [
            named_json(one.named)
            | {
                "members": [asdict(member) for member in one.members],
                "rejected": [asdict(member) for member in one.rejected],
                "photos": list(one.photos),
                "merged_into": one.merged_into,
            }
            for one in identities
        ],
    }


def story_json(story: Story) -> dict[str, Any]:
    """One identity with its whole story."""
    return {
        "schema": "reidsearch/identity/1",
        **named_json(story.identity.named),
        "merged_into": story.identity.merged_into,
        "members": [presence_json(one) for one in story.members],
        "rejected": [presence_json(one) for one in story.rejected],
        "photos": [photo_json(one) for one in story.photos],
        "deleted": story.deleted,
        "decisions": [decision_json(one) for one in story.decisions],
        "two_places": [asdict(one) for one in two_places(story.members)],
    }
