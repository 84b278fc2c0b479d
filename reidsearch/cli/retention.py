"""`reidsearch retention`: how long crops of each camera are kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reidsearch.cli.grouped import CommandGroup, argument, option
from reidsearch.cli.opening import reading_archive
from reidsearch.cli.options import archive_option, format_option, text_value
from reidsearch.output.terminal import say

if TYPE_CHECKING:
    from reidsearch.base.address import Address

F = TypeVar("F", bound=Callable[..., Any])


@click.group("retention", cls=CommandGroup)
def command() -> None:
    """Manage how long crops are kept: set, show, run, clear.

    A rule is of one camera, or of all others. `run` deletes what is older by the time that footage
    shows, or of indexing where that is not known; no index run brings it back. Holds win.
    """


def _of_camera(function: F) -> F:
    """Declare CAMERA, and --all for every camera without a rule of its own."""
    camera = argument("camera", required=False, callback=text_value, metavar="[CAMERA]")
    every = option("--all", "every", is_flag=True, help="All cameras without an own rule.")
    return camera(every(function))


@command.command("set")
@_of_camera
@option("--days", required=True, type=int, metavar="N", help="How many days crops are kept.")
@format_option()
@archive_option
def set_(camera: str | None, every: bool, days: int, archive: Address, form: str) -> None:
    """Keep crops of a camera, or of all others, so many days."""
    from reidsearch.output.emit import emit
    from reidsearch.output.retention import rule_json, rule_text

    of = _one(camera, every)
    with reading_archive(archive) as opened:
        rule = opened.retention.set(of, days)
    emit(form, rule_json("set", rule), rule_text("set", rule))


@command.command("show")
@format_option()
@archive_option
def show(archive: Address, form: str) -> None:
    """Show all rules."""
    from reidsearch.output.emit import emit
    from reidsearch.output.retention import rules_json, rules_view

    with reading_archive(archive) as opened:
        rules = opened.retention.rules()
    emit(form, rules_json(rules), rules_view(rules), "rules")


@command.command("clear")
@_of_camera
@format_option()
@archive_option
def clear(camera: str | None, every: bool, archive: Address, form: str) -> None:
    """Remove the rule of a camera, or of all others."""
    from reidsearch.output.emit import emit
    from reidsearch.output.retention import rule_json, rule_text

    of = _one(camera, every)
    with reading_archive(archive) as opened:
        rule = opened.retention.clear(of)
    emit(form, rule_json("clear", rule), rule_text("clear", rule))


@command.command("run")
@option("--dry-run", is_flag=True, help="Only count what would be deleted.")
@option("-y", "--yes", is_flag=True, help="Do not ask.")
@format_option()
@archive_option
def run(dry_run: bool, yes: bool, archive: Address, form: str) -> None:
    """Delete what is older than its rule allows; with --yes as a scheduled job.

    What a hold keeps is told and ends with 0 all the same, for it is meant to stay.
    """
    from reidsearch.base.progress import NO_PROGRESS
    from reidsearch.output.emit import emit
    from reidsearch.output.progress import progress_for
    from reidsearch.output.retention import run_json, run_lines
    from reidsearch.output.visible import count
    from reidsearch.services.retention import due

    with reading_archive(archive, NO_PROGRESS) as opened:  # which would draw over the question
        planned = opened.retention.plan()
        if form == "table":
            for line in run_lines(due(planned)):
                say(line)
        deleting = not dry_run
        if deleting:
            if not yes and any(not erasure.empty for _, erasure in planned):
                click.confirm("Delete them?", abort=True, err=True)
            with progress_for(name="retention run") as progress:
                opened.retention.run(planned, progress)
    told = run_json(due(planned), deleted=deleting)
    total = sum(len(erasure.ids) for _, erasure in planned)
    emit(form, told, f"Deleted {count(total, 'crop')}." if deleting else None)


def _one(camera: str | None, every: bool) -> str | None:
    from reidsearch.base.errors import UsageError

    if (camera is None) != every:
        raise UsageError("give either a camera or --all")
    return camera
