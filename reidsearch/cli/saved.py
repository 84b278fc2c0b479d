"""`reidsearch saved`: questions that are asked again of whatever is indexed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reidsearch.cli.filters import Filtering, lasting_filters
from reidsearch.cli.grouped import CommandGroup, argument, option
from reidsearch.cli.model_options import model_options, runtime_options
from reidsearch.cli.opening import opened_archive, reading_archive
from reidsearch.cli.options import (
    archive_and_case_options,
    archive_option,
    format_option,
    reason_option,
    text_value,
)
from reidsearch.cli.query_input import (
    PERSON,
    no_adjust_option,
    query_camera_option,
    query_input_options,
    read_query_input,
)

if TYPE_CHECKING:
    from reidsearch.archive import Archive
    from reidsearch.base.address import Address
    from reidsearch.base.settings import Tiles

LIMIT = "Limit and ranking"
LONGEST_LINE = 1 << 16


def tell_saved(archive: Archive) -> None:
    """Say after indexing which saved questions have new answers, or could not be asked."""
    import contextlib

    from reidsearch.base.errors import ReidsearchError
    from reidsearch.output.saved import waiting_lines
    from reidsearch.output.terminal import say

    with contextlib.suppress(ReidsearchError):  # what was indexed counts
        for line in waiting_lines(archive.saved.all()):
            say(line, err=True)


@click.group("saved", cls=CommandGroup)
def command() -> None:
    """Ask again of whatever is indexed: add, list, show, notify, run, remove.

    A saved question is asked of what each index run, worker or follower brings, once at its end,
    and keeps what it finds. Nothing is asked unless somebody has saved something.
    """


@command.command("add")
@argument("name", callback=text_value, metavar="NAME")
@argument("images", nargs=-1, type=click.Path(path_type=Path))
@query_input_options
@option(
    "--identity",
    group=PERSON,
    metavar="IDENTITY",
    help="All confirmed crops of this identity.",
)
@query_camera_option
@option("--new-only", group=PERSON, is_flag=True, help="Exclude what is confirmed as the identity.")
@lasting_filters
@option(
    "--min-score",
    group=LIMIT,
    type=click.FloatRange(-1, 1),
    metavar="SCORE",
    help="Lower scores are no answers.",
)
@option(
    "--max-false-alarms",
    group=LIMIT,
    type=float,
    metavar="N",
    help="Nor scores with more expected (`calibrate`).",
)
@option("--ungrouped", group=LIMIT, is_flag=True, help="List every crop of a tracklet.")
@no_adjust_option(LIMIT)
@format_option()
@model_options
@runtime_options
@archive_and_case_options
@reason_option
def add(
    name: str,
    images: tuple[Path, ...],
    frame: str | None,
    box: str | None,
    person: int | None,
    as_whole: bool,
    tiles: Tiles | None,
    crops: tuple[int, ...],
    identity: str | None,
    query_camera: str | None,
    new_only: bool,
    filtering: Filtering,
    min_score: float | None,
    max_false_alarms: float | None,
    ungrouped: bool,
    no_adjust: bool,
    archive: Address,
    form: str,
    model: str | None,
    model_path: tuple[Path, ...],
    offline: bool,
    device: str | None,
) -> None:
    """Save a question: who is searched for, where, and from which score on.

    Options are those of `query`; --min-score or --max-false-alarms is needed. Pictures are embedded
    now and not needed later. Runs are searches by whoever saved the question, for the case that is
    given here; when it is closed or expires, the question stops and says so.
    """
    from dataclasses import replace

    from reidsearch.domain.request import SearchRequest
    from reidsearch.domain.saved import require_savable
    from reidsearch.output.emit import emit
    from reidsearch.output.saved import change_json, change_text

    request = SearchRequest(
        filters=filtering.filters(),
        min_score=min_score,
        max_false_alarms=max_false_alarms,
        grouped=not ungrouped,
        adjusted=not no_adjust,
        query_camera=query_camera,
        identity=identity,
        new_only=new_only,
    )
    require_savable(request, shown=bool(images or crops or frame))
    with opened_archive(archive, model, model_path, offline, device) as (opened, progress):
        found = read_query_input(
            opened, progress, images, crops, frame, box, person, tiles, as_whole
        )
        request = replace(request, query=found.pictures, label=found.label)
        saved = opened.saved.add(name, request)
    emit(form, change_json("add", saved), change_text("add", saved.question))


@command.command("list")
@format_option()
@archive_option
def list_(archive: Address, form: str) -> None:
    """List saved questions, with how many new answers each has, and why one has stopped."""
    from reidsearch.output.emit import emit
    from reidsearch.output.saved import questions_json, questions_view

    with reading_archive(archive) as opened:
        every = opened.saved.all()
    emit(form, questions_json(every), questions_view(every), "questions")


@command.command("show")
@argument("name", callback=text_value, metavar="NAME")
@option("--seen", is_flag=True, help="Mark what is shown as looked at.")
@format_option()
@archive_option
def show(name: str, seen: bool, archive: Address, form: str) -> None:
    """Show what a question found: what the newest run found first, the best first."""
    from reidsearch.output.emit import emit
    from reidsearch.output.saved import answers_json, answers_view

    with reading_archive(archive) as opened:
        state, answers = opened.saved.find(name), opened.saved.found(name)
        if seen:
            opened.saved.mark_seen(name, [one.crop.crop_id for one in answers])
    emit(form, answers_json(state, answers), answers_view(state, answers), "answers")


@command.command("notify")
@argument("name", callback=text_value, metavar="NAME")
@argument("words", nargs=-1, metavar="[COMMAND]...")
@option("--webhook", metavar="URL", help="Post to this address; `-`: read it from stdin.")
@option("--off", is_flag=True, help="Tell nobody any more.")
@format_option()
@archive_option
def notify(
    name: str, words: tuple[str, ...], webhook: str | None, off: bool, archive: Address, form: str
) -> None:
    """Tell somebody of new answers: run a command, or call a webhook.

    After a run that found something, the command gets JSON on its standard input, or the webhook as
    a POST. A command is a program with its arguments, after `--`, and runs without a shell; exit
    code 0, or an answer of 200 to 299, says that it was taken. Otherwise it is tried again by later
    runs. The setting is kept on this machine, for this user, and never in the archive.
    """
    from reidsearch.base.errors import UsageError
    from reidsearch.domain.notifications import read_webhook
    from reidsearch.output.emit import emit
    from reidsearch.output.saved import change_json, notify_text

    if bool(words) + (webhook is not None) + off != 1:
        raise UsageError("give one of a command (after --), --webhook URL and --off")
    url = "" if webhook is None else read_webhook(_address(webhook), credentials=webhook == "-")
    with reading_archive(archive) as opened:
        state = opened.saved.notify(name, command=words, webhook=url)
    change = "notify-off" if off else "notify"
    emit(form, change_json(change, state), notify_text(state))


def _address(given: str) -> str:
    """Return an address, or read it where others cannot see it."""
    import sys

    if given != "-":
        return given
    if sys.stdin.isatty():
        return str(click.prompt("Address of the webhook", hide_input=True, err=True)).strip()
    return sys.stdin.readline(LONGEST_LINE).strip()


@command.command("run")
@argument("name", required=False, callback=text_value, metavar="[NAME]")
@format_option()
@archive_option
def run(name: str | None, archive: Address, form: str) -> int:
    """Ask one question, or all, of what was indexed since they were asked.

    Index runs do that at their end; this is for after one that was cut off, or to ask again when a
    case was reopened. It also tells whoever `saved notify` named of all that was not delivered. The
    exit code is 1 if a question could not be asked, or its answers were not delivered.
    """
    from reidsearch.output.emit import emit
    from reidsearch.output.saved import is_undelivered, runs_json, runs_view

    with reading_archive(archive) as opened:
        runs = opened.saved.run(name)
    emit(form, runs_json(runs), runs_view(runs), "runs")
    return 1 if any(one.why_not is not None or is_undelivered(one.notify) for one in runs) else 0


@command.command("remove")
@argument("name", callback=text_value, metavar="NAME")
@format_option()
@archive_option
def remove(name: str, archive: Address, form: str) -> None:
    """Remove a question with all that it found; the log keeps its searches."""
    from reidsearch.output.emit import emit
    from reidsearch.output.saved import change_json, change_text

    with reading_archive(archive) as opened:
        removed = opened.saved.remove(name)
    emit(form, change_json("remove", removed), change_text("remove", removed.question))
