"""What an erasure certificate says."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from reidsearch.base.timecode import iso
from reidsearch.domain.event_log import Seal, canonical
from reidsearch.domain.holds import HeldBack
from reidsearch.domain.signatures import Signature

SCHEMA = "reidsearch/erasure-certificate/1"


@dataclass(frozen=True, slots=True)
class ByteSearch:
    """A search of files for bytes of what was erased.

    Args:
        pieces: what bytes were looked for, and of how many such pieces.
        patterns: how many sequences of bytes.
        values: of a server's tables, how many were looked through too; None: the tables are in
            one of the files.
        found: in which files, or columns of tables, how many of them were found.
        unread: files that could not be read.
    """

    pieces: Mapping[str, int]
    patterns: int
    files: int
    size_bytes: int
    values: int | None = None
    found: Mapping[str, int] = field(default_factory=dict)
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DerivedFile:
    """A file that is made of what the archive holds, after the erasure.

    Args:
        crops: how many it is of.
        erased: how many of the erased ones are among them.
    """

    kind: str
    name: str
    crops: int
    erased: int


@dataclass(frozen=True, slots=True)
class NodeFiles:
    """The files that one machine derives from an archive in a database of a server.

    Args:
        node: the name that they go by.
        own: they are those of the machine that asks.
        built_at: when its index was written; None: it has none.
        caught_up: they hold nothing of what was erased.
    """

    node: str
    own: bool
    files: tuple[str, ...]
    built_at: dt.datetime | None
    caught_up: bool


@dataclass(frozen=True, slots=True)
class ServerKeeps:
    """Where a server may keep what was erased from its tables, out of this program's reach.

    Args:
        version: of the server.
        wal_archive: whether it archives its write-ahead log: `off`, `on`, `always`; None: it does
            not tell.
        replicas: servers, or backups just being made, that receive that log.
        slots: names for receivers for whom the log is kept, whether they are there or not.
    """

    version: str
    wal_archive: str | None
    replicas: tuple[str, ...]
    slots: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Remains:
    """Where what was erased was looked for, and what was found of it.

    Args:
        rows: of each table that has rows of crops, how many are of erased ones.
        caches: how many files were removed of what is kept outside of the archive.
        erasures: the archive's count of erasures, this one included.
        nodes: machines that have derived files; none of an archive in a folder.
        server: what a server may keep; None of an archive in a folder.
    """

    search: ByteSearch
    rows: Mapping[str, int]
    derived: tuple[DerivedFile, ...]
    caches: Mapping[str, int]
    erasures: int = 0
    nodes: tuple[NodeFiles, ...] = ()
    server: ServerKeeps | None = None

    @property
    def behind(self) -> tuple[NodeFiles, ...]:
        """The machines whose files may still hold what was erased."""
        return tuple(one for one in self.nodes if not one.caught_up)

    @property
    def nothing(self) -> bool:
        """Whether nothing was found, and everything could be looked through."""
        rows = sum(self.rows.values()) + sum(one.erased for one in self.derived)
        return not self.search.found and not self.search.unread and not rows


class BackupState(StrEnum):
    """What is known of a backup after an erasure."""

    CLEAR = "clear"
    """It was opened, and holds nothing of the erased."""
    UNTREATED = "untreated"
    NOT_REACHABLE = "not-reachable"


@dataclass(frozen=True, slots=True)
class MayHold:
    """A file that was written before an erasure, as the event log tells of it.

    Args:
        entry: its number.
        name: of an export its name, of a backup its folder.
        crops: how many of the erased crops a backup holds; None: it cannot be looked at, or is an
            export, of which nobody knows what it shows.
        treated_at: when a backup last lost what the archive had erased by then; None: never.
    """

    entry: int
    at: dt.datetime
    name: str
    sha256: str | None
    crops: int | None = None
    treated_at: dt.datetime | None = None

    @property
    def state(self) -> BackupState:
        """Of a backup."""
        if self.crops is None:
            return BackupState.NOT_REACHABLE
        return BackupState.UNTREATED if self.crops else BackupState.CLEAR


@dataclass(frozen=True, slots=True)
class Certificate:
    """What was erased, and where it was looked for afterwards.

    Args:
        asked: by what kinds of choices, without their values.
        entry, digest: of the event log: the entry that records the deletion; None: it keeps none.
        finished: whether nothing is left to do (a reader may hold the write-ahead log).
        unsigned: why it has no signature: the kind of the error, or `signing-key-missing`.
        signature: of `signed_bytes`.
    """

    archive_id: str
    at: dt.datetime
    by: str
    case: str | None
    asked: tuple[str, ...]
    crops: int
    sources: int
    identities: int
    searches: int
    photos: int
    kept_out: bool
    held: tuple[HeldBack, ...]
    finished: bool
    remains: Remains
    exports: tuple[MayHold, ...]
    backups: tuple[MayHold, ...]
    entry: int | None
    digest: str | None
    seal: Seal | None
    unsigned: str | None = None
    signature: Signature | None = None

    def document(self) -> dict[str, Any]:
        """Return it as JSON."""
        signed = self.signature.document() if self.signature else None
        return {**self._content(), "signature": signed}

    @property
    def signed_bytes(self) -> bytes:
        """What a signature is of."""
        return canonical(self._content())

    def _content(self) -> dict[str, Any]:
        """Return all but the signature."""
        search = self.remains.search
        return {
            "schema": SCHEMA,
            "archive_id": self.archive_id,
            "at": iso(self.at),
            "by": self.by,
            "case": self.case,
            "asked": list(self.asked),
            "erased": {
                "crops": self.crops,
                "sources": self.sources,
                "identities": self.identities,
                "searches": self.searches,
                "photos": self.photos,
            },
            "kept_out": self.kept_out,
            "on_hold": [
                {"hold_id": one.hold_id, "of": one.what, "crops": one.crops} for one in self.held
            ],
            "finished": self.finished,
            "byte_search": {
                "pieces": dict(search.pieces),
                "patterns": search.patterns,
                "files": search.files,
                "bytes": search.size_bytes,
                "values": search.values,
                "found": [{"file": name, "patterns": n} for name, n in search.found.items()],
                "unread": list(search.unread),
            },
            "rows": dict(self.remains.rows),
            "derived": [
                {
                    "kind": one.kind,
                    "file": one.name,
                    "crops": one.crops,
                    "erased_crops": one.erased,
                }
                for one in self.remains.derived
            ],
            "caches": dict(self.remains.caches),
            "erasures": self.remains.erasures,
            "nodes": [_node(one) for one in self.remains.nodes],
            "server": _server(self.remains.server),
            "exports": [_may_hold(one) for one in self.exports],
            "backups": [_backup(one) for one in self.backups],
            "log": {"entry": self.entry, "digest": self.digest} if self.entry else None,
            "seal": self.seal.document() if self.seal else None,
            "unsigned": self.unsigned,
        }


def _may_hold(one: MayHold) -> dict[str, Any]:
    return {"entry": one.entry, "at": iso(one.at), "name": one.name, "sha256": one.sha256}


def _node(one: NodeFiles) -> dict[str, Any]:
    return {
        "node": one.node,
        "own": one.own,
        "files": list(one.files),
        "built_at": iso(one.built_at) if one.built_at else None,
        "caught_up": one.caught_up,
    }


def _server(one: ServerKeeps | None) -> dict[str, Any] | None:
    if one is None:
        return None
    return {
        "version": one.version,
        "wal_archive": one.wal_archive,
        "replicas": list(one.replicas),
        "slots": list(one.slots),
    }


def _backup(one: MayHold) -> dict[str, Any]:
    treated = iso(one.treated_at) if one.treated_at else None
    told = {"crops": one.crops, "state": one.state.value, "treated_at": treated}
    return {**_may_hold(one), **told}


def content_of(document: Mapping[str, Any]) -> bytes:
    """Return what the signature of a certificate is of, from its JSON."""
    return canonical({name: value for name, value in document.items() if name != "signature"})


@dataclass(frozen=True, slots=True)
class CertificateProof:
    """What was found out about a certificate, compared with its archive.

    Args:
        entry: of the event log: the deletion that it certifies; None: it is no JSON, tells none, or
            does not hold.
        signed_by: fingerprint of the key that it is signed with, if the signature holds.
        written: entry of the event log which says that just these bytes were written.
        faults: what does not hold.
        behind: machines whose files may still hold by now what it certifies to be erased; None: it
            does not hold, or is no JSON.
    """

    name: str
    entry: int | None
    signed_by: str | None
    written: int | None
    faults: tuple[str, ...]
    behind: tuple[str, ...] | None = None
