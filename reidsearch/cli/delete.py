"""`reidsearch delete`: delete crops, and keep them out if wished."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reidsearch.cli.files import OutputFile, force_option, require_writable, write_file
from reidsearch.cli.filters import crops_option, filter_options, filters_from
from reidsearch.cli.grouped import OUTPUT, grouped_command, option
from reidsearch.cli.log_key import passphrase_file_option, usable_key
from reidsearch.cli.opening import reading_archive
from reidsearch.cli.options import archive_option, format_option, text_value
from reidsearch.cli.times import Duration
from reidsearch.output.terminal import say

if TYPE_CHECKING:
    from reidsearch.archive import Archive
    from reidsearch.base.address import Address
    from reidsearch.domain.pending import Pending
    from reidsearch.maintenance.erase import Erasure
    from reidsearch.store.log_key import LogKey


@grouped_command("delete")
@crops_option("--crop", "crops", help_="Only this crop.", group="Filters")
@filter_options
@option(
    "--identity",
    group="Filters",
    callback=text_value,
    metavar="NAME",
    help="All that shows it; alone, its name goes too.",
)
@option(
    "--older-than",
    group="Filters",
    type=Duration(1),
    metavar="30d",
    help="Of footage; or of indexing, if not known.",
)
@option(
    "--searches-of",
    callback=text_value,
    metavar="NUMBER",
    help="Of a case: what it was searched with.",
)
@option(
    "--keep-out/--no-keep-out",
    default=None,
    help="Never index it again; default: with --identity, --older-than.",
)
@option(
    "--backup",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Of a backup: what was deleted here since.",
)
@option(
    "--certificate",
    "certificates",
    group=OUTPUT,
    type=OutputFile((".json", ".pdf", ".html"), streams=False),
    multiple=True,
    metavar="FILE",
    help="What was erased: .json, .pdf or .html; repeatable.",
)
@passphrase_file_option
@force_option
@option("--dry-run", is_flag=True, help="Only count what would be deleted.")
@option("-y", "--yes", is_flag=True, help="Do not ask.")
@format_option()
@archive_option
def command(
    archive: Address,
    cameras: tuple[str, ...],
    not_cameras: tuple[str, ...],
    after: str | None,
    before: str | None,
    sources: tuple[str, ...],
    timezone: str | None,
    crops: tuple[int, ...],
    identity: str | None,
    older_than: Fraction | None,
    searches_of: str | None,
    keep_out: bool | None,
    backup: Path | None,
    certificates: tuple[Path, ...],
    passphrase_file: Path | None,
    dry_run: bool,
    yes: bool,
    form: str,
) -> int:
    """Delete crops: rows, pictures, embeddings, index entries.

    Counts first and asks. What is deleted is overwritten in the database and removed from the
    index at once; coverage and every answer say where something was deleted. The footage itself is
    not touched: indexing it again brings its crops back, unless they are kept out. What a hold
    keeps stays, which is told and ends with 1.
    """
    from rich.text import Text

    from reidsearch.base.errors import NotFound, StorageError, UsageError
    from reidsearch.base.progress import NO_PROGRESS
    from reidsearch.base.timecode import now
    from reidsearch.domain.pending import Cause
    from reidsearch.output.emit import emit
    from reidsearch.output.progress import progress_for
    from reidsearch.output.reports_json import deletion_json

    if backup is not None:
        if certificates or _asked(click.get_current_context().params):
            raise UsageError("--backup goes alone: it deletes what was deleted here since")
        _from_backup(archive, backup, form, dry_run=dry_run, yes=yes)
        return 0
    older = dt.timedelta(seconds=float(older_than)) if older_than else None
    aged = identity is not None or older is not None
    filters = filters_from(cameras, not_cameras, after, before, sources, timezone)
    with reading_archive(archive, NO_PROGRESS) as opened:  # which would draw over the question
        told: list[str] = []
        finished = () if dry_run else _finished(opened, form)
        try:
            plan = opened.plan_delete(
                filters,
                crop_ids=crops,
                permanent=aged if keep_out is None else keep_out,
                identity=identity,
                older_than=now() - older if older else None,
                searches_of=searches_of,
            )
        except NotFound as error:
            if not any(one.cause is Cause.DELETE for one in finished):
                raise
            # As after a deletion of just this that was cut off.
            emit(form, deletion_json([], finished=finished), Text(f"Now {error.message}."))
            return 0
        if form == "table":
            for line in _lines(plan):
                say(line)
        deleting = not plan.empty and not dry_run
        missing = False
        if deleting:
            require_writable(*certificates)
            if not yes:
                click.confirm("Delete them?", abort=True, err=True)
            if certificates:
                key = _key(opened, passphrase_file, yes)
                told, missing = _certified(opened, plan, certificates, key)
            else:
                with progress_for(name="delete") as progress:
                    opened.delete(plan, progress=progress)
            for line in told:
                say(line, err=form != "table")
    ids = plan.ids.tolist()
    document = deletion_json(
        ids,
        sources=plan.sources,
        footage=plan.footage,
        unknown_time=plan.unknown_time,
        unknown_camera=plan.unknown_camera,
        by_indexing=plan.by_indexing,
        identities=plan.identities,
        photos=plan.photos,
        searches=len(plan.searches),
        held=plan.held,
        deleted=deleting,
        finished=finished,
    )
    _tell(form, document, plan, deleting=deleting)
    if missing:
        return StorageError.exit_code
    return 1 if plan.held else 0


def _key(archive: Archive, passphrase_file: Path | None, yes: bool) -> LogKey | None:
    """Return the key that signs a certificate; None: there is none, or nobody gives its passphrase.

    Raises:
        InputError: the passphrase is wrong, or others may read the key.
    """
    from reidsearch.base.errors import InputError, Kind

    try:
        if yes and passphrase_file is None:  # nothing is to be asked
            return archive.log.key()
        return usable_key(archive.log, None, passphrase_file)
    except InputError as error:
        if error.kind != Kind.SIGNING_KEY_LOCKED:
            raise
    return None


def _certified(
    archive: Archive, plan: Erasure, certificates: tuple[Path, ...], key: LogKey | None
) -> tuple[list[str], bool]:
    """Delete, write certificates; return what is to be told, and whether a file is missing."""
    from reidsearch.base.errors import ReidsearchError
    from reidsearch.output.certificate import (
        certificate_file,
        certificate_lines,
        not_written_lines,
    )
    from reidsearch.output.progress import progress_for

    given = _asked(click.get_current_context().params)
    with progress_for(name="delete") as progress:
        proof = archive.maintenance.delete_certified(plan, given, key, progress)
    written, failed = [], []
    for path in certificates:
        try:
            write_file(path, certificate_file(proof, path, archive.location))
            written.append(path)
        except ReidsearchError as error:
            failed.append(error)
    kept = any(path.suffix.lower() == ".json" for path in written)
    for line in not_written_lines(proof, failed, kept=kept) if failed else ():
        say(line, err=True)
    return certificate_lines(proof, written), bool(failed)


def _tell(form: str, document: dict[str, Any], plan: Erasure, *, deleting: bool) -> None:
    from reidsearch.output.emit import emit
    from reidsearch.output.visible import count

    told = count(plan.sources, "source")  # one whose crops were deleted earlier has none to count
    if len(plan.ids):
        told = count(len(plan.ids), "crop")
    elif plan.identities:
        told = count(len(plan.identities), "identity", "identities")
    elif plan.searches:
        told = f"the details of {count(len(plan.searches), 'search', 'searches')}"
    emit(form, document, f"Deleted {told}." if deleting else None)


def _from_backup(archive: Address, folder: Path, form: str, *, dry_run: bool, yes: bool) -> None:
    from reidsearch.base.progress import NO_PROGRESS
    from reidsearch.output.emit import emit
    from reidsearch.output.progress import progress_for
    from reidsearch.output.reports_json import backup_erasure_json
    from reidsearch.output.visible import count

    with reading_archive(archive, NO_PROGRESS) as opened:
        found = opened.maintenance.erase_in_backup(folder, dry_run=True)
        told = f"{count(found.crops, 'crop')}, {count(found.identities, 'identity', 'identities')}"
        if form == "table":
            say(f"{told} of it were deleted here since")
        if not dry_run:  # the log tells of a backup that has lost it already, too
            if (found.crops or found.identities) and not yes:
                click.confirm("Delete them from the backup?", abort=True, err=True)
            with progress_for(name="delete") as progress:
                found = opened.maintenance.erase_in_backup(folder, progress=progress)
    document = backup_erasure_json(str(folder), found.crops, found.identities, found.sha256)
    emit(form, document, f"Deleted; SHA-256 {found.sha256}." if found.sha256 else None)


def _asked(given: dict[str, Any]) -> list[str]:
    """Return by what it was asked for, without what was given: a name may be a person's."""
    filters = ("crops", "cameras", "not_cameras", "after", "before", "sources")
    kinds = (*filters, "identity", "older_than", "searches_of")
    return [kind.replace("_", "-") for kind in kinds if given[kind]]


