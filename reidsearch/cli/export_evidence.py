"""`reidsearch export evidence` and `export verify`: a bundle that others can verify."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reidsearch.cli.files import force_option, is_forced, redact_option
from reidsearch.cli.grouped import OUTPUT, WrittenFile, argument, grouped_command, option
from reidsearch.cli.imprint import imprint_of
from reidsearch.cli.log_key import passphrase_file_option, usable_key
from reidsearch.cli.opening import reading_archive
from reidsearch.cli.options import archive_and_case_options, case_of, format_option, text_value

if TYPE_CHECKING:
    from reidsearch.archive import Archive
    from reidsearch.base.address import Address
    from reidsearch.output.evidence.manifest import Asked

LARGEST_BYTES = 1 << 28  # of an answer document


class BundleTarget(WrittenFile):
    """Where a bundle is written: a new folder or zip file, or with --force over a bundle."""

    name = "folder"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Refuse what could not be written in the end, before any work is done."""
        from reidsearch.base.errors import StorageError
        from reidsearch.output.evidence.packing import is_packed
        from reidsearch.output.evidence.write import is_bundle

        path = Path(value)
        packed = is_packed(path)
        if path.is_symlink() or (path.exists() and path.is_dir() == packed):
            self.fail(f"'{path}' is no {'file' if packed else 'folder'}", param, ctx)
        if path.exists() and (packed or any(path.iterdir())):
            if not is_bundle(path):
                self.fail(f"'{path}' holds other things than a bundle; give a new one", param, ctx)
            if not is_forced(ctx):
                self.fail(f"'{path}' exists; --force overwrites it", param, ctx)
        if not path.absolute().parent.is_dir():
            raise StorageError(f"{path} cannot be written: there is no folder {path.parent}")
        return path

    def require_harmless(self, path: Path, ctx: click.Context) -> None:
        """Refuse what an archive holds; see `protected`."""
        from reidsearch.cli.protected import require_harmless

        require_harmless(path, ctx, iter(()))


@dataclass(slots=True)
class _Found:
    """The findings as they are gathered."""

    crop_ids: list[int]
    by: list[str]
    decisions: set[int]
    photos: tuple[int, ...] = ()

    def add(self, by: str, crop_ids: list[int]) -> None:
        self.by.append(by)
        self.crop_ids += [one for one in crop_ids if one not in self.crop_ids]


@grouped_command("evidence")
@argument("crops", nargs=-1, type=int, metavar="[CROP]...")
@option(
    "--answer",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="JSON",
    help="Findings are the matches of a kept answer.",
)
@option(
    "--identity",
    callback=text_value,
    metavar="NAME",
    help="Findings are what was confirmed as an identity.",
)
@option(
    "--sources",
    type=click.Choice(["none", "copy", "whole"]),
    metavar="none|copy|whole",
    help="Original footage: none, stretches (default), or whole files.",
)
@option(
    "--margin",
    type=click.FloatRange(0, 3600),
    default=2.0,
    show_default=True,
    metavar="SECONDS",
    help="Time before the person appears and after they leave.",
)
@redact_option
@passphrase_file_option
@option("--no-caption", is_flag=True, help="Leave out the margin with camera, time and ids.")
@option(
    "-o",
    "--output",
    group=OUTPUT,
    type=BundleTarget(),
    metavar="FOLDER|ZIP",
    required=True,
    help="The folder to write, or NAME.zip for one file.",
)
@force_option
@format_option()
@archive_and_case_options
def evidence(
    crops: tuple[int, ...],
    answer: Path | None,
    identity: str | None,
    sources: str | None,
    margin: float,
    redact: str | None,
    passphrase_file: Path | None,
    no_caption: bool,
    output: Path,
    form: str,
    archive: Address,
) -> int:
    """Write an evidence bundle: footage, clips, stills, crops, log, and what verifies them.

    Findings are the crops given, the matches of an answer, the members of an identity, or, with
    --case alone, what was confirmed for the case. The bundle has the event log up to a seal that is
    made for it, without the details of other matters, and verify.py, which checks all of it offline
    with Python alone. Write the printed SHA-256 down elsewhere: it binds every file.
    With --redact there are no originals, and only people whom the archive holds are redacted: look
    at the clips before you give them away. Ends with 1 where something could not be put in.
    """
    import math

    from reidsearch.base.errors import StorageError, UsageError
    from reidsearch.output.emit import emit
    from reidsearch.output.evidence.made import made_json, made_text
    from reidsearch.output.evidence.write import write_bundle
    from reidsearch.output.progress import progress_for

    if math.isnan(margin):
        raise UsageError("--margin is not a number")
    if redact and sources in {"copy", "whole"}:
        raise UsageError(
            "a redacted bundle cannot hold originals, which show everybody",
            "leave out --sources, or --redact",
        )
    as_given = {
        "sources": "none" if redact else sources or "copy",
        "margin_s": margin,
        "caption": not no_caption,
    }
    case = case_of(click.get_current_context())
    with progress_for(name="export evidence") as progress, reading_archive(archive) as opened:
        asked = _asked(opened, crops, answer, identity, case, redact, as_given)
        key = usable_key(opened.log, None, passphrase_file)
        try:
            made = write_bundle(
                output.absolute(),
                asked,
                opened,
                imprint_of(opened),
                seal=lambda: opened.log.seal(key),
                replace=is_forced(click.get_current_context()),
                progress=progress,
            )
        except OSError as error:
            raise StorageError(f"{output} cannot be written: {error.strerror}") from error
    emit(form, made_json(made, str(output)), made_text(made, str(output), asked.redact))
    return 1 if made.missing else 0


