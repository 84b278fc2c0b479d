"""`reidsearch record`: record cameras by RTSP into closed video files."""

from __future__ import annotations

import sys
import threading
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reidsearch.cli.archive_type import ArchiveType
from reidsearch.cli.grouped import GENERAL, argument, grouped_command, option
from reidsearch.cli.model_options import flip_option, model_options, runtime_options
from reidsearch.cli.opening import opened_archive
from reidsearch.cli.options import format_option, quiet_option, text_value
from reidsearch.cli.signals import stopped_by_signals
from reidsearch.cli.times import Duration

if TYPE_CHECKING:
    from collections.abc import Callable

    from reidsearch.archive import Archive
    from reidsearch.base.address import Address
    from reidsearch.base.progress import Progress
    from reidsearch.domain.following import FollowReport
    from reidsearch.domain.recording import Said
    from reidsearch.media.recording.address import CameraAddress
    from reidsearch.services.recording import Recording

PASSWORD = "REIDSEARCH_CAMERA_PASSWORD"  # noqa: S105 - the variable's name
GIGA = 1_000_000_000
LOOK_S = 2.0


@grouped_command("record")
@argument("source", metavar="rtsp://...|CAMERAS.toml")
@option(
    "-o",
    "--output",
    "folder",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Folder for the segments.",
)
@option("--camera", metavar="NAME", callback=text_value, help="Name of the one camera.")
@option("--user", metavar="NAME", callback=text_value, help="User at the one camera.")
@option(
    "--password-file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help=f"Holds the password (mode 0600); or {PASSWORD}.",
)
@option(
    "--segment",
    type=Duration(1),
    default="5m",
    metavar="TIME",
    help="Length of a segment; default: 5m.",
)
@option(
    "--stall",
    type=Duration(1),
    default="10s",
    metavar="TIME",
    help="Silent for so long: connect anew; default: 10s.",
)
@option(
    "--keep-free",
    type=click.FloatRange(0, 1_000_000),
    default=1.0,
    metavar="GB",
    help="Room to leave on the disk; default: 1.",
)
@option("--for", "for_", type=Duration(1), metavar="TIME", help="End after so long.")
@model_options
@flip_option
@runtime_options
@format_option()
@quiet_option
@option(
    "-a",
    "--archive",
    "archive",
    group=GENERAL,
    type=ArchiveType(),
    metavar="DIR",
    help="Index the segments into it as they are closed.",
)
def command(
    source: str,
    folder: Path,
    archive: Address | None,
    camera: str | None,
    user: str | None,
    password_file: Path | None,
    segment: Fraction,
    stall: Fraction,
    keep_free: float,
    for_: Fraction | None,
    model: str | None,
    model_path: tuple[Path, ...],
    offline: bool,
    flip: bool | None,
    device: str | None,
    form: str,
    quiet: bool,
) -> int:
    """Record cameras by RTSP into closed video files.

    The pictures are copied as the camera sends them, without sound. A segment is a Matroska file
    whose name tells camera and start: DIR/CAMERA/DAY/CAMERA_TIME.mkv; `index` and `follow` read
    them with --recorder auto. It has its name when it is complete; what a kill leaves is completed
    by the next run.

    A camera that ends, falls silent or refuses is tried again, after 1 s to 1 min. What is missing
    stands with its reason in DIR/CAMERA/journal-MONTH.jsonl. Where the disk has no room, nothing is
    written until it has.

    Give the address without credentials: the user by --user, the password by the environment
    (REIDSEARCH_CAMERA_PASSWORD), by --password-file, or when asked. Several cameras stand in a TOML
    file, each as [cameras.NAME] with url, user, and password_file, password_variable or password.

    With --archive the segments are indexed as they are closed, as `follow` does it; where indexing
    cannot go on, recording does.

    Ctrl-C and SIGTERM close the segments and end it. The exit code is 1 where nothing was recorded
    of a camera.
    """
    from reidsearch.domain.following import follow_json
    from reidsearch.domain.recording import record_json
    from reidsearch.output.emit import emit
    from reidsearch.output.recording import LiveStatus, recorded_view
    from reidsearch.services.first_models import load_models
    from reidsearch.services.index import FootageOptions
    from reidsearch.services.recording import RecordOptions, start_recording

    cameras = _cameras(source, camera, user, password_file)
    options = RecordOptions(float(segment), float(stall), round(keep_free * GIGA))
    stop = stopped_by_signals()
    for_s = float(for_) if for_ is not None else None
    tell, followed = _teller(quiet=quiet), None
    if archive is None:
        live = LiveStatus(shown=not quiet)
        try:
            recording = start_recording(cameras, folder, options, stop=stop, told=tell)
            recording.wait(for_s, lambda: live.draw(recording.status))
        finally:
            live.end()
    else:
        with opened_archive(
            archive,
            model,
            model_path,
            offline,
            device,
            flip=flip,
            create=True,
            first=partial(load_models, footage=FootageOptions()),
            json_lines=form in {"json", "jsonl"},
            quiet=quiet,
        ) as (opened, progress):
            # Whatever is wrong with them is told before anything is recorded.
            opened.load_model(detector=True)
            folder.mkdir(parents=True, exist_ok=True)
            recording = start_recording(cameras, folder, options, stop=stop, told=tell)
            followed = _followed(opened, recording, for_s, progress, quiet=quiet)
    report = recording.report()
    document = record_json(report) | {"followed": followed and follow_json(followed)}
    emit(form, document, recorded_view(report, followed), "cameras")
    if report.without_footage:
        return 1
    return 1 if followed and (followed.failed or followed.partly or followed.lost) else 0


