"""Options that several commands share, so that they read the same everywhere."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reidsearch.cli.grouped import GENERAL, HARDWARE, OPTIONS, OUTPUT, option

if TYPE_CHECKING:
    from reidsearch.archive import Archive
    from reidsearch.base.progress import Progress
    from reidsearch.base.settings import RuntimeSettings
    from reidsearch.domain.decisions import Transits
    from reidsearch.domain.request import Filters

FORMATS = ("table", "json", "jsonl", "csv")

F = TypeVar("F", bound=Callable[..., Any])


class CountOrAll(click.ParamType[int | None]):
    """A number of 1 or more, or `all`, which becomes None."""

    name = "N|all"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | None:
        """Read what was given."""
        if value == "all":
            return None
        number: int = click.IntRange(1).convert(value, param, ctx)
        return number


def archive_option(function: F) -> F:
    """`-a/--archive DIR`, passed as `archive: Path`."""
    return option(
        "-a",
        "--archive",
        "archive",
        group=GENERAL,
        type=click.Path(path_type=Path, file_okay=True),
        default=Path("archive"),
        envvar="REIDSEARCH_ARCHIVE",
        show_default="./archive",
        show_envvar=True,
        help="The archive's folder.",
    )(function)


def text_value(_ctx: click.Context, option: click.Parameter, value: str | None) -> str | None:
    """Refuse bytes that are not UTF-8: they could neither be stored nor shown.

    Raises:
        UsageError: naming the option.
    """
    if value is not None and not value.isprintable():
        from reidsearch.base.errors import UsageError

        raise UsageError(f"{option.opts[0]} {value!r} is no printable text")
    return value


def format_option(*more: str) -> Callable[[F], F]:
    """Declare `--format`, passed as `form`.

    Args:
        more: formats beside table, json, jsonl and csv.
    """
    return option(
        "--format",
        "form",
        group=OUTPUT,
        type=click.Choice([*FORMATS, *more]),
        default="table",
        show_default=True,
        help="How the result is printed.",
    )


def json_option(function: F) -> F:
    """`--json`, passed as `as_json`."""
    return option("--json", "as_json", is_flag=True, help="JSON instead of text.")(function)


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
        help="Folder of models in Open Model Zoo layout; may be repeated. "
        "REIDSEARCH_MODELS holds more, separated as in PATH.",
    )(function)


def _model_option(function: F) -> F:
    return option(
        "--model",
        group=HARDWARE,
        metavar="NAME|FILE",
        help="Catalogue name, name/precision, `builtin`, or an .xml/.onnx file. "
        "Default: the archive's model, else the catalogue's default.",
    )(function)


def flip_option(function: F) -> F:
    """`--flip/--no-flip`, passed as `flip`; None when neither is given."""
    return option(
        "--flip/--no-flip",
        "flip",
        group=HARDWARE,
        default=None,
        help="Embed every crop as the mean of itself and its mirror image, in twice the time. "
        "Default: as the archive's crops are embedded, else not.",
    )(function)


def runtime_options(function: F) -> F:
    """`--device`, passed as `device`; None when it is not given."""
    return option(
        "--device",
        group=HARDWARE,
        show_default="CPU",
        envvar="REIDSEARCH_DEVICE",
        help="OpenVINO device: CPU, GPU, NPU, AUTO.",
    )(function)


def runtime_settings(device: str | None, archive: Path | None = None) -> RuntimeSettings:
    """Return the runtime settings that hold for an archive, with the device of the option."""
    from dataclasses import replace

    from reidsearch.base.settings_file import read_settings

    runtime = read_settings(archive).runtime
    return replace(runtime, device=device) if device else runtime


@contextlib.contextmanager
def opened_archive(
    archive: Path,
    model: str | None,
    model_path: tuple[Path, ...],
    offline: bool,
    device: str | None,
    *,
    flip: bool | None = None,
    create: bool = False,
    json_lines: bool = False,
    quiet: bool = False,
) -> Iterator[tuple[Archive, Progress]]:
    """The archive with its model, as these options say, and progress."""
    from reidsearch.archive import Archive
    from reidsearch.output.progress import progress_for

    with (
        progress_for(json_lines=json_lines, quiet=quiet) as progress,
        Archive.open(
            archive,
            create=create,
            model=model,
            flip=flip,
            model_path=model_path,
            offline=offline,
            runtime=runtime_settings(device, archive),
            progress=progress,
        ) as opened,
    ):
        show_times_of(opened)
        yield opened, progress


def show_times_of(archive: Archive) -> None:
    """Show times in the archive's zone; without one in the machine's."""
    from reidsearch.base.timecode import parse_zone
    from reidsearch.output.times import use_zone

    name = archive.timezone
    use_zone(parse_zone(name) if name else None)


@contextlib.contextmanager
def reading_archive(archive: Path) -> Iterator[Archive]:
    """Open an archive without its model; times are shown in its zone."""
    from reidsearch.archive import Archive

    with Archive.open(archive) as opened:
        show_times_of(opened)
        yield opened


def filter_options(function: F) -> F:
    """What part of the archive: passed as `cameras`, `not_cameras`, `after`, `before`, ..."""
    for declare in (
        option(
            "--timezone",
            group="Filters",
            metavar="ZONE",
            help="Zone of times without one: UTC, +02:00, Europe/Berlin. Default: the archive's "
            "(the first that `index` was given), else the machine's.",
        ),
        option(
            "--source",
            "sources",
            group="Filters",
            multiple=True,
            metavar="TEXT",
            help="Part of a location, or the start of a source's SHA-256; may be repeated.",
        ),
        option(
            "--before",
            group="Filters",
            metavar="TIME",
            help="Only crops before this time: 2024-05-31, '2024-05-31 14:00'.",
        ),
        option(
            "--after", group="Filters", metavar="TIME", help="Only crops at or after this time."
        ),
        option(
            "--not-camera",
            "not_cameras",
            group="Filters",
            multiple=True,
            metavar="NAME",
            help="Not this camera.",
        ),
        option(
            "--camera",
            "cameras",
            group="Filters",
            multiple=True,
            metavar="NAME",
            help="Only this camera.",
        ),
    ):
        function = declare(function)
    return function


def attribute_options(function: F) -> F:
    """What they wear and carry: passed as `wearing`, `with_things`, `without_things`."""
    for declare in (
        option(
            "--without",
            "without_things",
            group="Filters",
            multiple=True,
            metavar="THING",
            help="Only people without it; as --with.",
        ),
        option(
            "--with",
            "with_things",
            group="Filters",
            multiple=True,
            metavar="THING",
            help="Only people with a bag, backpack, hat, long-trousers or long-hair; may be "
            "repeated.",
        ),
        option(
            "--wearing",
            group="Filters",
            multiple=True,
            metavar="COLOUR",
            help="Only people in this colour: red, upper:red, lower:blue,black (either); may be "
            "repeated (both). Needs `reidsearch annotate`.",
        ),
    ):
        function = declare(function)
    return function


def filters_from(
    cameras: tuple[str, ...],
    not_cameras: tuple[str, ...],
    after: str | None,
    before: str | None,
    sources: tuple[str, ...],
    timezone: str | None,
    wearing: tuple[str, ...] = (),
    with_things: tuple[str, ...] = (),
    without_things: tuple[str, ...] = (),
) -> Filters:
    """The `Filters` that `filter_options` and `attribute_options` describe.

    Raises:
        UsageError: a time, zone or attribute cannot be read.
    """
    from reidsearch.cli.times import moment
    from reidsearch.domain.attributes import require_things, worn
    from reidsearch.domain.request import Filters

    require_things((*with_things, *without_things))
    for text in wearing:
        worn(text)

    archive: Path = click.get_current_context().params["archive"]
    return Filters(
        cameras=cameras,
        not_cameras=not_cameras,
        after=moment("--after", after, timezone, archive=archive),
        before=moment("--before", before, timezone, archive=archive),
        sources=sources,
        wearing=wearing,
        with_things=with_things,
        without_things=without_things,
    )


class CropIds(click.ParamType[tuple[int, ...]]):
    """One or more crop ids: `7` or `1,6`."""

    name = "crop"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        """Read ids that commas separate."""
        try:
            return tuple(int(part) for part in str(value).split(","))
        except ValueError:
            self.fail(f"{value!r} is not a crop id, nor several with commas", param, ctx)


def crops_option(*names: str, help_: str, group: str = OPTIONS) -> Callable[[F], F]:
    """Declare an option for crop ids, as `--crop 1,6` or `--crop 1 --crop 6`, passed as a tuple."""
    return option(
        *names,
        group=group,
        multiple=True,
        type=CropIds(),
        metavar="CROP[,CROP]",
        callback=_joined,
        help=f"{help_} May be repeated.",
    )


def _joined(
    _ctx: click.Context, _option: click.Parameter, value: Sequence[tuple[int, ...]]
) -> tuple[int, ...]:
    return tuple(itertools.chain.from_iterable(value))


def transit_options(function: F) -> F:
    """`--min-transit A B SECONDS`, `--transits FILE`: passed as `min_transits`, `transits`."""
    for declare in (
        option(
            "--transits",
            group="Travel times",
            type=click.Path(path_type=Path, dir_okay=False),
            metavar="FILE",
            help="The same as a CSV table: from,to,seconds.",
        ),
        option(
            "--min-transit",
            "min_transits",
            group="Travel times",
            type=(str, str, float),
            multiple=True,
            metavar="CAMERA CAMERA SECONDS",
            help="Nobody gets from one to the other in less; may be repeated.",
        ),
    ):
        function = declare(function)
    return function


def transits_from(min_transits: tuple[tuple[str, str, float], ...], path: Path | None) -> Transits:
    """The `Transits` that `transit_options` describe.

    Raises:
        UsageError: a transit makes no sense.
        InputError: the file cannot be read.
    """
    from reidsearch.linking.transits import read_transits, transits_of

    return transits_of([*min_transits, *(read_transits(path) if path else [])])


def decision_options(function: F) -> F:
    """`--note TEXT`, passed as `note`."""
    return option(
        "--note", default="", metavar="TEXT", callback=text_value, help="Reason, kept in the log."
    )(function)


def proposal_option(function: F) -> F:
    """`--proposal N`, passed as `proposal`."""
    return option("--proposal", type=int, metavar="N", help="All members of a proposal of `link`.")(
        function
    )


def conflicts_option(function: F) -> F:
    """`--ignore-conflicts`, passed as `ignore_conflicts`."""
    return option(
        "--ignore-conflicts",
        is_flag=True,
        help="Ignore conflicts of time and earlier rejections.",
    )(function)


def quiet_option(function: F) -> F:
    """`-q/--quiet`, passed as `quiet`."""
    return option("-q", "--quiet", group=OUTPUT, is_flag=True, help="Show no progress.")(function)
