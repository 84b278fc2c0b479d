"""The event log, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from reidsearch.base.errors import DECODING_ERRORS
from reidsearch.base.timecode import iso
from reidsearch.domain.certificates import CertificateProof
from reidsearch.domain.event_log import Event, LogEntry, Seal
from reidsearch.domain.signatures import ALGORITHM, LogProof, SealProof, Signature, fingerprint
from reidsearch.output.certificate import proofs_json
from reidsearch.output.columns import Column, FittedTable
from reidsearch.output.times import clock, zone_name
from reidsearch.output.visible import count, visible

ERASED = "(erased)"
CHANGED = "(not as it was written: verify the log)"
NAMED = 3  # pictures of a search, at most


def entries_view(entries: Sequence[LogEntry]) -> RenderableType:
    """Entries, one a line, oldest first."""
    if not entries:
        return Text("No entries.")
    at = [clock(one.at.replace(microsecond=0)) for one in entries]
    return FittedTable(
        [
            Column("entry", [str(one.number) for one in entries], 0, right=True),
            Column(f"time ({zone_name()})", at, 1),
            Column("event", [one.event.value for one in entries], 0),
            Column("actor", [visible(one.actor) for one in entries], 0, wrapped=True),
            Column("case", [visible(one.case or "-") for one in entries], 3, wrapped=True),
            Column("what", [visible(summary(one)) for one in entries], 2, wrapped=True),
        ]
    )


def entries_json(archive_id: str, entries: Iterable[LogEntry]) -> dict[str, Any]:
    """Entries, each with what the chain is of, its digest, and its detail with the salt."""
    return {
        "schema": "reidsearch/event-log/1",
        "archive_id": archive_id,
        "entries": (entry_json(one) for one in entries),
    }


def entry_json(entry: LogEntry) -> dict[str, Any]:
    """One entry; the members of `document` are what its digest is of."""
    return {
        **entry.document(),
        "digest": entry.digest.hex(),
        "salt": entry.salt.hex() if entry.salt is not None else None,
        "detail": entry.detail,
    }


def summary(entry: LogEntry) -> str:
    """Return what an entry says, in one line."""
    try:
        told = entry.said
        return ERASED if told is None else _summary(entry, told)
    except DECODING_ERRORS:
        return CHANGED


def _summary(entry: LogEntry, told: dict[str, Any]) -> str:
    if entry.event is Event.SEARCH:
        return _search(told)
    if entry.event is Event.DECISION:
        note = f": {told['note']}" if told["note"] else ""
        return f"decision {told['decision']}, {told['what']}{note}"
    if entry.event is Event.CASE:
        return f"{told['change']}: {told['note']}" if told["note"] else str(told["change"])
    if entry.event is Event.EXPORT:
        return f"{told['name']} ({told['by']})"
    if entry.event is Event.INDEX_END:
        ended = "finished" if told["finished"] else "interrupted"
        counts = told["counts"]
        crops = counts.get("indexed", 0) + counts.get("footage_best_shots", 0)
        return f"run {told['run']} {ended}, {count(crops, 'new crop')}"
    if entry.event is Event.SEARCH_END:
        ended = "all" if told["all"] else "stopped"
        return (
            f"search {told['search']}: {count(len(told['matches']), 'match', 'matches')}, {ended}"
        )
    return ", ".join(_plain(told))


def _search(told: dict[str, Any]) -> str:
    statement = told["statement"]
    files = [one["name"].rpartition("/")[2] for one in statement["query_pictures"]][:NAMED]
    named = f" ({', '.join(files)})" if files else ""
    crops = count(statement["crops_searched"], "crop")
    searched = f"{statement['query']}{named}; {crops} searched"
    if "matches" not in told:
        return searched
    return f"{searched}, {count(len(told['matches']), 'match', 'matches')}"


def _plain(told: dict[str, Any]) -> Iterator[str]:
    """Yield the members that are numbers or texts."""
    for name, value in told.items():
        if isinstance(value, str | int | float):
            yield f"{name.replace('_', ' ')} {value}"


def seal_text(seal: Seal, signature: Signature | None) -> str:
    """A seal, to print or to send."""
    entries = count(seal.entries, "entry", "entries")
    signed = f"Signed by {signature.fingerprint}." if signature else "Not signed: there is no key."
    return (
        f"Sealed at {iso(seal.at)}: archive {seal.archive_id}, {entries}, head\n"
        f"  {seal.head}\n{signed}\n"
        "Keep a copy elsewhere: it shows what is cut off from the log later."
    )


def seal_json(seal: Seal, signature: Signature | None) -> dict[str, Any]:
    """A seal; without `schema` and `signature` it is the document that is kept."""
    signed = signature.document() if signature else None
    return {"schema": "reidsearch/log-seal/1", **seal.document(), "signature": signed}


def key_text(path: Path, public_key: bytes) -> str:
    """A key, to print or to send."""
    return (
        f"Key {visible(str(path))}\nFingerprint (SHA-256) {fingerprint(public_key)}\n"
        f"Public key (Ed25519) {public_key.hex()}\n"
        "Give the fingerprint to those who shall verify seals, by another way than the archive."
    )


def key_json(path: Path, public_key: bytes) -> dict[str, Any]:
    """A key: its public half, and where the file lies."""
    return {
        "schema": "reidsearch/log-key/1",
        "file": str(path),
        "algorithm": ALGORITHM,
        "public_key": public_key.hex(),
        "fingerprint": fingerprint(public_key),
    }


def proof_text(proof: LogProof) -> str:
    """Whether the log holds, and by whom its seals are signed."""
    if proof.faults:
        told = "\n".join(f"  entry {one.number}: {one.what}" for one in proof.faults)
        first = f"The event log does not hold:\n{told}"
    else:
        by = count(len(proof.seals), "seal")
        end = "" if proof.seals else " Without a seal nobody can tell whether its end was cut off."
        entries = count(proof.entries, "entry", "entries")
        first = f"The event log holds: {entries}, compared with {by}.{end}"
    return "\n".join([first, *_signers(proof.seals)])


def _signers(seals: Sequence[SealProof]) -> Iterator[str]:
    """Yield a line for each key that signed seals, and one for those that are not signed."""
    by: dict[str | None, list[int]] = {}
    for one in seals:
        by.setdefault(one.signed_by, []).append(one.seal.entries)
    if by.keys() - {None}:
        for name, numbers in by.items():
            told = ", ".join(map(str, numbers))
            who = f"Signed by {name}" if name else "Not signed"
            yield f"{who}: {'seal' if len(numbers) == 1 else 'seals'} {told}."
    for one in seals:
        if one.stamped_at:
            whose = "an authority given" if one.authority else "somebody: no --tsa-ca was given"
            yield f"Seal {one.seal.entries} stamped {iso(one.stamped_at)} by {whose}."
        if one.in_future:
            yield f"Seal {one.seal.entries} is dated in the future: {iso(one.seal.at)}."


def proof_json(proof: LogProof, certified: Sequence[CertificateProof] = ()) -> dict[str, Any]:
    """Whether the log holds, where it does not, by whom its seals are signed, and certificates."""
    return {
        "schema": "reidsearch/log-proof/1",
        "holds": not proof.faults,
        "entries": proof.entries,
        "seals": len(proof.seals),
        "sealed": [
            {
                "entries": one.seal.entries,
                "at": iso(one.seal.at),
                "in_future": one.in_future,
                "signed_by": one.signed_by,
                "named": one.named,
                "stamped_at": iso(one.stamped_at) if one.stamped_at else None,
                "authority_verified": one.authority,
            }
            for one in proof.seals
        ],
        "faults": [{"entry": one.number, "what": one.what} for one in proof.faults],
        "certificates": proofs_json(certified),
    }