def _asked(
    archive: Archive,
    crops: tuple[int, ...],
    answer: Path | None,
    identity: str | None,
    case: str | None,
    redact: str | None,
    as_given: dict[str, Any],
) -> Asked:
    """Gather the findings.

    Raises:
        UsageError: there are none.
        NotFound: there is no such identity or crop.
    """
    from reidsearch.base.errors import UsageError
    from reidsearch.domain.redaction import Redaction
    from reidsearch.output.evidence.manifest import Asked

    found = _Found([], [], set())
    kept, entry = None, None
    if crops:
        for one in crops:
            archive.crop(one)
        found.add("crops", list(crops))
    if answer is not None:
        kept, entry = _of_answer(archive, answer, found)
    if identity is not None:
        story = archive.identities.show(identity)
        found.decisions |= {one.decision_id for one in story.decisions}
        found.photos = tuple(one.photo_id for one in story.photos if one.case in (None, case))
        found.add("identity", [one.crop_ids[0] for one in story.members if one.crop_ids])
    if not found.by and case is not None:
        _of_case(archive, case, found)
    if not found.crop_ids:
        raise UsageError(
            "there is nothing that was found, to be put into a bundle",
            "give crops, --answer JSON, --identity NAME, or a --case with confirmed matches",
        )
    return Asked(
        crop_ids=tuple(found.crop_ids),
        by=tuple(found.by),
        case=archive.cases.find(case) if case else None,
        identity=identity,
        answer=kept,
        answer_entry=entry,
        photos=found.photos,
        decisions=frozenset(found.decisions),
        redact=Redaction(redact) if redact else None,
        **as_given,
    )


def _of_answer(archive: Archive, answer: Path, found: _Found) -> tuple[bytes, int | None]:
    """Add the matches of a kept answer; return its bytes and the entry of the log it names."""
    from reidsearch.base.errors import InputError, Kind, UsageError
    from reidsearch.base.reading import parse_json, read_bytes
    from reidsearch.domain.answer_reading import read_answer

    data = read_bytes(answer, LARGEST_BYTES)
    try:
        given = read_answer(parse_json(data))
    except ValueError as error:
        raise InputError(f"{answer} cannot be read as JSON: {error}") from error
    if given.statement.archive_id != archive.archive_id:
        raise UsageError(
            f"the answer is of another archive ({given.statement.archive_id}) than "
            f"{archive.location} ({archive.archive_id})",
            kind=Kind.ANSWER_OF_ANOTHER,
        )
    found.add("answer", [one.crop.crop_id for one in given.matches])
    logged = given.statement.logged
    return data, logged.entry if logged else None


def _of_case(archive: Archive, case: str, found: _Found) -> None:
    """Add what was confirmed for a case and still is: of each member the crop it was named by."""
    from reidsearch.domain.decisions import Of
    from reidsearch.domain.event_log import Event

    entries = archive.log.entries(events=[Event.DECISION], case=case)
    numbers = {(one.said or {}).get("decision") for one in entries}
    made = [one for one in archive.identities.decisions() if one.decision_id in numbers]
    members = [
        (change.member, change.crops)
        for one in made
        for change in one.changes
        if change.of is Of.MEMBER and change.after is not None and one.undone_by is None
    ]
    found.decisions |= {one.decision_id for one in made}
    best = archive.identities.best_crops(member for member, _ in members if member is not None)
    crop_ids = []
    for member, named in members:
        if named:
            crop_ids += list(named)
        elif member in best:
            crop_ids.append(best[member])
    found.add("case", crop_ids)


@grouped_command("verify")
@argument("bundle", type=click.Path(path_type=Path, exists=True))
@option(
    "--manifest",
    "expected",
    default="",
    callback=text_value,
    metavar="SHA256",
    help="Digest of manifest.json that was written down elsewhere.",
)
@option(
    "--seal",
    "seals",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="FILE",
    help="Compare with a seal that was kept elsewhere too; may be repeated.",
)
@format_option()
def verify(bundle: Path, expected: str, seals: tuple[Path, ...], form: str) -> int:
    """Verify an evidence bundle, a folder or its zip, as the verify.py inside it does.

    Compared are all files with the manifest, the manifest with the SHA-256 that was written down
    when the bundle was made, and the log with its seals and signatures. No archive is needed. Ends
    with 1 where something does not hold.
    """
    from reidsearch.output.emit import emit
    from reidsearch.output.evidence.made import verified_json
    from reidsearch.output.evidence.packing import verify_packed
    from reidsearch.output.verifying.evidence import told, verify_bundle

    given = tuple(map(str, seals))
    if bundle.is_file():
        findings = verify_packed(bundle, expected, given)
    else:
        findings = verify_bundle(str(bundle), expected, given)
    emit(form, verified_json(findings, str(bundle)), told(findings))
    return 1 if findings.faults else 0
