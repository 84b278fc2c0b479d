"""`reidsearch index`: take footage and person crops into the archive."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reidsearch.cli.grouped import argument, grouped_command, option
from reidsearch.cli.index_options import FOOTAGE, NAMES, request_options
from reidsearch.cli.model_options import decode_option, flip_option, model_options, runtime_options
from reidsearch.cli.opening import opened_archive
from reidsearch.cli.options import archive_option, format_option, quiet_option
from reidsearch.cli.signals import stopped_by_signals

if TYPE_CHECKING:
    from reidsearch.base.address import Address
    from reidsearch.domain.index_request import IndexRequest

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/+[^/]")


@grouped_command("index")
@argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@request_options
@option(
    "--names",
    group=NAMES,
    type=click.Choice(["market1501"]),
    metavar="SET",
    help="market1501: PPPP_cCsS_FFFFFF_DD.jpg.",
)
@option("--frames", group=FOOTAGE, is_flag=True, help="Folders hold full frames, not person crops.")
@option(
    "--detections",
    group=FOOTAGE,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Detections of the one video (MOT, COCO, ...).",
)
@option(
    "--attributes",
    is_flag=True,
    help="Then record what people wear and carry (`annotate`).",
)
@option(
    "--queue",
    "queued",
    is_flag=True,
    help="Leave it to workers on any machine (`worker`).",
)
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
    paths: tuple[Path, ...],
    archive: Address,
    request: IndexRequest,
    names: str | None,
    detections: Path | None,
    frames: bool,
    attributes: bool,
    queued: bool,
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
    """Index footage and person crops.

    PATHS are videos, pictures, folder trees, tar and zip archives, or manifests (.csv, .jsonl).
    In videos people are detected, tracked and cut out; pictures are person crops, unless --frames
    says that folders hold full frames. What is stored already is skipped, so running again is
    harmless and quick, and an interrupted run continues where it stopped. What fails is recorded
    with its reason (`reidsearch failures`), the run goes on, and the exit code is 1.

    Camera and time are read from file names or a list, if you say how; what they do not tell is
    taken from --camera and --time, and else stays unknown.

    --attributes records what people wear and carry after the run, for --wearing and --with of
    `query`; if that is interrupted, the same command continues there too.

    --queue indexes nothing: it writes down each video, folder of frames and folder of crops for
    `reidsearch worker`, which may run on many machines; `reidsearch status` shows how far they are.
    """
    from dataclasses import replace

    from reidsearch.base.errors import Interrupted, UsageError
    from reidsearch.base.locations import location_text
    from reidsearch.base.settings_file import read_settings
    from reidsearch.media.files.paths import MANIFESTS
    from reidsearch.output import reports_json, text
    from reidsearch.output.emit import emit
    from reidsearch.services.first_models import load_models
    from reidsearch.services.queue.request import options_of

    _require_something(paths, archive)
    if request.time_format and not (
        request.pattern or any(p.name.lower().endswith(MANIFESTS) for p in paths)
    ):
        raise UsageError("--time-format needs --pattern or a manifest")
    if request.tiles is not None and detections is not None:
        raise UsageError(
            "--tiles needs a detector, and with --detections none runs", "leave one of them out"
        )
    request = replace(
        request,
        market1501=names == "market1501",
        detections=location_text(str(detections)) if detections else None,
        frames=frames,
    )
    settings = read_settings(archive)
    naming, footage = options_of(request, settings)
    if queued:
        _require_for_workers(attributes, model, model_path, flip)
        return _queue(paths, archive, request, logged=not unlogged, form=form)
    from reidsearch.cli.saved import tell_saved

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
        first=partial(load_models, attributes=attributes),
        logged=not unlogged,
        json_lines=form in {"json", "jsonl"},
        quiet=quiet,
    ) as (opened, progress):
        if request.timezone and opened.timezone is None:
            opened.timezone = request.timezone
        report = opened.index(
            paths,
            naming=naming,
            footage=footage,
            limits=settings.pictures,
            attributes=attributes,
            progress=progress,
            stop=stop,
        )
        if not quiet:
            tell_saved(opened)
    emit(form, reports_json.report_json(report), text.report_view(report))
    if report.interrupted:
        raise Interrupted("stopped after committing", "the same command continues from there")
    failed = report.failed or report.footage.failed or report.footage.partly
    unread = report.attributes is not None and report.attributes.failed
    return 1 if failed or unread else 0


def _require_something(paths: tuple[Path, ...], archive: Address) -> None:
    """Refuse what can never be indexed before an archive is made for it.

    In an archive that is there already, a path that is missing is recorded as a failure.

    Raises:
        UsageError: a path is an address on the network.
        InputError: there is no archive yet, and no path exists.
    """
    from reidsearch.base.errors import InputError, UsageError
    from reidsearch.media.files.remote import remote_of

    for path in paths:
        if _ADDRESS.match(str(path)) and not path.exists() and remote_of(path) is None:
            address = re.sub(":/+", "://", str(path), count=1)  # paths have lost a slash
            address = re.sub("//[^/]*@", "//", address)  # a camera's password is told nowhere
            raise UsageError(
                f"{address} is an address, and only files and folders are indexed",
                "record a camera into files with `reidsearch record`, and index its folder; "
                "footage in a store of objects is s3://bucket/folder",
            )
    if (
        isinstance(archive, Path)
        and not archive.exists()
        and not any(path.exists() or remote_of(path) for path in paths)
    ):
        names = ", ".join(map(str, paths[:3])) + (", ..." if paths[3:] else "")
        raise InputError(f"{names}: there is no such file or folder", "nothing was indexed")


def _require_for_workers(
    attributes: bool, model: str | None, model_path: tuple[Path, ...], flip: bool | None
) -> None:
    from reidsearch.base.errors import UsageError

    if attributes:
        raise UsageError(
            "--attributes is for an index run, and --queue leaves that to workers",
            "run `reidsearch annotate` when they are done",
        )
    if model or model_path or flip is not None:
        raise UsageError("with --queue the model is chosen by the workers", "give it to `worker`")


def _queue(
    paths: tuple[Path, ...], archive: Address, request: IndexRequest, *, logged: bool, form: str
) -> int:
    from dataclasses import replace

    from reidsearch.archive import Archive
    from reidsearch.base.locations import location_text
    from reidsearch.domain.queue import queue_report_json
    from reidsearch.output.emit import emit
    from reidsearch.output.queue import queued_view
    from reidsearch.services.queue.request import list_digest

    def whole(path: str | None) -> str | None:
        return location_text(str(Path(path).absolute())) if path else None

    request = replace(
        request,
        sources=whole(request.sources),
        sources_sha256=list_digest(request.sources) if request.sources else None,
        detections=whole(request.detections),
    )
    with Archive.open(archive, create=True, logged=logged) as opened:
        if request.timezone and opened.timezone is None:
            opened.timezone = request.timezone
        report = opened.queue.put(paths, request)
    emit(form, queue_report_json(report), queued_view(report, str(archive)))
    return 0
