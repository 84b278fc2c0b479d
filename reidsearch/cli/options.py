"""Options that most commands share: the archive, its model, the hardware, what is printed."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reidsearch.cli.archive_type import ArchiveType
from reidsearch.cli.grouped import GENERAL, HARDWARE, OPTIONS, OUTPUT, option

if TYPE_CHECKING:
    from reidsearch.archive import Archive
    from reidsearch.base.address import Address
    from reidsearch.base.progress import Progress
    from reidsearch.base.settings import RuntimeSettings, Tiles
    from reidsearch.vision.engines import Engines

FORMATS = ("table", "json", "jsonl", "csv")

CASE = "reidsearch.case"
REASON = "reidsearch.reason"
"""Where the context keeps `--case` and `--reason`."""

F = TypeVar("F", bound=Callable[..., Any])


def archive_option(function: F) -> F:
    """`-a/--archive ARCHIVE`, passed as `archive: Address`."""
    return option(
        "-a",
        "--archive",
        "archive",
        group=GENERAL,
        type=ArchiveType(),
        default=Path("archive"),
        envvar="REIDSEARCH_ARCHIVE",
        metavar="DIR",
        help="Folder or URL; default: REIDSEARCH_ARCHIVE or ./archive.",
    )(function)


def archives_and_case_options(function: F) -> F:
    """`-a/--archive`, repeatable, passed as `archive: tuple[Address, ...]`, and `--case`."""
    return option(
        "-a",
        "--archive",
        "archive",
        group=GENERAL,
        type=ArchiveType(),
        multiple=True,
        default=(Path("archive"),),
        envvar="REIDSEARCH_ARCHIVE",
        metavar="DIR",
        help="Repeatable; default: REIDSEARCH_ARCHIVE or ./archive.",
    )(_case_option(function))


def archive_and_case_options(function: F) -> F:
    """`-a/--archive` as `archive_option`, and `--case`, which `case_of` gives."""
    return archive_option(_case_option(function))


def _case_option(function: F) -> F:
    return option(
        "--case",
        group=GENERAL,
        envvar="REIDSEARCH_CASE",
        callback=_case_value,
        expose_value=False,
        metavar="NUMBER",
        help="Case that this belongs to; default: REIDSEARCH_CASE.",
    )(function)


def archives_given(ctx: click.Context) -> tuple[Address, ...]:
    """Return the archives that a command was given: one, several, or none."""
    given = ctx.params.get("archive")
    if given is None:
        return ()
    return given if isinstance(given, tuple) else (given,)


def _case_value(ctx: click.Context, option: click.Parameter, value: str | None) -> None:
    ctx.meta[CASE] = text_value(ctx, option, value)


def reason_option(function: F) -> F:
    """`--reason`, of commands that search for a person; the archive is opened with it."""
    return option(
        "--reason",
        group=GENERAL,
        callback=_reason_value,
        expose_value=False,
        metavar="KIND",
        help="suspect|witness|victim|missing|exclude|other[: TEXT].",
    )(function)


def _reason_value(ctx: click.Context, option: click.Parameter, value: str | None) -> None:
    ctx.meta[REASON] = text_value(ctx, option, value)


def _given(name: str) -> str | None:
    """Return the case or the reason that the command was given."""
    context = click.get_current_context(silent=True)
    return context.meta.get(name) if context else None


def case_of(ctx: click.Context) -> str | None:
    """Return the case that a command was given, with `archive_and_case_options`."""
    given: str | None = ctx.meta.get(CASE)
    return given


def text_value(_ctx: click.Context, option: click.Parameter, value: str | None) -> str | None:
    """Refuse bytes that are not UTF-8: they could neither be stored nor shown.

    Raises:
        UsageError: naming the option.
    """
    if value is not None and not value.isprintable():
        from reidsearch.base.errors import UsageError

        raise UsageError(f"{option.opts[0]} {value!r} is not printable text")
    return value


def texts_value(
    ctx: click.Context, option: click.Parameter, value: Sequence[str]
) -> tuple[str, ...]:
    """Refuse bytes that are not UTF-8 in any of several texts; raises as `text_value`."""
    return tuple(text for one in value if (text := text_value(ctx, option, one)) is not None)


def format_option(*more: str) -> Callable[[F], F]:
    """Declare `--format`, passed as `form`.

    Args:
        more: formats beside table, json, jsonl and csv.
    """
    *others, last = (*FORMATS[1:], *more)
    return option(
        "--format",
        "form",
        group=OUTPUT,
        type=click.Choice([*FORMATS, *more]),
        default="table",
        metavar="FORMAT",
        help=f"table (default), {', '.join(others)} or {last}.",
    )


def tiles_option(
    help_: str, *, default: str | None = None, group: str = OPTIONS
) -> Callable[[F], F]:
    """Declare `--tiles`, passed as `tiles`.

    Args:
        default: where it is not given.
    """
    return option(
        "--tiles",
        group=group,
        callback=_tiles_value,
        default=default,
        metavar="auto|N",
        help=help_,
    )


def _tiles_value(_ctx: click.Context, option: click.Parameter, value: str | None) -> Tiles | None:
    if value is None or value == "auto":
        return value  # type: ignore[return-value]
    from reidsearch.base.settings import MOST_TILES

    if not (value.isascii() and value.isdigit() and 1 <= int(value[:9]) <= MOST_TILES):
        from reidsearch.base.errors import UsageError

        raise UsageError(
            f"{option.opts[0]} {value!r} is neither auto nor a number from 1 to {MOST_TILES}",
            "2 detects in 2 x 2 tiles beside the frame as a whole, 1 in the whole alone",
        )
    return int(value)


def model_options(function: F) -> F:
    """`--model`, `--model-path`, `--offline`: passed as `model`, `model_path`, `offline`."""
    return _model_option(model_path_options(function))


def which_model_options(function: F) -> F:
    """`--model`, `--model-path`: passed as `model`, `model_path`."""
    return _model_option(_model_path_option(function))


def model_path_options(function: F) -> F:
    """`--model-path`, `--offline`: passed as `model_path`, `offline`."""
    offline = option(
        "--offline",
        group=HARDWARE,
        is_flag=True,
        envvar="REIDSEARCH_OFFLINE",
        help="Never download a model.",
    )
    return _model_path_option(offline(function))


def _model_path_option(function: F) -> F:
    return option(
        "--model-path",
        group=HARDWARE,
        multiple=True,
        type=click.Path(path_type=Path, file_okay=False, exists=True),
        metavar="DIR",
        help="Folder of models beside REIDSEARCH_MODELS; repeatable.",
    )(function)


def _model_option(function: F) -> F:
    return option(
        "--model",
        group=HARDWARE,
        metavar="NAME|FILE",
        help="`models list` name, .xml, .onnx; default: archive's.",
    )(function)


def flip_option(function: F) -> F:
    """`--flip/--no-flip`, passed as `flip`; None when neither is given."""
    return option(
        "--flip/--no-flip",
        "flip",
        group=HARDWARE,
        default=None,
        help="Embed with the mirror image too; default: as stored.",
    )(function)


def runtime_options(function: F) -> F:
    """`--device`, passed as `device`; None when it is not given."""
    return option(
        "--device",
        group=HARDWARE,
        metavar="NAME",
        envvar="REIDSEARCH_DEVICE",
        help="CPU (default), GPU, NPU or AUTO.",
    )(function)


def decode_option(function: F) -> F:
    """`--decode-device`, passed as `decode_device`; None when it is not given."""
    return option(
        "--decode-device",
        group=HARDWARE,
        metavar="KIND",
        envvar="REIDSEARCH_DECODE_DEVICE",
        help="Decode by cuda, vaapi, qsv ...; default: software.",
    )(function)


def runtime_settings(
    device: str | None, archive: Address | None = None, decode_device: str | None = None
) -> RuntimeSettings:
    """Return the runtime settings that hold for an archive, with the devices of the options."""
    from dataclasses import replace

    from reidsearch.base.settings_file import read_settings

    runtime = read_settings(archive).runtime
    runtime = replace(runtime, device=device) if device else runtime
    return replace(runtime, decode_device=decode_device) if decode_device else runtime


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
                case=None if without_case else _given(CASE),
                reason=None if without_case else _given(REASON),
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
        case, reason = _given(CASE), _given(REASON)
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


def quiet_option(function: F) -> F:
    """`-q/--quiet`, passed as `quiet`."""
    return option("-q", "--quiet", group=OUTPUT, is_flag=True, help="Show no progress.")(function)
