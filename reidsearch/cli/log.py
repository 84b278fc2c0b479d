"""`reidsearch log`: what was done with an archive, by whom; proving and sealing that record."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reidsearch.cli.grouped import CommandGroup, option
from reidsearch.cli.log_key import command as key_command
from reidsearch.cli.log_key import passphrase_file_option, usable_key
from reidsearch.cli.opening import reading_archive
from reidsearch.cli.options import archive_option, format_option, text_value

if TYPE_CHECKING:
    from reidsearch.base.address import Address

LINES = 50
EVENTS = (
    "begin", "search", "search-end", "explain", "nearby", "company", "next", "intersection",
    "decision", "index", "index-end", "export", "playback", "shown", "backup", "backup-erase",
    "restore", "copy", "copied", "migrate", "repair", "repair-end", "annotate", "annotate-end",
    "link", "quantize", "prepare-reranking", "seal", "key", "forget", "merge", "merge-end",
    "delete", "reembed", "pictures", "clock", "clock-suggest", "calibrate", "forget-calibration",
    "timezone", "relocate", "grown", "case", "case-required", "hold", "ground", "keeps", "distance",
    "place", "saved", "retention", "review", "account", "photo", "replay", "sign-in",
    "sign-in-failed", "sign-out",
)  # fmt: skip


@click.group("log", cls=CommandGroup)
def command() -> None:
    """Show, verify and seal the event log: list, verify, seal, key.

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
    archive: Address,
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
@option(
    "--certificate",
    "certificates",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Verify a certificate of `delete` too; may be repeated.",
)
@option(
    "--tsa-ca",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Certificates (PEM) of authorities whose time stamps are trusted.",
)
@format_option()
@archive_option
def verify(
    seals: tuple[Path, ...],
    certificates: tuple[Path, ...],
    tsa_ca: Path | None,
    archive: Address,
    form: str,
) -> int:
    """Verify the event log: name the first entry that does not hold, and all others.

    Compared are all entries, the decisions of the archive, and the seals with their signatures.
    The signature of a seal is looked for beside it, as .sig, its time stamp as .tsr. Of an erasure
    certificate its signature is verified (JSON), and that the log says it was written so. Ends
    with 1 where something does not hold.
    """
    from reidsearch.output.certificate import proofs_text
    from reidsearch.output.emit import emit
    from reidsearch.output.event_log import proof_json, proof_text

    with reading_archive(archive) as opened:
        proof = opened.log.proof(seals, tsa_ca)
        certified = [opened.log.prove_certificate(path) for path in certificates]
    text = "\n".join([proof_text(proof), *([proofs_text(certified)] if certified else [])])
    emit(form, proof_json(proof, certified), text)
    return 1 if proof.faults or any(one.faults for one in certified) else 0


@command.command("seal")
@option(
    "--key",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Sign with this key; default: the archive's, if there is one.",
)
@passphrase_file_option
@option(
    "--timestamp",
    metavar="URL",
    callback=text_value,
    help="Let this service (RFC 3161) say when; default: timestamp_url.",
)
@format_option()
@archive_option
def seal(
    key: Path | None,
    passphrase_file: Path | None,
    timestamp: str | None,
    archive: Address,
    form: str,
) -> int:
    """Seal the event log: record, print and keep up to where it goes now.

    A seal shows later whether entries before it were cut off. It is kept in the archive's folder
    `seals`; a copy elsewhere holds against whoever can write that folder. It is signed where there
    is a key (`log key new`). A time stamp service gets the seal's SHA-256 and nothing else; ends
    with 1 where it gave no time stamp.
    """
    from reidsearch.base.errors import InputError, SomeFailed
    from reidsearch.base.settings_file import read_settings
    from reidsearch.output.emit import emit
    from reidsearch.output.event_log import seal_json, seal_text

    with reading_archive(archive) as opened:
        made = opened.log.seal(usable_key(opened.log, key, passphrase_file))
        signature = opened.log.signature(made)
        emit(form, seal_json(made, signature), seal_text(made, signature))
        url = timestamp or read_settings().log.timestamp_url
        if url is None:
            return 0
        try:
            opened.log.stamp(made, url)
        except InputError as error:
            raise error.reworded(f"the seal is kept, but {error.message}", SomeFailed) from error
    return 0


command.add_command(key_command)
