"""The parts of a report that say what was decided and written, and by which versions."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from reidsearch.base.version import __version__
from reidsearch.domain.decisions import Decision, Member, Of
from reidsearch.domain.event_log import Event, LogEntry
from reidsearch.domain.review import Review, outcome
from reidsearch.output.casework.document import THE_JSON, Block, Facts, Section, Table, Text
from reidsearch.output.identities import decision_text
from reidsearch.output.reviews import outcome_lines
from reidsearch.output.times import local
from reidsearch.output.visible import count

if TYPE_CHECKING:
    from reidsearch.output.casework.making import Making

ROWS_AT_MOST = 500


def decisions(
    making: Making, members: Sequence[Member], made: Sequence[Decision] | None = None
) -> Section:
    """List decisions with who, when and why.

    Args:
        made: which; None: those that are about these members.
    """
    wanted = set(members)
    if made is None:
        made = [
            one
            for one in making.archive.identities.decisions()
            if any(change.member in wanted for change in one.changes)
        ]
    if not made:
        return Section("Decisions", (Text("Nothing was decided of what is shown here."),))
    names = making.archive.identities.names()
    rows = tuple(
        (
            str(one.decision_id),
            local(one.at.replace(microsecond=0)),
            one.who,
            decision_text(one, names) + (f" (undone by {one.undone_by})" if one.undone_by else ""),
            one.note or "none",
        )
        for one in made[-ROWS_AT_MOST:]
    )
    blocks: list[Block] = [
        Text("What is confirmed, rejected or named here was decided by the people listed."),
        Table(("No.", "When", "Decided by", "What", "Note"), rows, (1, 3.2, 2.2, 6, 4)),
    ]
    if len(made) > ROWS_AT_MOST:
        left = count(len(made) - ROWS_AT_MOST, "earlier decision")
        blocks.append(
            Text(f"{left} are left out here; the command identity list --decisions has them.")
        )
    return Section("Decisions", tuple(blocks))


def reviews(found: Sequence[Review]) -> Section:
    """Say what second examiners answered, and how reliable they were."""
    blocks: list[Block] = []
    for one in found:
        about = f"Review {one.review_id}, of the identity {one.identity}"
        if one.finished_at is None:
            blocks.append(Text(f"{about}, is not finished."))
            continue
        blocks.append(
            Text(
                f"{about}: {one.reviewer} looked at {count(len(one.asked), 'item')} without "
                f"knowing what {', '.join(one.first_examiners)} had decided, mixed with people "
                "known to be somebody else (fillers)."
            )
        )
        blocks += [Text(line.strip()) for line in outcome_lines(one, outcome(one.items))]
    none = Text("No second examiner looked at what was decided.", caution=True)
    return Section("Second examiner", tuple(blocks) or (none,))


def decided_in(entries: Sequence[LogEntry], made: Sequence[Decision]) -> list[Decision]:
    """Return the decisions that the event log holds of a case."""
    numbers = {
        (entry.said or {}).get("decision") for entry in entries if entry.event is Event.DECISION
    }
    return [one for one in made if one.decision_id in numbers]


def confirmed_by(made: Sequence[Decision]) -> list[Member]:
    """Return what these decisions put to an identity and did not take away again."""
    held: dict[Member, bool] = {}
    for one in made:
        if one.undone_by is None:
            for change in one.changes:
                if change.of is Of.MEMBER and change.member is not None:
                    held[change.member] = change.after is not None
    return [member for member, there in held.items() if there]


def exports(entries: Sequence[LogEntry]) -> Section:
    """List what was written of a case."""
    found = [one for one in entries if one.event is Event.EXPORT]
    if not found:
        return Section("Files that were written", (Text("None is on record."),))
    rows = tuple(map(_export, found[-ROWS_AT_MOST:]))
    columns = ("Entry", "When", "By", "File", "SHA-256")
    blocks: list[Block] = [Table(columns, rows, (1, 3, 2, 4, 5))]
    if len(found) > ROWS_AT_MOST:
        left = count(len(found) - ROWS_AT_MOST, "earlier file")
        blocks.append(Text(f"{left} are left out here; the event log has them."))
    return Section("Files that were written", tuple(blocks))


def _export(entry: LogEntry) -> tuple[str, ...]:
    said = entry.said or {"name": "erased", "sha256": "erased"}
    return (
        str(entry.number),
        local(entry.at.replace(microsecond=0)),
        entry.actor,
        str(said["name"]),
        str(said["sha256"] or "a folder"),
    )


def versions(making: Making) -> Section:
    """Say which program, model and runtime it was, and how far the event log goes."""
    archive = making.archive
    model = archive.model
    rows = [
        ("Program", f"reidsearch {__version__}"),
        ("Archive", f"{archive.location} ({archive.archive_id})"),
        ("Model", f"{model.name} {model.precision}" if model else "none"),
        *((("Digest of the model", model.digest),) if model else ()),
        *((("Preprocessing", model.preprocessing),) if model else ()),
        ("Calibration", archive.calibration.status()),
    ]
    if archive.log.kept:
        last = next(iter(archive.log.entries(last=1)), None)
        if last is not None:
            rows += [
                ("Event log", f"{last.number:,} entries when this report was made"),
                ("Its head", last.digest.hex()),
            ]
        seals = archive.log.seals()
        rows.append(
            (
                "Newest seal",
                f"entry {seals[-1].entries:,}, {local(seals[-1].at)}, {seals[-1].head}"
                if seals
                else "none",
            )
        )
    else:
        rows.append(("Event log", "the archive was made without one"))
    pictures = tuple((sha[:64],) for sha in making.pictures)
    blocks: list[Block] = [Facts(tuple(rows))]
    if pictures:
        whole = hashlib.sha256("\n".join(sha for (sha,) in pictures).encode()).hexdigest()
        blocks.append(
            Text(
                f"{count(len(pictures), 'picture')} in this report; their digests stand in "
                f"{THE_JSON}, and the SHA-256 of their list is {whole}."
            )
        )
    return Section("Versions, digests, event log", tuple(blocks))
