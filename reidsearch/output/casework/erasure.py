"""An erasure certificate as a document: what was erased, where it was looked for, who has it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from reidsearch.base.errors import Kind
from reidsearch.domain.certificates import (
    BackupState,
    ByteSearch,
    Certificate,
    MayHold,
    NodeFiles,
    ServerKeeps,
)
from reidsearch.output.casework.build import numbered
from reidsearch.output.casework.document import (
    Block,
    Document,
    Facts,
    Report,
    Section,
    Table,
    Text,
)
from reidsearch.output.emit import dumps
from reidsearch.output.times import local, zone_name
from reidsearch.output.visible import count, size

ATTACHED = "certificate.json"
NOTHING_SOUGHT = "No bytes were looked for: no picture and no embedding was erased."
PIECES = {
    "pictures": "Pictures of people",
    "embeddings": "Their embeddings",
    "embeddings_in_log": "Embeddings, as the event log writes them",
    "tracklet_means": "Mean embeddings of tracklets",
    "index_codes": "Codes of a compact index",
    "photographs": "Reference photographs",
    "photograph_embeddings": "Embeddings of reference photographs",
    "search_embeddings": "Embeddings in erased details of searches",
    "saved_embeddings": "Embeddings of pictures of saved questions",
}
CACHES = {
    "query_pictures": "Pictures that were searched with in the page",
    "footage_digests": "Digests of footage that is no longer held",
    "clips": "Clips made for browsers",
    "job_files": "Files that jobs had made to be fetched",
}
STATES = {
    BackupState.CLEAR: "holds nothing of it",
    BackupState.UNTREATED: "still holds it",
    BackupState.NOT_REACHABLE: "could not be opened",
}
UNSIGNED = {
    Kind.SIGNING_KEY_MISSING: "the archive has no key",
    Kind.SIGNING_KEY_LOCKED: "the passphrase of the archive's key was not given",
    Kind.SIGNING_KEY_OPEN: "the archive's key can be read by others than its owner",
    Kind.SIGNING_KEY_BAD: "the archive's key cannot be read",
}


def certificate_json(certificate: Certificate) -> bytes:
    """Return a certificate as JSON, the same bytes that a PDF holds as an attachment."""
    return dumps(certificate.document(), indent=2).encode() + b"\n"


def why_unsigned(certificate: Certificate) -> str:
    """Return why a certificate has no signature, in words."""
    return UNSIGNED.get(Kind(certificate.unsigned or Kind.SIGNING_KEY_MISSING), "no key was used")


def certificate_report(certificate: Certificate, archive: str) -> Report:
    """Return a certificate as a report.

    Args:
        archive: where it lies, as text.
    """
    sections = [
        Section("What this certifies", tuple(_result(certificate))),
        Section("What was erased", tuple(_erased(certificate))),
        Section("Where it was looked for", tuple(_searched(certificate))),
        *_elsewhere(certificate),
        Section("Backups", tuple(_backups(certificate))),
        Section("Exported files", tuple(_exports(certificate))),
        Section("Proof", tuple(_proof(certificate))),
        Section("What this cannot say", tuple(map(Text, LIMITS))),
    ]
    document = Document(
        of="erasure",
        title="Certificate of an erasure",
        subject=f"entry {certificate.entry}" if certificate.entry else "no entry in a log",
        case=certificate.case or "",
        archive=archive,
        archive_id=certificate.archive_id,
        made_at=certificate.at.replace(microsecond=0),
        made_by=certificate.by,
        zone=zone_name(),
        sections=tuple(numbered(sections)),
        data={"certificate": certificate.document()},
    )
    return Report(document, {}, {ATTACHED: certificate_json(certificate)})


LIMITS = (
    "The recordings are not part of the archive: it never changes them.",
    "Copies made by other means than this program (of the disk, by a file system, by a browser "
    "that showed a picture) are not known to it. Browsers keep pictures for up to an hour.",
    "Bytes are looked for as they were stored. A picture that was encoded again, as in a clip or a "
    "report, is another one: such files are listed under exported files.",
    "Of a camera with ten people or more, the mean of all their embeddings stays until the archive "
    "has changed by a fifth.",
    "Programs that have the archive open forget what they have in memory when they next use it.",
)


def _result(certificate: Certificate) -> Iterator[Block]:
    if certificate.remains.nothing and certificate.finished:
        yield Text("What is listed here was erased, and nothing of it was found afterwards.")
    if not certificate.remains.nothing:
        told = "Something of what was erased was found afterwards, or could not be looked for."
        yield Text(f"{told} See below.", caution=True)
    if not certificate.finished:
        told = "The erasure is not finished: another process reads the archive."
        yield Text(told, caution=True)
    if behind := certificate.remains.behind:
        told = f"{count(len(behind), 'machine')} may still hold it in derived files. See below."
        yield Text(told, caution=True)
    if certificate.held:
        yield Text("Legal holds kept a part of what was asked for.", caution=True)
    backups = [one.state for one in certificate.backups]
    for state in (BackupState.UNTREATED, BackupState.NOT_REACHABLE):
        if state in backups:
            told = f"{count(backups.count(state), 'backup')} {STATES[state]}."
            yield Text(told, caution=True)


def _erased(certificate: Certificate) -> Iterator[Block]:
    yield Facts(
        (
            ("Asked for by", ", ".join(certificate.asked) or "not told"),
            ("Erased by", certificate.by),
            ("At", local(certificate.at.replace(microsecond=0))),
            ("For case", certificate.case or "none"),
            ("Crops", str(certificate.crops)),
            ("Sources", f"{certificate.sources} without other crops"),
            ("Identities", f"{certificate.identities}, with name and notes"),
            ("Reference photographs", str(certificate.photos)),
            ("Searches", f"{certificate.searches}, whose details were erased as asked"),
            ("Kept out", "no index run brings it back" if certificate.kept_out else "no"),
        )
    )
    yield Text("What was asked for is told by its kind alone: a value could name the person.")
    if certificate.held:
        rows = tuple((str(one.hold_id), one.what, str(one.crops)) for one in certificate.held)
        yield Table(("Hold", "Of", "Crops kept"), rows, (1, 5, 2))


def _searched(certificate: Certificate) -> Iterator[Block]:
    remains, search = certificate.remains, certificate.remains.search
    yield Text(
        f"{count(search.patterns, 'sequence')} of 32 bytes of what was erased were looked for in "
        f"{count(search.files, 'file')} ({size(search.size_bytes)}): {_looked_through(search)}. "
        f"{count(sum(search.found.values()), 'sequence')} found."
        if search.patterns
        else NOTHING_SOUGHT
    )
    yield Table(("Bytes of", "Number"), _counted(search.pieces, PIECES), (6, 1.5))
    if search.found:
        found = tuple((name, str(number)) for name, number in search.found.items())
        yield Table(("Found in", "Sequences"), found, (6, 1.5))
    if search.unread:
        yield Table(("Could not be read",), tuple((name,) for name in search.unread), (1,))
    tables = len(remains.rows)
    left = sum(remains.rows.values())
    yield Text(
        f"{count(tables, 'table')} of the database refer to crops: {count(left, 'row')} of erased "
        f"ones found. {_freed(certificate)}"
    )
    if remains.derived:
        derived = tuple(
            (one.kind, one.name, str(one.crops), str(one.erased)) for one in remains.derived
        )
        yield Text("Index and neighbour graph were written anew without what was erased:")
        yield Table(("Derived", "File", "Crops", "Of them erased"), derived, (2, 3.5, 1.5, 2))
    yield Table(("Removed from caches", "Files"), _counted(remains.caches, CACHES), (6, 1.5))


def _looked_through(search: ByteSearch) -> str:
    if search.values is None:
        return "all files of the archive's folder and of its caches"
    return (
        "all files that this machine keeps of the archive, and "
        f"{count(search.values, 'value')} of the database's tables"
    )


def _freed(certificate: Certificate) -> str:
    if certificate.remains.server is None:
        return "Freed pages of the database were overwritten."
    if not certificate.finished:
        return "Dead rows are still in the tables: somebody reads an older state."
    return "Dead rows were removed from the tables (VACUUM)."


def _elsewhere(certificate: Certificate) -> Iterator[Section]:
    server = certificate.remains.server
    if server is not None:
        yield Section("Other machines", tuple(_nodes(certificate.remains.nodes)))
        yield Section("The server", tuple(_server(server)))


def _nodes(nodes: Sequence[NodeFiles]) -> Iterator[Block]:
    if not nodes:
        yield Text("No machine has derived files of the archive.")
        return
    rows = tuple(
        (
            f"{one.node} (this one)" if one.own else one.node,
            local(one.built_at.replace(microsecond=0)) if one.built_at else "not told",
            "without what was erased" if one.caught_up else "not caught up",
        )
        for one in nodes
    )
    yield Table(("Machine", "Index written", "Its files"), rows, (5, 3, 3))
    yield Text(
        "A machine that has not caught up answers without what was erased, and takes it out of its "
        "files when the archive is next opened there. When the archive verifies this certificate, "
        "it tells whether all have."
    )


def _server(server: ServerKeeps) -> Iterator[Block]:
    yield Facts(
        (
            ("PostgreSQL", server.version),
            ("Archive of its write-ahead log", server.wal_archive or "not told"),
            ("Replicas now", ", ".join(server.replicas) or "none"),
            ("Replication slots", ", ".join(server.slots) or "none"),
        )
    )
    yield Text(
        "Out of this program's reach: the server's write-ahead log until it is recycled, that "
        "log's archive, replicas, backups made by other means, and freed parts of the server's "
        "files. Who runs the server knows how long they are kept."
    )


def _counted(counts: Mapping[str, int], names: Mapping[str, str]) -> tuple[tuple[str, ...], ...]:
    return tuple((names.get(name, name), str(number)) for name, number in counts.items())


def _backups(certificate: Certificate) -> Iterator[Block]:
    if not certificate.backups:
        yield Text("The event log knows of no backup.")
        return
    rows = tuple(
        (
            str(one.entry),
            local(one.at.replace(microsecond=0)),
            one.name,
            _state(one),
            local(one.treated_at.replace(microsecond=0)) if one.treated_at else "never",
        )
        for one in certificate.backups
    )
    heads = ("Entry", "Made", "Folder", "Of what was erased now", "Last treated")
    yield Table(heads, rows, (1.2, 3, 5, 3.5, 3))
    yield Text(
        "A treated backup lost what the archive had erased by then. A backup that still holds what "
        "was erased brings it back when it is restored."
    )


def _state(one: MayHold) -> str:
    if one.state is BackupState.UNTREATED:
        return f"{STATES[one.state]}: {count(one.crops or 0, 'crop')}"
    return STATES[one.state]


def _exports(certificate: Certificate) -> Iterator[Block]:
    if not certificate.exports:
        yield Text("The event log knows of no exported file.")
        return
    yield Text(
        "These files were written before. The program does not know which of them show what was "
        "erased, and cannot take them back. Names of those that named it were erased."
    )
    rows = tuple(
        (
            str(one.entry),
            local(one.at.replace(microsecond=0)),
            one.name,
            one.sha256 or "of a folder, or erased",
        )
        for one in certificate.exports
    )
    yield Table(("Entry", "Written", "Name", "SHA-256"), rows, (1.2, 3, 4, 7))


def _proof(certificate: Certificate) -> Iterator[Block]:
    facts: list[tuple[str, str]] = [("Archive", certificate.archive_id)]
    if certificate.entry:
        facts += [
            ("Entry of the event log", str(certificate.entry)),
            ("Its digest", certificate.digest or ""),
        ]
    if certificate.seal:
        facts += [
            ("Sealed up to entry", str(certificate.seal.entries)),
            ("Head of the log", certificate.seal.head),
        ]
    if certificate.signature:
        facts += [
            ("Signature (Ed25519)", certificate.signature.signature.hex()),
            ("Public key", certificate.signature.public_key.hex()),
            ("Fingerprint of the key", certificate.signature.fingerprint),
        ]
    yield Facts(tuple(facts))
    if certificate.signature:
        yield Text(
            "The signature is of the certificate as JSON, which a PDF holds as the attachment "
            f"{ATTACHED}. It shows who had the key, not more: compare the fingerprint with one "
            "that you received another way."
        )
    else:
        yield Text(f"This certificate is not signed: {why_unsigned(certificate)}.", caution=True)
