"""Who belongs to which identity is what the decisions say, no more and no less.

So is which tracklets were cut and joined by hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import Connection, select

from reidsearch.base.errors import ArchiveError
from reidsearch.domain.decisions import PHOTO, Member, Of
from reidsearch.domain.reports import Finding
from reidsearch.store import tables
from reidsearch.store.chunks import CHUNK
from reidsearch.store.crops.store import Store
from reidsearch.store.identities.ledger import Ledger
from reidsearch.store.identities.photo_check import check_photos
from reidsearch.store.identities.store import identities, log, rebuild
from reidsearch.store.tables.footage import tracklet, tracklet_edit
from reidsearch.store.tables.photos import reference_photo


def check(connection: Connection) -> Iterator[Finding]:
    """Replay the log and compare; what was deleted since belongs to nobody."""
    yield from check_photos(connection)
    try:
        decisions = log(connection)
        ledger = Ledger.replay(decisions)
    except ArchiveError as error:
        yield Finding("decisions", error.message, repairable=False)
        return
    numbers = [one.decision_id for one in decisions]
    if numbers != list(range(1, len(numbers) + 1)):
        lacking = sorted(set(range(1, max(numbers) + 1)) - set(numbers))
        text = f"decisions are missing from the log: {', '.join(map(str, lacking[:20]))}"
        yield Finding("decisions", text, repairable=False)
    held = identities(connection)
    merged = ledger.merged()
    names = {one.identity_id: (one.name, one.merged_into) for one in held}
    wanted = {number: (name, merged.get(number)) for number, name in ledger.names().items()}
    if names != wanted:
        yield Finding("identity", "identities differ from what was decided", repairable=True)
    members = {(one.identity_id, member) for one in held for member in one.members}
    members |= {(one.identity_id, Member(PHOTO, number)) for one in held for number in one.photos}
    rejections = {(one.identity_id, member) for one in held for member in one.rejected}
    decided = {(identity_id, member) for member, identity_id in ledger.members().items()}
    for found, all_decided, text in (
        (members, decided, "who belongs to identities"),
        (rejections, ledger.rejections(), "what was rejected for identities"),
    ):
        there = _held(connection, {member for _, member in all_decided})
        expected = {(number, member) for number, member in all_decided if member in there}
        if found != expected:
            odd = sorted({member.text for _, member in found ^ expected})
            yield Finding(
                "identity",
                f"{text} differs from what was decided: {', '.join(odd[:20])}",
                repairable=True,
            )
    yield from _edits(connection, ledger)


def _edits(connection: Connection, ledger: Ledger) -> Iterator[Finding]:
    """Cuts and joins in force are recorded, but for cuts of sources that are gone."""
    rows = connection.execute(select(tracklet_edit)).all()
    found = {(row.tracklet_id, row.kind, row.other_id) for row in rows}
    wanted = {(number, of.value, other) for number, of, other in ledger.edits()}
    joined = {number for number, kind, _ in wanted if kind == Of.JOINED.value}
    odd = found - wanted
    odd |= {one for one in wanted - found if one[1] == Of.JOINED.value}
    there = _held(connection, (Member("tracklet", number) for number in joined))
    numbers = {number for number, _, _ in odd} | {member.number for member in there}
    if numbers:
        told = ", ".join(map(str, sorted(numbers)[:20]))
        yield Finding(
            "decisions",
            f"tracklets are not split or joined as was decided: {told}",
            repairable=False,
        )


def mend(store: Store) -> None:
    """Bring the tables of what is in force back to the log."""
    with store.write() as connection:
        rebuild(connection)


def _held(connection: Connection, members: Iterable[Member]) -> set[Member]:
    """Those that the archive still holds."""
    found: set[Member] = set()
    ids = {"tracklet": tracklet.c.id, "crop": tables.crop.c.id, PHOTO: reference_photo.c.id}
    for kind, column in ids.items():
        numbers = sorted(member.number for member in set(members) if member.kind == kind)
        for start in range(0, len(numbers), CHUNK):
            part = numbers[start : start + CHUNK]
            rows = connection.scalars(select(column).where(column.in_(part)))
            found |= {Member(kind, number) for number in rows}
    return found
