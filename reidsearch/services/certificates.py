"""Erasure certificates, compared with the archive that they are of."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from reidsearch.base.errors import DECODING_ERRORS
from reidsearch.base.locations import location_text
from reidsearch.base.reading import parse_json, read_given
from reidsearch.domain.certificates import SCHEMA, CertificateProof, content_of
from reidsearch.domain.event_log import Event, LogEntry, canonical
from reidsearch.domain.signatures import Signature, read_signature
from reidsearch.store import log_reading
from reidsearch.store.crops.store import Store
from reidsearch.store.log_key import holds
from reidsearch.store.nodes import node_files

LARGEST = 1 << 26
JSON = re.compile(rb"\s*\{")


def prove_certificate(store: Store, path: Path) -> CertificateProof:
    """Compare a certificate with the log: who signed it, and whether it is what was written.

    A file that is no JSON (a PDF, a page) is compared by its SHA-256 alone.

    Raises:
        InputError: it cannot be read.
    """
    kinds = [Event.EXPORT, Event.DELETE, Event.KEY, Event.SEAL]
    entries = {one.number: one for one in log_reading.entries(store, events=kinds)}
    name = location_text(str(path))
    data = read_given(path, LARGEST)
    proof = proof_of(name, data, str(store.row.uuid), entries)
    if proof.entry is None:
        return proof
    # Certificates of before there were nodes are of folders.
    erasures = parse_json(data).get("erasures", 0)
    behind = [one.node for one in node_files(store, erasures) if not one.caught_up]
    return replace(proof, behind=tuple(behind))


def proof_of(
    name: str, data: bytes, archive_id: str, entries: Mapping[int, LogEntry]
) -> CertificateProof:
    """Compare the bytes of a certificate with the entries of a log: its deletions, keys, seals."""
    written = _written(entries, hashlib.sha256(data).hexdigest())
    faults: list[str] = []
    entry, signature = None, None
    if JSON.match(data):
        try:
            document = _read(data)
            signature = _signature(document)
            faults = [
                *_of_archive(archive_id, document, entries),
                *_of_signature(document, signature, entries),
            ]
            entry = (document["log"] or {}).get("entry")
        except _NotOne as error:
            faults = [f"it is no erasure certificate: {error}"]
        except DECODING_ERRORS:
            faults = ["it is no erasure certificate: its members are not what those of one are"]
    if written is None and signature is None and not faults:
        faults = ["the event log has no entry which says that these bytes were written"]
    if faults:  # what it tells is not to be believed
        return CertificateProof(name, None, None, written, tuple(faults))
    signer = signature.fingerprint if signature else None
    return CertificateProof(name, entry, signer, written, ())


class _NotOne(ValueError):
    """A file is no certificate, for a reason that can be told."""


def _read(data: bytes) -> dict[str, Any]:
    """Return the JSON of a certificate; a name that stands twice could be read in two ways.

    Raises:
        _NotOne: it is none.
    """

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise _NotOne("a name stands twice")
        return found

    try:
        parse_json(data)  # which refuses what is no number, and what is too deep
        found = json.loads(data.decode("utf-8"), object_pairs_hook=once)
    except ValueError as error:
        raise _NotOne(str(error).partition("; use sys.")[0]) from error
    if found.get("schema") != SCHEMA:
        raise _NotOne("it is of another format")
    return dict(found)


def _signature(document: Mapping[str, Any]) -> Signature | None:
    told = document["signature"]
    if told is None:
        return None
    found = read_signature(canonical(told))
    if canonical(found.document()) != canonical(told):
        raise _NotOne("its signature holds something else")
    return found


def _of_archive(
    archive_id: str, document: Mapping[str, Any], entries: Mapping[int, LogEntry]
) -> list[str]:
    """Compare what a certificate names with the archive and its log."""
    if document["archive_id"] != archive_id:
        return [f"it is of another archive ({document['archive_id']})"]
    faults = []
    for told, number, digest in (("log", "entry", "digest"), ("seal", "entries", "head")):
        named = document[told]
        if named is None:
            continue
        entry = entries.get(named[number])
        if entry is None or entry.digest.hex() != named[digest]:
            faults.append(f"entry {named[number]} of the event log is another one than it names")
    return faults


def _of_signature(
    document: Mapping[str, Any], signature: Signature | None, entries: Mapping[int, LogEntry]
) -> list[str]:
    if signature is None:
        return [] if document["unsigned"] else ["its signature is gone"]
    if not holds(signature, content_of(document)):
        return ["its signature is wrong: it was changed"]
    last = (document["seal"] or {}).get("entries", 0)
    keys = [one for one in entries.values() if one.event is Event.KEY and one.number <= last]
    named = (keys[-1].said or {}).get("public_key") if keys else None
    if named != signature.public_key.hex():
        return ["it is signed with another key than the one that the log names"]
    return []


def _written(entries: Mapping[int, LogEntry], sha256: str) -> int | None:
    """Return the newest entry which says that a file with this digest was written."""
    found = None
    for entry in entries.values():
        if entry.event is Event.EXPORT and entry.detail is not None:
            try:
                told = (entry.said or {}).get("sha256")
            except DECODING_ERRORS:
                continue
            found = entry.number if told == sha256 else found
    return found
