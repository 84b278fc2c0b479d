"""The event log: reading it, proving it, sealing it.

with Archive.open("archive") as archive:
    for entry in archive.log.entries(last=20):
        print(entry.number, entry.event, entry.actor)
    assert archive.log.faults() == []
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from reidsearch.base.errors import DECODING_ERRORS, InputError, UsageError, absent
from reidsearch.base.locations import location_text
from reidsearch.base.reading import read_given
from reidsearch.domain.answers import Match, Statement
from reidsearch.domain.certificates import CertificateProof
from reidsearch.domain.event_log import Event, LogEntry, LogFault, Seal, Shown
from reidsearch.domain.signatures import LogProof, Signature, read_signature
from reidsearch.index.generations import file_sha256
from reidsearch.store import log_reading as held
from reidsearch.store.crops.store import Store
from reidsearch.store.log_key import LogKey, key_path, make_key, read_key
from reidsearch.store.log_proof import GivenSeal, prove
from reidsearch.store.log_reading import record
from reidsearch.store.seals import (
    LARGEST,
    kept_seals,
    kept_signature,
    name_key,
    read_seal,
    seal_files,
    seal_now,
    stamp,
)
from reidsearch.store.timestamps import LARGEST as LARGEST_STAMP
from reidsearch.store.timestamps import read_roots


class EventLogService:
    """The event log of one archive."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def kept(self) -> bool:
        """Whether the archive keeps a log; that is decided when it is made."""
        return self._store.logged

    @property
    def archive_id(self) -> str:
        """Whose log it is, as seals name it."""
        return str(self._store.row.uuid)

    def count(self) -> int:
        """Return how many entries there are."""
        return held.newest_number(self._store)

    def entries(
        self,
        *,
        last: int | None = None,
        events: Sequence[Event] = (),
        case: str | None = None,
        actor: str | None = None,
    ) -> Iterator[LogEntry]:
        """Yield entries, oldest first.

        Args:
            last: the newest so many of those that the rest chooses; None: all.
            events: of these kinds; none: of all.
            case, actor: of this case, by this name; None: of all.
        """
        return held.entries(self._store, last=last, events=events, case=case, actor=actor)

    def with_own(self, matches: Sequence[Match], statement: Statement) -> tuple[Match, ...]:
        """Mark which matches are what was searched with, as the search did that the log holds."""
        from reidsearch.search.own import Found, with_own

        refined = statement.feedback is not None
        found = Found(tuple(matches), statement.query_pictures, refined)
        return with_own(self._store, [found])[0]

    def exported(self, path: Path, by: str, name: str | None = None) -> None:
        """Record that a file, or a folder of files, was written of what the archive holds.

        Args:
            name: it is given away under; None: its own.
            by: the command, or what else wrote it.
        """
        files = (
            [path] if path.is_file() else sorted(one for one in path.rglob("*") if one.is_file())
        )
        digests = [file_sha256(one).hex() for one in files]
        detail = {
            "name": name or location_text(path.name),
            "files": len(files),
            "bytes": sum(one.stat().st_size for one in files),
            "sha256": digests[0] if path.is_file() else None,
            "by": by,
        }
        record(self._store, Event.EXPORT, detail)

    def viewed(self, source_id: int) -> None:
        """Record that footage of a source was looked at."""
        record(self._store, Event.PLAYBACK, {"source": source_id})

    def opened(self, what: Shown, number: int) -> None:
        """Record that somebody looked at a person, a tracklet or a match."""
        record(self._store, Event.SHOWN, {"of": what.value, "number": number})

    def sent(self, name: str, data: bytes, by: str) -> None:
        """Record that a file was made of what the archive holds, and given away.

        Args:
            by: what made it.
        """
        digest = hashlib.sha256(data).hexdigest()
        detail = {"name": name, "files": 1, "bytes": len(data), "sha256": digest, "by": by}
        record(self._store, Event.EXPORT, detail)

    def seal(self, key: LogKey | None = None) -> Seal:
        """Seal the log as it is now: keep up to where it goes, and return that.

        Args:
            key: signs it; the log names it before its first seal. None: it is not signed.

        Raises:
            UsageError: the archive keeps no log.
            StorageError: it cannot be written.

        Example:
            >>> archive.log.seal(archive.log.key())
        """
        self._require_kept()
        made = seal_now(self._store, key)
        if made is None:
            raise absent("the entry of a seal")
        return made

    def stamp(self, seal: Seal, url: str) -> None:
        """Let a time stamp service (RFC 3161) say that a seal was there, and keep its answer.

        Raises:
            UsageError: it is no address of a service.
            InputError: the service cannot be reached, or does not answer as it should.
        """
        stamp(self._store, seal, url)

    def signature(self, seal: Seal) -> Signature | None:
        """Return the signature of a seal in the archive's folder; None: it has none."""
        return kept_signature(self._store, seal)

    @property
    def key_path(self) -> Path:
        """Where the key that signs seals lies, unless another one is named."""
        return key_path(self.archive_id)

    def new_key(self, path: Path | None = None, passphrase: bytes | None = None) -> LogKey:
        """Make a key that signs seals, and let the log name it.

        Args:
            path: its new file, which cannot lie in the archive; None: `key_path`.
            passphrase: what the file is encrypted with; None: it is not.

        Raises:
            UsageError: the archive keeps no log, or the file exists.
            StorageError: it cannot be written.
        """
        self._require_kept()
        key = make_key(path or self.key_path, self._store.folder, passphrase)
        with self._store.write() as connection:
            name_key(connection, key)
        return key

    def key(self, path: Path | None = None, passphrase: bytes | None = None) -> LogKey | None:
        """Return the key that signs seals; None: there is none.

        Args:
            path: its file; None: `key_path`.

        Raises:
            InputError: the file that was named is not there, or cannot be used.
        """
        if path is None and not self.key_path.exists():
            return None
        return read_key(path or self.key_path, passphrase)

    def _require_kept(self) -> None:
        if not self.kept:
            raise UsageError(f"{self._store.location} was made without an event log")

    def seals(self) -> list[Seal]:
        """Return the seals in the archive's folder, in their order.

        Raises:
            ArchiveError: one is damaged.
        """
        return kept_seals(self._store)

    def seal_files(self) -> dict[str, bytes]:
        """Return the files of seals in the archive's folder, signatures too: name -> bytes.

        Raises:
            ArchiveError: one cannot be read.
        """
        return seal_files(self._store)

    def record_bundle(
        self, path: Path, manifest_sha256: str, files: int, size_bytes: int, by: str
    ) -> None:
        """Record that an evidence bundle was written, by the digest of its manifest.

        Args:
            by: the command, or what else wrote it.
        """
        detail = {
            "name": location_text(path.name),
            "files": files,
            "bytes": size_bytes,
            "sha256": manifest_sha256,
            "by": by,
        }
        record(self._store, Event.EXPORT, detail)

    def faults(self, further: Sequence[Path] = ()) -> list[LogFault]:
        """Prove the log; return where it does not hold, the first first.

        Args:
            further: seals that were kept elsewhere.

        Raises:
            InputError: one of them cannot be read, or is of another archive.
            ArchiveError: a row or a seal is damaged.
        """
        return self.proof(further).faults

    def proof(self, further: Sequence[Path] = (), authorities: Path | None = None) -> LogProof:
        """Prove the log, and tell of each seal whether it is signed; else as `faults`.

        Args:
            authorities: certificates (PEM) of those whose time stamps are trusted; None: it is not
                verified who made them.
        """
        roots = read_roots(authorities) if authorities else []
        return prove(self._store, [self._given(path) for path in further], roots)

    def prove_certificate(self, path: Path) -> CertificateProof:
        """Compare an erasure certificate with the log: its signature, its entry, its bytes.

        Raises:
            InputError: it cannot be read.
        """
        from reidsearch.services.certificates import prove_certificate

        return prove_certificate(self._store, path)

    def _given(self, path: Path) -> GivenSeal:
        try:
            seal = read_seal(read_given(path, LARGEST))
        except DECODING_ERRORS as error:
            raise InputError(f"{path} is no seal of an event log: {error}") from error
        if seal.archive_id != self._store.row.uuid:
            raise InputError(f"{path} is a seal of another archive ({seal.archive_id})")
        beside, stamped = path.with_suffix(".sig"), path.with_suffix(".tsr")
        told = read_given(stamped, LARGEST_STAMP) if stamped.is_file() else None
        if not beside.is_file():
            return GivenSeal(seal, None, told)
        try:
            return GivenSeal(seal, read_signature(read_given(beside, LARGEST)), told)
        except DECODING_ERRORS as error:
            raise InputError(f"{beside} is no signature of a seal: {error}") from error