def _followed(
    archive: Archive,
    recording: Recording,
    for_s: float | None,
    progress: Progress,
    *,
    quiet: bool,
) -> FollowReport:
    """Index what is recorded until the recording ends; if by its time, what it closed last too.

    Raises:
        ReidsearchError: indexing could not go on; everything was recorded until it was to stop.
    """
    from reidsearch.base.errors import ReidsearchError
    from reidsearch.media.naming.source_facts import SourceNaming
    from reidsearch.output.following import segment_line
    from reidsearch.output.terminal import say
    from reidsearch.services.follow import FollowPlan
    from reidsearch.services.index import FootageOptions

    options = FootageOptions(SourceNaming(recorder="reidsearch"))
    plan = FollowPlan((recording.folder,), options, settle_s=0.0, poll_s=LOOK_S)
    follower = archive.follower(
        plan, lambda told: None if quiet else say(segment_line(told), err=True), progress
    )
    failed: list[BaseException] = []
    ended = threading.Event()

    def record() -> None:
        try:
            recording.wait(for_s)
        except BaseException as error:  # noqa: BLE001 - raised again by who waits
            failed.append(error)
        finally:
            ended.set()

    waiting = threading.Thread(target=record, name="record", daemon=True)
    waiting.start()
    try:
        report = follower.run(ended)
    except ReidsearchError as error:
        say(f"reidsearch: nothing is indexed any more: {error.message}", err=True)
        raise
    finally:
        waiting.join()
    if failed:
        raise failed[0]
    return follower.run(threading.Event(), once=True) if recording.over else report


def _teller(*, quiet: bool) -> Callable[[Said], None]:
    from reidsearch.output.recording import said_line
    from reidsearch.output.terminal import say

    def tell(said: Said) -> None:
        if not quiet:
            say(said_line(said), err=True)

    return tell


def _cameras(
    source: str, camera: str | None, user: str | None, password_file: Path | None
) -> dict[str, CameraAddress]:
    from reidsearch.base.errors import UsageError
    from reidsearch.media.recording.address import read_camera_address
    from reidsearch.media.recording.camera_list import read_camera_list

    if "://" not in source:
        if camera or user or password_file:
            raise UsageError("a list of cameras tells their names, users and passwords itself")
        return read_camera_list(Path(source))
    address = read_camera_address(source, credentials=False)
    if camera is None:
        raise UsageError("--camera is missing: it names the files", "for instance --camera gate")
    if password_file is not None and user is None:
        raise UsageError("--password-file needs --user")
    if user is not None:
        address = address.with_credentials(user, _password(password_file))
    return {camera: address}


def _password(file: Path | None) -> str:
    from reidsearch.base.errors import UsageError
    from reidsearch.base.secret import read_secret

    found = read_secret(PASSWORD, str(file) if file else None)
    if found is not None:
        return found
    if not sys.stdin.isatty():
        raise UsageError(
            "the camera's password is missing",
            f"set {PASSWORD}, or give a file that you alone can read with --password-file",
        )
    asked: str = click.prompt("Password of the camera", hide_input=True, err=True)
    return asked
