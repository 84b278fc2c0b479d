"""`reidsearch worker`: index what is queued, beside any number of other workers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from reidsearch.cli.grouped import grouped_command, option
from reidsearch.cli.model_options import decode_option, flip_option, model_options, runtime_options
from reidsearch.cli.opening import opened_archive
from reidsearch.cli.options import archive_option, format_option, quiet_option
from reidsearch.cli.signals import stopped_by_signals

if TYPE_CHECKING:
    from reidsearch.base.address import Address


@grouped_command("worker")
@option("--until-done", is_flag=True, help="End when nothing is queued or running any more.")
@model_options
@flip_option
@runtime_options
@decode_option
@format_option()
@quiet_option
@archive_option
def command(
    archive: Address,
    until_done: bool,
    model: str | None,
    model_path: tuple[Path, ...],
    offline: bool,
    flip: bool | None,
    device: str | None,
    decode_device: str | None,
    form: str,
    quiet: bool,
) -> int:
    """Index what `index --queue` has queued, beside other workers.

    Run it on as many machines as there are, once or several times on each; all of them need the
    archive (in PostgreSQL; one in a folder has one worker at a time), the model, and the footage at
    the same place. Each takes one video, folder of frames or folder of crops after the other. A
    worker that is killed costs seconds: another one takes over what it was at, and goes on where it
    last committed. What fails stands in `reidsearch status` and `reidsearch failures`.

    Ctrl-C and SIGTERM end it: what it is at is committed and given back. With --until-done the exit
    code is 1 if something failed.
    """
    from reidsearch.base.settings_file import read_settings
    from reidsearch.cli.saved import tell_saved
    from reidsearch.domain.work import work_json
    from reidsearch.output.emit import emit
    from reidsearch.output.queue import told_line, worked_view
    from reidsearch.output.terminal import say

    stop = stopped_by_signals()
    settings = read_settings(archive)
    with opened_archive(
        archive,
        model,
        model_path,
        offline,
        device,
        flip=flip,
        decode_device=decode_device,
        quiet=quiet,
    ) as (opened, _):
        worker = opened.worker(
            settings, lambda told: None if quiet else say(told_line(told), err=True)
        )
        report = worker.run(stop, until_done=until_done)
        if not quiet:
            tell_saved(opened)
    emit(form, work_json(report), worked_view(report))
    return 1 if until_done and (report.failed or report.partly) else 0
