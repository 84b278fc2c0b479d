"""`reidsearch report`: what was asked, found and decided, as a document for a court."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reidsearch.base.errors import InputError, absent
from reidsearch.cli.files import OutputFile, force_option, write_file
from reidsearch.cli.grouped import OUTPUT, CommandGroup, argument, option
from reidsearch.cli.opening import reading_archive
from reidsearch.cli.options import archive_and_case_options, format_option, text_value

if TYPE_CHECKING:
    from reidsearch.base.address import Address
    from reidsearch.output.casework.subject import Subject

F = TypeVar("F", bound=Callable[..., Any])
LARGEST_BYTES = 1 << 28  # of an answer document: about 100 000 matches


def report_options(function: F) -> F:
    """`-o/--output` (repeatable), `--force`, `--format`, `--archive`."""
    target = option(
        "-o",
        "--output",
        "outputs",
        group=OUTPUT,
        type=OutputFile((".pdf", ".html", ".json"), streams=False),
        metavar="FILE",
        multiple=True,
        required=True,
        help="The report: .pdf, .html or .json; repeatable.",
    )
    return target(force_option(format_option()(archive_and_case_options(function))))


@click.group("report", cls=CommandGroup)
def command() -> None:
    """Write a report that can be read in court: PDF/A or HTML.

    It says what was asked and with what right, which footage was searched, what was found, what
    speaks against it, what was decided by whom, and the limits of the method. A PDF is a PDF/A-3b
    with the same content as JSON attached; an HTML page stands alone. Its digest enters the event
    log.
    """


@command.command("case")
@argument("number", callback=text_value, metavar="NUMBER")
@report_options
def case_(number: str, archive: Address, outputs: tuple[Path, ...], form: str) -> None:
    """Report on a case: its searches, decisions and exports."""
    from reidsearch.output.casework.subject import Subject

    _write(archive, Subject.case(number), outputs, form)


@command.command("answer")
@argument("answer", callback=text_value, metavar="JSON|ENTRY")
@report_options
def answer_(answer: str, archive: Address, outputs: tuple[Path, ...], form: str) -> None:
    """Report on a search.

    JSON is what `query --format json` printed; ENTRY is the number of a search in the event log.
    """
    from reidsearch.output.casework.subject import Subject

    if answer.isascii() and answer.isdigit() and len(answer) < 16:
        _write(archive, Subject.entry(int(answer)), outputs, form)
    else:
        _write(archive, Subject.answer(answer, _read(Path(answer))), outputs, form)


@command.command("identity")
@argument("name", callback=text_value, metavar="IDENTITY")
@report_options
def identity_(name: str, archive: Address, outputs: tuple[Path, ...], form: str) -> None:
    """Report on an identity: what was put to it, and by whom."""
    from reidsearch.output.casework.subject import Subject

    _write(archive, Subject("identity", name), outputs, form)


@command.command("journey")
@argument("name", callback=text_value, metavar="IDENTITY")
@report_options
def journey_(name: str, archive: Address, outputs: tuple[Path, ...], form: str) -> None:
    """Report on the sightings of an identity in order of time."""
    from reidsearch.output.casework.subject import Subject

    _write(archive, Subject("journey", name), outputs, form)


def _read(path: Path) -> Any:
    """Return the JSON of a file.

    Raises:
        InputError: it is none, or cannot be read.
    """
    from reidsearch.base.reading import parse_json, read_bytes

    if not path.is_file():
        raise InputError(f"{path} is neither a file nor the number of an entry of the event log")
    try:
        return parse_json(read_bytes(path, LARGEST_BYTES))
    except ValueError as error:
        raise InputError(f"{path} cannot be read as JSON: {error}") from error


def _write(archive: Address, subject: Subject, outputs: tuple[Path, ...], form: str) -> None:
    """Make the report once, write it to each file, and tell what was written."""
    from reidsearch.output.casework.build import report_of
    from reidsearch.output.casework.write import encoded_as, written_json, written_text
    from reidsearch.output.emit import emit

    if not outputs:
        raise absent("a file to write")
    with reading_archive(archive) as opened:
        report = report_of(opened, subject)
    files = []
    for path in outputs:
        data, written = encoded_as(report, path)
        write_file(path, data)
        files.append(written)
    emit(form, written_json(files), written_text(files))
