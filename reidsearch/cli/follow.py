"""`reidsearch follow`: index the segments of a recorder as they come."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reidsearch.cli.grouped import argument, grouped_command, option
from reidsearch.cli.index_options import request_options
from reidsearch.cli.model_options import decode_option, flip_option, model_options, runtime_options
from reidsearch.cli.opening import opened_archive
from reidsearch.cli.options import archive_option, format_option, quiet_option
from reidsearch.cli.signals import stopped_by_signals
from reidsearch.cli.times import Duration

if TYPE_CHECKING:
    from reidsearch.base.address import Address
    from reidsearch.domain.index_request import IndexRequest

WATCHING = "Following"


@grouped_command("follow")
@argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path))
@request_options
@option("--once", group=WATCHING, is_flag=True, help="Index what is finished now, and end.")
@option(
    "--settle",
    group=WATCHING,
    type=Duration(0),
    default="10s",
    metavar="TIME",
    help="So long a file must not change; default: 10s.",
)
@option(
    "--every",
    group=WATCHING,
    type=Duration(1),
    default="5s",
    metavar="TIME",
    help="How often folders are read; default: 5s.",
)
@option(
    "--max-lag",
    group=WATCHING,
    type=Duration(1),
    metavar="TIME",
    help="When further behind, sample fewer frames.",
)
@option(
    "--retention",
    group=WATCHING,
    is_flag=True,
    help="Delete by the rules of `retention` too, every hour.",
)
@option("--attributes", is_flag=True, help="Record what people wear and carry too (`annotate`).")
@option(
    "--unlogged",
    is_flag=True,
    help="A new archive keeps no event log; every answer says so.",
)
@model_options
@flip_option
@runtime_options
@decode_option
@format_option()
@quiet_option
@archive_option
def command(
    folders: tuple[Path, ...],
    archive: Address,
    request: IndexRequest,
    once: bool,
    settle: Fraction,
    every: Fraction,
    max_lag: Fraction | None,
    retention: bool,
    attributes: bool,
    unlogged: bool,
    model: str | None,
    model_path: tuple[Path, ...],
    offline: bool,
    flip: bool | None,
    device: str | None,
    decode_device: str | None,
    form: str,
    quiet: bool,
) -> int:
    """Follow a recorder's folders: finished segments are indexed as they come.

    FOLDERS are looked into every few seconds, with all folders below them; network shares too. A
    video is finished when it has not changed for --settle and its container is closed, or a later
    segment of its camera is there. What is indexed is skipped, so stopping (Ctrl-C, SIGTERM) and
    starting again loses nothing and does nothing twice; what fails is in `reidsearch failures`,
    and so is what the recorder deleted before it was indexed. What it deletes later stays in the
    archive, without clips.

    When segments come faster than they are indexed, the lag is shown and grows. With --max-lag
    fewer frames are sampled of the next segments while it is longer; coverage says of which.

    While the database, the disk or a folder is away it waits and says so; with --once it ends. The
    exit code of --once is 1 if a segment failed or was lost.
    """
    from reidsearch.base.errors import Interrupted
    from reidsearch.base.settings_file import read_settings
    from reidsearch.cli.saved import tell_saved
    from reidsearch.domain.following import follow_json
    from reidsearch.output.emit import emit
    from reidsearch.output.following import followed_view, segment_line
    from reidsearch.output.terminal import say
    from reidsearch.services.first_models import load_models
    from reidsearch.services.follow import FollowPlan
    from reidsearch.services.queue.request import options_of

    settings = read_settings(archive)
    _, footage = options_of(request, settings)
    plan = FollowPlan(
        folders,
        footage,
        settle_s=float(settle),
        poll_s=float(every),
        max_lag_s=None if max_lag is None else float(max_lag),
        retention=retention,
        attributes=attributes,
        limits=settings.pictures,
    )
    stop = stopped_by_signals()
    with opened_archive(
        archive,
        model,
        model_path,
        offline,
        device,
        flip=flip,
        decode_device=decode_device,
        create=True,
        first=partial(load_models, footage=footage, attributes=attributes),
        logged=not unlogged,
        json_lines=form in {"json", "jsonl"},
        quiet=quiet,
    ) as (opened, progress):
        if request.timezone and opened.timezone is None:
            opened.timezone = request.timezone
        follower = opened.follower(
            plan, lambda told: None if quiet else say(segment_line(told), err=True), progress
        )
        report = follower.run(stop, once=once)
        if not quiet:
            tell_saved(opened)
    emit(form, follow_json(report), followed_view(report))
    if once and report.interrupted:
        raise Interrupted("stopped after committing", "the same command continues from there")
    return 1 if once and (report.failed or report.partly or report.lost) else 0
