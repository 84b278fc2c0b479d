"""What `reidsearch query` prints: one answer, all matches, the answers to a list, a plan."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reidsearch.base.errors import ReidsearchError, SomeFailed
from reidsearch.output.terminal import say
from reidsearch.output.visible import visible

if TYPE_CHECKING:
    from reidsearch.archive import Archive
    from reidsearch.domain.absence import Absence
    from reidsearch.domain.answers import Answer, Failed, Match, Plan, Statement
    from reidsearch.domain.request import QueryPicture, SearchRequest


def show_answer(
    answer: Answer, form: str, *, whole: bool = False, absence: Absence | None = None
) -> None:
    """Print one answer.

    Args:
        whole: as a table with all of its statement.
        absence: what it means that it has no confident match; None: it has one, or nothing is
            known.
    """
    if form == "table":
        from reidsearch.output.absence import absence_told
        from reidsearch.output.answer_text import answer_view
        from reidsearch.output.text import show

        show(answer_view(answer, whole=whole, absence=absence_told(absence) if absence else ()))
    elif form == "json":
        from reidsearch.output.emit import dumps

        say(dumps(_document(answer, absence), indent=2))
    else:
        show_lines(answer.statement, answer.matches, form)


def absence_of(archive: Archive, answer: Answer, form: str) -> Absence | None:
    """Return what it means that an answer has no confident match; None: nothing is to be said.

    CSV and JSON Lines have lines of matches alone, and no place for it.
    """
    return None if form in {"csv", "jsonl"} else archive.absences.unless_confident(answer)


def _document(answer: Answer, absence: Absence | None) -> dict[str, Any]:
    """Return the document of an answer, with its chance of being found where that is told."""
    if absence is None:
        return answer.to_json()
    from reidsearch.output.absence import absence_of_answer

    return {**answer.to_json(), "absence": absence_of_answer(absence)}


def show_all(
    archive: Archive,
    statement: Statement,
    matches: Iterator[Match],
    form: str,
    *,
    whole: bool = False,
) -> None:
    """Print matches as they come, in the forms that have a line for each."""
    if form in {"csv", "jsonl"}:
        show_lines(statement, matches, form)
    else:
        from reidsearch.domain.answers import Answer

        answer = Answer(statement, tuple(matches))
        absence = absence_of(archive, answer, form)
        show_answer(answer, form, whole=whole, absence=absence)


def show_lines(statement: Statement, matches: Iterable[Match], form: str) -> None:
    """Print a statement and matches, a line each, as csv or jsonl."""
    if form == "csv":
        from reidsearch.output.answer_csv import answer_csv_lines

        for line in answer_csv_lines(statement, matches):
            say(line, end="")
    else:
        from reidsearch.output.answer_json import jsonl_lines

        for line in jsonl_lines(statement, matches):
            say(line)


def show_plan(plan: Plan, form: str) -> None:
    """Print how a search would go."""
    from reidsearch.output.emit import emit
    from reidsearch.output.plan import plan_json, plan_text

    emit(form, plan_json(plan), plan_text(plan))


@dataclass(frozen=True, slots=True)
class Listed:
    """A list of queries.

    Args:
        common: what the list does not say itself.
        of_identity: as `read_query_list` takes it.
        as_whole: images are taken as they are.
    """

    path: Path
    common: SearchRequest
    of_identity: Mapping[str, Any]
    as_whole: bool


def answer_list(archive: Archive, rows: Listed, form: str, *, whole: bool = False) -> None:
    """Print the answers to a list of queries, in its order, and the errors of those that failed.

    Args:
        whole: as a table with all of their statements.

    Raises:
        UsageError: the list cannot be read.
        SomeFailed: some queries could not be answered.
    """
    from reidsearch.cli.query_list import read_query_list
    from reidsearch.domain.answers import Failed

    listed = read_query_list(rows.path, rows.common, rows.of_identity)
    waiting: deque[tuple[str, ReidsearchError | None]] = deque()

    def requests() -> Iterator[SearchRequest]:
        """Read pictures as the search takes them: those of a long list do not fit into memory."""
        for name, one in listed:
            ready = _of_people(archive, one, rows.as_whole)
            failed = ready if isinstance(ready, ReidsearchError) else None
            waiting.append((name, failed))
            if not isinstance(ready, ReidsearchError):
                yield ready

    number = failed = 0

    def show_waiting() -> None:
        """Those that failed before the next that is answered."""
        nonlocal number, failed
        while waiting and (error := waiting[0][1]) is not None:
            _show_failed(waiting.popleft()[0], Failed(rows.common, error), form, head=not number)
            number, failed = number + 1, failed + 1

    for answer in archive.search_many(requests()):
        show_waiting()
        name, _ = waiting.popleft()
        if isinstance(answer, Failed):
            failed += 1
            _show_failed(name, answer, form, head=not number)
        else:
            absence = absence_of(archive, answer, form)
            _show_named(name, answer, form, head=not number, whole=whole, absence=absence)
        number += 1
    show_waiting()
    if failed:
        raise SomeFailed(f"{failed} of {len(listed)} queries could not be answered")


def _of_people(
    archive: Archive, one: SearchRequest | ReidsearchError, as_whole: bool
) -> SearchRequest | ReidsearchError:
    """Take the one person out of pictures, as a single query does.

    Returns:
        The request, or why it is not clear who is meant.
    """
    from reidsearch.base.errors import Refused
    from reidsearch.services.query_input import query_input

    if isinstance(one, ReidsearchError):
        return one
    pictures: list[QueryPicture] = []
    label = one.label
    try:
        for picture in one.pictures:
            if not isinstance(picture, Path):
                pictures.append(picture)
                continue
            found = query_input(
                [picture],
                detector=archive.detector,
                whole=as_whole,
                holds=archive.searching.holds,
            )
            label = found.label
            pictures += found.pictures
    except Refused:
        return one  # the search says why
    except ReidsearchError as error:
        return error
    return replace(one, query=pictures, label=label if len(pictures) == 1 else one.label)


def _show_named(
    name: str, answer: Answer, form: str, *, head: bool, whole: bool, absence: Absence | None
) -> None:
    if form == "csv":
        from reidsearch.output.answer_csv import answer_csv_lines

        lines = answer_csv_lines(answer.statement, answer.matches, head=head, query=name)
        say("".join(lines), end="")
    elif form == "table":
        say(f"\n{visible(name)}")
        show_answer(answer, form, whole=whole, absence=absence)
    else:
        from reidsearch.output.emit import dumps

        say(dumps({"query": name, **_document(answer, absence)}))


def _show_failed(name: str, failed: Failed, form: str, *, head: bool) -> None:
    from reidsearch.output.hints import advice

    error = failed.error
    if form == "csv":
        from reidsearch.output.answer_csv import failed_csv_lines

        say("".join(failed_csv_lines(name, error.message, head=head)), end="")
    elif form == "table":
        say(f"\n{visible(name)}\nerror: {visible(error.message)}")
        if hint := advice(error):
            say(f"hint: {visible(hint)}")
    else:
        from reidsearch.output.emit import dumps

        told = {"kind": error.kind, "message": error.message, "hint": advice(error)}
        say(dumps({"schema": "reidsearch/query-error/1", "query": name, "error": told}))
