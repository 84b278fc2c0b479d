"""The certificate of an erasure: a file, and what the command says of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reidsearch.base.errors import ReidsearchError
from reidsearch.domain.certificates import BackupState, Certificate, CertificateProof
from reidsearch.output.casework.erasure import (
    NOTHING_SOUGHT,
    certificate_json,
    certificate_report,
    why_unsigned,
)
from reidsearch.output.casework.write import encoded_as
from reidsearch.output.visible import count, size, visible

ENDINGS = (".json", ".pdf", ".html")


def certificate_file(certificate: Certificate, path: Path, archive: str) -> bytes:
    """Return the bytes of a certificate for a file of this name.

    Args:
        archive: where it lies, as text.

    Raises:
        UsageError: the ending is unknown.
    """
    if path.suffix.lower() == ".json":
        return certificate_json(certificate)
    return encoded_as(certificate_report(certificate, archive), path)[0]


def certificate_lines(certificate: Certificate, paths: Sequence[Path]) -> list[str]:
    """Return what was looked for, what was found, and what may still hold it."""
    remains, search = certificate.remains, certificate.remains.search
    lines = [
        f"Looked for {count(search.patterns, 'sequence')} of bytes in "
        f"{count(search.files, 'file')} ({size(search.size_bytes)}): "
        f"{count(sum(search.found.values()), 'sequence')} found."
    ]
    if not search.patterns:
        lines = [NOTHING_SOUGHT]
    lines += [f"  {number} in {visible(name)}" for name, number in search.found.items()]
    lines += [f"  {count(n, 'row')} of table {name}" for name, n in remains.rows.items() if n]
    lines += [
        f"  {count(one.erased, 'crop')} in {visible(one.name)}"
        for one in remains.derived
        if one.erased
    ]
    lines += [f"  {visible(name)} could not be read" for name in search.unread]
    if not certificate.finished:
        lines.append("The deletion is not finished: another process reads the archive.")
    lines += [
        f"Node {one.node} has not caught up: its files may hold it until the archive is opened "
        "there."
        for one in remains.behind
    ]
    if remains.server:
        lines.append(
            "Out of reach: the server's write-ahead log, replicas and backups; the certificate "
            "says what it tells of them."
        )
    for one in certificate.backups:
        where = f"Backup {visible(one.name)} (entry {one.entry})"
        if one.state is BackupState.NOT_REACHABLE:
            lines.append(f"{where} cannot be looked at.")
        elif one.state is BackupState.UNTREATED:
            lines.append(f"{where} holds {count(one.crops or 0, 'picture')} of it.")
    if certificate.exports:
        lines.append(
            f"{count(len(certificate.exports), 'exported file')} may show it: the certificate "
            "lists them."
        )
    if certificate.signature:
        lines.append(f"Signed by {certificate.signature.fingerprint}.")
    else:
        lines.append(f"Not signed: {why_unsigned(certificate)}.")
    return [*lines, *(f"Certificate: {visible(str(path))}" for path in paths)]


def not_written_lines(
    certificate: Certificate, failed: Sequence[ReidsearchError], *, kept: bool
) -> list[str]:
    """Return which files are missing, and the certificate itself unless one of its files has it.

    Args:
        kept: it was written as JSON.
    """
    lines = [f"It is deleted, but a certificate is not written: {one.message}." for one in failed]
    if kept:
        return lines
    text = certificate_json(certificate).decode()
    return [*lines, "No other can be made. Keep what follows as a .json file:", text]


def proofs_text(proofs: Sequence[CertificateProof]) -> str:
    """Whether certificates hold, by whom they are signed, and what else is known of them."""
    lines = []
    for one in proofs:
        name = f"Certificate {visible(one.name)}"
        if one.faults:
            lines += [f"{name} does not hold:", *(f"  {fault}" for fault in one.faults)]
            continue
        told = [f"written as entry {one.written} says"] if one.written else []
        if one.entry:
            told.append(f"of the deletion in entry {one.entry}")
            told.append(f"signed by {one.signed_by}" if one.signed_by else "not signed")
        if one.signed_by and not one.written:
            told.append("laid out in another way than it was written")
        lines.append(f"{name} holds: {', '.join(told)}.")
        lines += [f"  Node {node} has not caught up with it yet." for node in one.behind or ()]
    return "\n".join(lines)


def proofs_json(proofs: Sequence[CertificateProof]) -> list[dict[str, Any]]:
    """Return the same as JSON."""
    return [
        {
            "file": one.name,
            "holds": not one.faults,
            "entry": one.entry,
            "signed_by": one.signed_by,
            "written_in": one.written,
            "faults": list(one.faults),
            "behind": None if one.behind is None else list(one.behind),
        }
        for one in proofs
    ]
