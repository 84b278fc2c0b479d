"""Options that say which crops: by id, by filters, by what people wear, and how many."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from fractions import Fraction
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reidsearch.cli.grouped import OPTIONS, option
from reidsearch.cli.options import archives_given
from reidsearch.cli.times import Duration

if TYPE_CHECKING:
    from reidsearch.base.address import Address
    from reidsearch.domain.request import Filters

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
        help=f"{help_} Repeatable.",
    )


def _joined(
    _ctx: click.Context, _option: click.Parameter, value: Sequence[tuple[int, ...]]
) -> tuple[int, ...]:
    return tuple(itertools.chain.from_iterable(value))


def filter_options(function: F) -> F:
    """What part of the archive: passed as `cameras`, `not_cameras`, `after`, `before`, ..."""
    for declare in (
        option(
            "--timezone",
            group="Filters",
            metavar="ZONE",
            help="Zone of these times; default: the archive's.",
        ),
        option(
            "--source",
            "sources",
            group="Filters",
            multiple=True,
            metavar="TEXT",
            help="Only sources with this in their path or SHA-256.",
        ),
        option(
            "--before",
            group="Filters",
            metavar="TIME",
            help="Only before: 2024-05-31, '31.05.2024 14:00'.",
        ),
        option(
            "--after",
            group="Filters",
            metavar="TIME",
            help="Only at or after; forms as --before.",
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


def time_of_day_option(function: F) -> F:
    """Hours of every day: passed as `time_of_day`."""
    return option(
        "--time-of-day",
        group="Filters",
        metavar="FROM-TO",
        help="Only at these hours of a day: 22:00-06:00.",
    )(function)


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What the options of `narrowing_options` say, as they were given."""

    weekday: str | None = None
    indexed_after: str | None = None
    unreviewed: bool = False
    no_identity: bool = False
    regions: tuple[str, ...] = ()
    crossings: tuple[str, ...] = ()
    direction: str | None = None
    dwell: Fraction | None = None


def narrowing_options(function: F) -> F:
    """Days, decisions and places: gathered, and passed as `narrowed`, a `Narrowed`."""
    names = [field.name for field in fields(Narrowed)]

    @wraps(function)
    def gathered(*args: Any, **given: Any) -> Any:
        narrowed = Narrowed(**{name: given.pop(name) for name in names})
        return function(*args, narrowed=narrowed, **given)

    declared: Any = gathered
    for declare in (
        option(
            "--dwell",
            group="Filters",
            type=Duration(least=0),
            metavar="DURATION",
            help="Only who stays so long: in the region, or in view.",
        ),
        option(
            "--direction",
            group="Filters",
            type=click.Choice(["in", "out"]),
            help="The only way of crossing: in is to the right.",
        ),
        option(
            "--crossing",
            "crossings",
            group="Filters",
            multiple=True,
            metavar="LINE",
            help="Only who crosses: gate:'0,0.6 1,0.6', or a name.",
        ),
        option(
            "--region",
            "regions",
            group="Filters",
            multiple=True,
            metavar="REGION",
            help="Only who is in: gate:'0,0.5 1,0.5 1,1', or a name.",
        ),
        option(
            "--no-identity",
            group="Filters",
            is_flag=True,
            help="Only what is confirmed of no identity.",
        ),
        option(
            "--unreviewed",
            group="Filters",
            is_flag=True,
            help="Only what nobody has confirmed or rejected.",
        ),
        option(
            "--indexed-after",
            group="Filters",
            metavar="TIME|RUN",
            help="Only what was indexed since, or after this run.",
        ),
        option(
            "--weekday",
            group="Filters",
            metavar="DAYS",
            help="Only on these days: mon-fri, or sat,sun.",
        ),
    ):
        declared = declare(declared)
    return declared  # type: ignore[no-any-return]


