"""Write a report as HTML, PDF or JSON, by the ending of its file's name."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reidsearch.base import atomic
from reidsearch.base.errors import UsageError
from reidsearch.output.casework.document import Report, report_json

if TYPE_CHECKING:
    from reidsearch.output.casework.making import Held
    from reidsearch.output.casework.subject import Subject

ENDINGS = (".html", ".pdf", ".json")


@dataclass(frozen=True, slots=True)
class Written:
    """A file of a report.

    Args:
        report_id: stands in the head of each page.
        spelled: characters that no font at hand can draw, which stand as escapes in a PDF.
    """

    path: Path
    sha256: str
    size_bytes: int
    report_id: str
    spelled: tuple[str, ...] = ()


def write_report(archive: Held, subject: Subject, path: Path, *, by: str) -> Written:
    """Make a report, write it whole or not at all, and record it in the event log.

    Args:
        by: what asked for it, for the log.

    Raises:
        NotFound: there is no such case, identity or entry.
        UsageError: the ending is unknown; the answer is of another archive.
        StorageError: it cannot be written.

    Example:
        >>> write_report(archive, Subject.case("2026-17"), Path("report.pdf"), by="a program")
    """
    from reidsearch.output.casework.build import report_of

    encoded, written = encoded_as(report_of(archive, subject), path)
    with atomic.replacing(path) as partial:
        partial.write_bytes(encoded)
    archive.log.exported(path, by)
    return written


def encoded_as(report: Report, path: Path) -> tuple[bytes, Written]:
    """Return the bytes of a report for a file of this name, and what is told of it.

    Raises:
        UsageError: the ending is unknown.
    """
    ending = path.suffix.lower()
    spelled: tuple[str, ...] = ()
    if ending == ".html":
        from reidsearch.output.casework.html import report_html

        data = report_html(report)
    elif ending == ".pdf":
        from reidsearch.output.casework.pdf import report_pdf

        data, spelled = report_pdf(report)
    elif ending == ".json":
        data = report_json(report)
    else:
        raise UsageError(f"{path} ends in none of {', '.join(ENDINGS)}")
    digest = hashlib.sha256(data).hexdigest()
    return data, Written(path, digest, len(data), report.document.report_id, spelled)


def written_json(files: list[Written]) -> dict[str, Any]:
    """Return what was written as a document."""
    return {
        "schema": "reidsearch/report-written/1",
        "report_id": files[0].report_id,
        "files": [
            {
                "location": str(one.path),
                "sha256": one.sha256,
                "bytes": one.size_bytes,
                "not_drawn": list(one.spelled),
            }
            for one in files
        ],
    }


def written_text(files: list[Written]) -> str:
    """Return the same in lines."""
    from reidsearch.output.visible import size, visible

    lines = []
    for one in files:
        lines += [
            f"{visible(str(one.path))}: report {one.report_id}, {size(one.size_bytes)}",
            f"SHA-256: {one.sha256}",
        ]
        if one.spelled:
            chars = ", ".join(f"U+{ord(char):04X}" for char in one.spelled[:10])
            lines.append(f"no font at hand draws {chars}: they stand as escapes")
    return "\n".join(lines)
