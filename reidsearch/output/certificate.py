"""The certificate of an erasure: a file of JSON, and what the command says of it."""

from __future__ import annotations

import json
import os
from pathlib import Path

from reidsearch.base.atomic import replacing
from reidsearch.base.errors import InputError, StorageError, UsageError
from reidsearch.base.said import said
from reidsearch.domain.certificates import Certificate
from reidsearch.output.visible import count, size, visible


def require_certificate(path: Path) -> None:
    """Refuse a name that no certificate can be written to, before anything is deleted.

    Raises:
        UsageError: it is no name of a JSON file.
        InputError: it exists, or its folder does not.
    """
    if path.suffix.lower() != ".json":
        raise UsageError(f"{visible(str(path))} is no name of a JSON file")
    if os.path.lexists(path):
        raise InputError(f"{visible(str(path))} exists already")
    if not path.absolute().parent.is_dir():
        raise InputError(f"there is no folder {visible(str(path.absolute().parent))}")


def write_certificate(path: Path, certificate: Certificate) -> None:
    """Write a certificate, whole or not at all.

    Raises:
        StorageError: it cannot be written; what it certifies is done all the same.
    """
    text = json.dumps(certificate.document(), indent=2) + "\n"
    try:
        with replacing(path) as partial:
            partial.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StorageError(
            f"it is deleted, but {visible(str(path))} cannot be written: {said(error)}"
        ) from error


def certificate_lines(certificate: Certificate, path: Path) -> list[str]:
    """Return what was looked for, what was found, and what may still hold it."""
    search = certificate.search
    lines = [
        f"Looked for {count(search.patterns, 'sequence')} of bytes in "
        f"{count(search.files, 'file')} ({size(search.size_bytes)}): "
        f"{count(sum(search.found.values()), 'sequence')} found."
    ]
    lines += [f"  {number} in {visible(name)}" for name, number in search.found.items()]
    if not certificate.finished:
        lines.append("The deletion is not finished: another process reads the archive.")
    for one in certificate.backups:
        held = (
            "cannot be looked at" if one.crops is None else f"holds {count(one.crops, 'picture')}"
        )
        if one.crops != 0:
            lines.append(f"Backup {visible(one.name)} (entry {one.entry}) {held} of it.")
    if certificate.exports:
        lines.append(
            f"{count(len(certificate.exports), 'exported file')} may show it: the certificate "
            "lists them."
        )
    lines.append(f"Certificate: {visible(str(path))}")
    return lines