def _narrowing(given: Narrowed, timezone: str | None, archive: Address) -> dict[str, Any]:
    """Return fields of `Filters`.

    Raises:
        UsageError: one cannot be read; naming the option.
    """
    from reidsearch.base.errors import UsageError
    from reidsearch.base.weekdays import Weekdays
    from reidsearch.cli.times import moment
    from reidsearch.domain.filters import LONGEST_RUN
    from reidsearch.domain.places import Line, Region

    def read(option: str, reading: Callable[[str], Any], text: str) -> Any:
        try:
            return reading(text)
        except UsageError as error:
            raise UsageError(f"{option}: {error.message}", error.hint) from error

    since: str | None = given.indexed_after
    run: int | None = None
    if since is not None and since.isdecimal() and len(since) < LONGEST_RUN:
        run, since = int(since), None
    days = given.weekday
    if given.direction is not None and not given.crossings:
        raise UsageError("--direction needs a line: --crossing")
    if given.dwell is not None and not given.dwell:
        raise UsageError("--dwell 0 would let everybody pass", "leave it out")
    return {
        "weekdays": None
        if days is None
        else read("--weekday", lambda text: Weekdays.read(text, timezone), days),
        "indexed_after": moment("--indexed-after", since, timezone, archive=archive),
        "indexed_after_run": run,
        "unreviewed": given.unreviewed,
        "no_identity": given.no_identity,
        "regions": tuple(read("--region", Region.read, one) for one in given.regions),
        "crossings": tuple(read("--crossing", Line.read, one) for one in given.crossings),
        "direction": given.direction,
        "dwell_s": None if given.dwell is None else float(given.dwell),
    }


def attribute_options(function: F) -> F:
    """What they wear and carry: passed as `wearing`, `with_things`, `without_things`."""
    for declare in (
        option(
            "--without",
            "without_things",
            group="Filters",
            multiple=True,
            metavar="THING",
            help="Only people without such a thing.",
        ),
        option(
            "--with",
            "with_things",
            group="Filters",
            multiple=True,
            metavar="THING",
            help="With bag, backpack, hat, long-trousers, long-hair.",
        ),
        option(
            "--wearing",
            group="Filters",
            multiple=True,
            metavar="COLOUR",
            help="In red, upper:red, lower:blue,black (`annotate`).",
        ),
    ):
        function = declare(function)
    return function


@dataclass(frozen=True, slots=True)
class Filtering:
    """What the options of `search_filters` or `lasting_filters` say, as they were given."""

    cameras: tuple[str, ...]
    not_cameras: tuple[str, ...]
    after: str | None
    before: str | None
    sources: tuple[str, ...]
    timezone: str | None
    time_of_day: str | None
    narrowed: Narrowed
    wearing: tuple[str, ...] = ()
    with_things: tuple[str, ...] = ()
    without_things: tuple[str, ...] = ()

    @property
    def narrows(self) -> bool:
        """Whether anything is left out; a zone alone leaves out nothing."""
        blank = Filtering((), (), None, None, (), self.timezone, None, Narrowed())
        return self != blank

    def filters(self) -> Filters:
        """Read them; raises as `filters_from`."""
        return filters_from(**{field.name: getattr(self, field.name) for field in fields(self)})


def search_filters(function: F) -> F:
    """All filters of a search: gathered, and passed as `filtering`, a `Filtering`."""
    return _lasting(attribute_options(_gathered(function)))


def lasting_filters(function: F) -> F:
    """All but attributes, which are recorded after what an index run brings was asked for."""
    return _lasting(_gathered(function))


def _lasting(function: F) -> F:
    return filter_options(time_of_day_option(narrowing_options(function)))


def _gathered(function: F) -> F:
    names = [field.name for field in fields(Filtering)]

    @wraps(function)
    def gathered(*args: Any, **given: Any) -> Any:
        filtering = Filtering(**{name: given.pop(name) for name in names if name in given})
        return function(*args, filtering=filtering, **given)

    return gathered  # type: ignore[return-value]


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
    time_of_day: str | None = None,
    narrowed: Narrowed = Narrowed(),
) -> Filters:
    """The `Filters` that the options above describe.

    Raises:
        UsageError: a time, zone or attribute cannot be read.
    """
    from reidsearch.base.errors import UsageError
    from reidsearch.base.time_of_day import TimeOfDay
    from reidsearch.base.timecode import parse_zone
    from reidsearch.cli.times import moment
    from reidsearch.domain.attributes import require_things, worn
    from reidsearch.domain.request import Filters

    require_things((*with_things, *without_things))
    for text in wearing:
        worn(text)

    archive: Address = archives_given(click.get_current_context())[0]  # whose zone times are in
    hours = None
    if timezone and (time_of_day is not None or narrowed.weekday is not None):
        parse_zone(timezone)
    if time_of_day is not None:
        try:
            hours = TimeOfDay.read(time_of_day, timezone)
        except UsageError as error:
            raise UsageError(f"--time-of-day: {error.message}", error.hint) from error
    return Filters(
        cameras=cameras,
        not_cameras=not_cameras,
        after=moment("--after", after, timezone, archive=archive),
        before=moment("--before", before, timezone, archive=archive),
        sources=sources,
        wearing=wearing,
        with_things=with_things,
        without_things=without_things,
        time_of_day=hours,
        **_narrowing(narrowed, timezone, archive),
    )