def _finished(archive: Archive, form: str) -> tuple[Pending, ...]:
    """Finish what an earlier deletion left to do, and say so."""
    from reidsearch.output.pending import finished_line
    from reidsearch.output.progress import progress_for

    with progress_for(name="delete") as progress:
        finished = archive.maintenance.finish(progress)
    for one in finished:
        say(finished_line(one), err=form != "table")
    return finished


def _lines(plan: Erasure) -> list[str]:
    from reidsearch.output.holds import held_lines
    from reidsearch.output.visible import count

    lines = [
        f"{count(len(plan.ids), 'crop')}, and {count(plan.sources, 'source')} without other crops"
    ]
    for number, unknown in ((plan.unknown_time, "time"), (plan.unknown_camera, "camera")):
        if number:
            stay = count(number, "crop stays", "crops stay")
            lines.append(f"{stay} because the {unknown} is not known")
    if plan.by_indexing:
        lines.append(f"{plan.by_indexing} of them by the time of indexing: theirs is not known")
    if plan.identities:
        names = count(len(plan.identities), "identity", "identities")
        lines.append(f"{names}, with the name and the notes of decisions on it")
    if plan.photos:
        lines.append(f"{count(len(plan.photos), 'reference photograph')} of it")
    if plan.searches:
        lines.append(f"what {count(len(plan.searches), 'search', 'searches')} asked and answered")
    return [*lines, *held_lines(plan.held)]
