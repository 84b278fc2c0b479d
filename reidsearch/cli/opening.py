"""Opening the archive of a command, with its models or without, as its options say."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reidsearch.cli.model_options import runtime_settings
from reidsearch.cli.options import CASE, REASON, given_value

if TYPE_CHECKING:
    from reidsearch.archive import Archive
    from reidsearch.base.address import Address
    from reidsearch.base.progress import Progress
    from reidsearch.vision.engines import Engines


@contextlib.contextmanager
def opened_archive(
    archive: Address,
    model: str | None,
    model_path: tuple[Path, ...],
    offline: bool,
    device: str | None,
    *,
    flip: bool | None = None,
    create: bool = False,
    first: Callable[[Engines], object] | None = None,
    logged: bool = True,
    json_lines: bool = False,
    quiet: bool = False,
    shows_pending: bool = False,
    without_case: bool = False,
    embeds: bool = False,
    detects: bool = False,
    decode_device: str | None = None,
) -> Iterator[tuple[Archive, Progress]]:
    """The archive with its model, as these options say, and progress.

    For `shows_pending` see `reading_archive`.

    Args:
        first: loads the models that a new archive cannot be without, before it is made.
        without_case: leave out the case and the reason that the command was given.
        embeds: a few pictures will be embedded: what does so is loaded while the archive is opened.
        detects: people will be looked for in them; so is what does that.
    """
    from reidsearch.output.progress import progress_for
    from reidsearch.vision.engines import Engines

    shown = progress_for(json_lines=json_lines, quiet=quiet, name=command_name())
    with contextlib.ExitStack() as stack:
        progress = stack.enter_context(shown)
        engines = Engines(
            model=model,
            flip=flip,
            model_path=model_path,
            offline=offline,
            runtime=runtime_settings(device, archive, decode_device),
            progress=progress,
        )
        stack.callback(engines.close)
        if embeds:
            engines.load_ahead(detector=detects)
        from reidsearch.archive import Archive  # takes as long to import as the models to load

        opened = stack.enter_context(
            Archive.open(
                archive,
                create=create,
                first=first,
                logged=logged,
                engines=engines,
                progress=progress,
                case=None if without_case else given_value(CASE),
                reason=None if without_case else given_value(REASON),
            )
        )
        stack.enter_context(_telling_pending(opened, shown=shows_pending))
        show_times_of(opened)
        _keep(opened)
        yield opened, progress


def _keep(opened: Archive) -> None:
    """Let the end of the process free the memory of models: freeing one takes 20 ms."""
    context = click.get_current_context(silent=True)
    kept = context.find_object(list) if context else None
    if kept is not None:
        kept.append(opened)


def show_times_of(archive: Archive) -> None:
    """Show times in the archive's zone; without one in the machine's."""
    from reidsearch.base.timecode import parse_zone
    from reidsearch.output.times import use_zone

    name = archive.timezone
    use_zone(parse_zone(name) if name else None)


@contextlib.contextmanager
def reading_archive(
    archive: Address, progress: Progress | None = None, *, shows_pending: bool = False
) -> Iterator[Archive]:
    """Open an archive without its model; times are shown in its zone.

    Args:
        progress: of the command; None: one that tells of whatever takes long.
        shows_pending: the command's own output tells of pending work; others tell at their end.
    """
    from reidsearch.archive import Archive
    from reidsearch.output.progress import progress_for

    with contextlib.ExitStack() as stack:
        told = progress or stack.enter_context(progress_for(name=command_name()))
        case, reason = given_value(CASE), given_value(REASON)
        opened = stack.enter_context(Archive.open(archive, progress=told, case=case, reason=reason))
        stack.enter_context(_telling_pending(opened, shown=shows_pending))
        show_times_of(opened)
        yield opened


@contextlib.contextmanager
def _telling_pending(archive: Archive, *, shown: bool) -> Iterator[None]:
    """Say at the end of a command, whatever became of it, what is still pending."""
    from reidsearch.base.errors import Kind, ReidsearchError

    try:
        yield
    except ReidsearchError as error:
        shown |= error.kind == Kind.DELETION_UNFINISHED
        raise
    finally:
        if not shown:
            with contextlib.suppress(ReidsearchError):
                _tell_pending(archive)


def _tell_pending(archive: Archive) -> None:
    if pending := archive.pending():
        from reidsearch.output.pending import pending_lines
        from reidsearch.output.terminal import say

        for line in pending_lines(pending, archive.location):
            say(line, err=True)


def command_name() -> str:
    """Return the name of the command that runs, for its progress."""
    context = click.get_current_context(silent=True)
    return (context.info_name if context else None) or "working"
