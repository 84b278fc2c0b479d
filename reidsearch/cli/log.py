"""`reidsearch log`: what was done with an archive, by whom; proving and sealing that record."""

from __future__ import annotations

from pathlib import Path

import click

from reidsearch.cli.grouped import CommandGroup, option
from reidsearch.cli.options import archive_option, format_option, reading_archive, text_value

LINES = 50
EVENTS = (
    "begin", "search", "search-end", "explain", "decision", "index", "index-end", "export",
    "backup", "seal", "forget", "delete", "reembed", "clock", "calibrate", "forget-calibration",
    "timezone", "relocate", "grown", "case", "case-required", "hold", "retention", "review",
    "account",
    "sign-in", "sign-in-failed", "sign-out",
)  # fmt: skip


@click.group("log", cls=CommandGroup)
def command() -> None:
    """Show, verify and seal the event log: list, verify, seal.

    Every search, decision, index run, deletion, correction, sign-in and exported file has an entry
    with who did it and when. Each entry holds the digest of the one before, so that a change, a gap
    or another order shows. `docs/reference/event-log.md` describes the format.
    """


@command.command("list")
@option(
    "--event",
    "events",
    multiple=True,
    type=click.Choice(EVENTS),
    metavar="EVENT",
    help="Only such events; may be repeated.",
)
@option("--actor", callback=text_value, metavar="NAME", help="Only what this person did.")
@option("--case", callback=text_value, metavar="NUMBER", help="Only what belongs to this case.")
@option(
    "--last",
    type=click.IntRange(1),
    metavar="N",
    help=f"The newest N entries (the table: {LINES}; other formats: all).",
)
@format_option()
@archive_option
def list_(
    events: tuple[str, ...],
    actor: str | None,
    case: str | None,
    last: int | None,
    archive: Path,
    form: str,
) -> None:
    """List entries of the event log, oldest first.

    JSON holds all that is needed to verify the log with another program.
    """
    from reidsearch.domain.event_log import Event
    from reidsearch.output.emit import emit
    from reidsearch.output.event_log import entries_json, entries_view

    with reading_archive(archive) as opened:
        if form == "table" and last is None:
            last = LINES
        found = opened.log.entries(
            last=last, events=[Event(one) for one in events], case=case, actor=actor
        )
        if form == "table":
            emit(form, {}, entries_view(list(found)))
        else:
            emit(form, entries_json(opened.log.archive_id, found), rows="entries")


@command.command("verify")
@option(
    "--seal",
    "seals",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Compare with a seal that was kept elsewhere too; may be repeated.",
)
@format_option()
@archive_option
def verify(seals: tuple[Path, ...], archive: Path, form: str) -> int:
    """Verify the event log: name the first entry that does not hold, and all others.

    Compared are all entries, the decisions of the archive, and the seals. Ends with 1 where
    something does not hold.
    """
    from reidsearch.output.emit import emit
    from reidsearch.output.event_log import proof_json, proof_text

    with reading_archive(archive) as opened:
        faults = opened.log.faults(seals)
        entries, kept = opened.log.count(), len(opened.log.seals()) + len(seals)
    emit(form, proof_json(entries, kept, faults), proof_text(entries, kept, faults))
    return 1 if faults else 0


@command.command("seal")
@format_option()
@archive_option
def seal(archive: Path, form: str) -> None:
    """Seal the event log: record, print and keep up to where it goes now.

    A seal shows later whether entries before it were cut off. It is kept in the archive's folder
    `seals`; a copy elsewhere holds against whoever can write that folder.
    """
    from reidsearch.output.emit import emit
    from reidsearch.output.event_log import seal_json, seal_text

    with reading_archive(archive) as opened:
        made = opened.log.seal()
    emit(form, seal_json(made), seal_text(made))
