"""Proving the event log of an archive: its chain, its decisions, its seals, their signatures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reidsearch.base.errors import DECODING_ERRORS
from reidsearch.domain.event_log import Event, LogEntry, LogFault, Seal, canonical
from reidsearch.domain.signatures import LogProof, SealProof, Signature
from reidsearch.store.crops.store import Store
from reidsearch.store.log_key import holds
from reidsearch.store.log_reading import log_faults, newest_number, unproven_entries
from reidsearch.store.seals import kept_seals, kept_signature, kept_stamp, seal_bytes
from reidsearch.store.timestamps import verify

if TYPE_CHECKING:
    from cryptography.x509 import Certificate


@dataclass(frozen=True, slots=True)
class GivenSeal:
    """A seal that was kept elsewhere, and its signature if that was kept too."""

    seal: Seal
    signature: Signature | None
    stamp: bytes | None


def prove(
    store: Store, further: Iterable[GivenSeal] = (), authorities: Sequence[Certificate] = ()
) -> LogProof:
    """Prove the log.

    Args:
        authorities: whose time stamps are trusted; none: that of nobody.

    Raises:
        ArchiveError: a seal or a signature in the archive's folder is damaged.
    """
    given = list(further)
    kept = [
        GivenSeal(one, kept_signature(store, one), kept_stamp(store, one))
        for one in kept_seals(store)
    ]
    with store.one_state():
        found = log_faults(store, [one.seal for one in (*kept, *given)])
        keys, signed = _named(store)
    proofs = []
    for place, one in enumerate((*kept, *given)):
        proof, fault = _proven(one, keys, signed, elsewhere=place >= len(kept))
        found += [fault] if fault else []
        if one.stamp is not None:
            try:
                stamped = verify(one.stamp, seal_bytes(one.seal), authorities)
                proof = replace(proof, stamped_at=stamped.at, authority=stamped.trusted)
            except ValueError as error:
                text = f"the time stamp of its seal does not hold: {error}"
                found.append(LogFault(one.seal.entries, text))
        proofs.append(proof)
    found.sort(key=lambda fault: fault.number)
    return LogProof(newest_number(store), proofs, found)


def _named(store: Store) -> tuple[dict[int, str], dict[int, str]]:
    """Return the fingerprints that entries `key` and `seal` name, by the number of the entry."""
    keys: dict[int, str] = {}
    signed: dict[int, str] = {}
    for entry in unproven_entries(store, []):
        if entry.event not in (Event.KEY, Event.SEAL):
            continue
        told = _fingerprint(entry)
        if told is not None:
            (keys if entry.event is Event.KEY else signed)[entry.number] = told
    return keys, signed


def _fingerprint(entry: LogEntry) -> str | None:
    try:
        told = (entry.said or {}).get("fingerprint")
    except DECODING_ERRORS:
        return None
    return told if isinstance(told, str) else None


def _proven(
    given: GivenSeal, keys: dict[int, str], signed: dict[int, str], *, elsewhere: bool
) -> tuple[SealProof, LogFault | None]:
    seal, signature = given.seal, given.signature
    if signature is None:
        gone = seal.entries in signed and not elsewhere
        text = "its seal was signed, and the signature is gone"
        return SealProof(seal), LogFault(seal.entries, text) if gone else None
    if not holds(signature, canonical(seal.document())):
        return SealProof(seal), LogFault(seal.entries, "the signature of its seal is wrong")
    in_force = [keys[number] for number in sorted(keys) if number <= seal.entries]
    named = in_force[-1:] == [signature.fingerprint]
    text = "its seal was signed with another key than the one that the log names"
    proof = SealProof(seal, signature.fingerprint, named)
    return proof, None if named else LogFault(seal.entries, text)
