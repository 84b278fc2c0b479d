"""The reports of a bundle: of its case, of its identity, of the answer that was kept."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from reidsearch.domain.event_log import LogEntry
from reidsearch.output.casework.build import report_of
from reidsearch.output.casework.subject import Subject, Told
from reidsearch.output.casework.write import encoded_as
from reidsearch.output.evidence.held import Held
from reidsearch.output.evidence.manifest import Asked, Bundle

SAYS = {
    ".pdf": "a report for people, PDF/A with its data attached",
    ".html": "the same report as a page",
    ".json": "the same report as data, without pictures",
}


def put_reports(bundle: Bundle, archive: Held, shown: Sequence[LogEntry]) -> None:
    """Put the reports of what was asked for in; of a redacted bundle as data only.

    The pictures of a report show everybody, and what is redacted must not lie beside its copy.

    Args:
        shown: entries of the log whose details are in the bundle; reports tell no other searches.

    Raises:
        NotFound: the identity is gone.
    """
    endings = (".json",) if bundle.asked.redact else (".pdf", ".html", ".json")
    told = Told(frozenset(one.number for one in shown), frozenset(bundle.asked.photos))
    for subject in _subjects(bundle.asked):
        report = report_of(archive, subject, told)
        for ending in endings:
            path = f"report/{subject.of}{ending}"
            data, _ = encoded_as(report, Path(path))
            bundle.put(path, "report", SAYS[ending], data)


def _subjects(asked: Asked) -> Iterator[Subject]:
    if asked.case is not None:
        yield Subject.case(asked.case.number)
    if asked.identity is not None:
        yield Subject("identity", asked.identity)
    if asked.answer is not None:
        yield Subject.answer("the answer that was kept", json.loads(asked.answer))
