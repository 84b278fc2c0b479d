"""Every command is either recorded in the event log, or is known to need no entry.

A new command fails here until it stands in one of the two tables. That a command writes its entry
is tested where the command is.
"""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from reidsearch.cli.main import cli
from reidsearch.domain.event_log import Event

INDEXING = (
    *(Event.INDEX, Event.INDEX_END, Event.TIMEZONE, Event.GROWN),
    *(Event.SEARCH, Event.SAVED),
)
"""Saved questions are searches of what was indexed; that somebody was told is on record too."""
RECORDED: dict[str, tuple[Event, ...]] = {
    "demo": (*INDEXING, Event.SEARCH, Event.EXPORT),
    "index": INDEXING,
    "record": INDEXING,
    "follow": (*INDEXING, Event.RETENTION, Event.DELETE, Event.ANNOTATE, Event.ANNOTATE_END),
    "worker": INDEXING,
    "serve": (Event.SIGN_IN, Event.SIGN_IN_FAILED, Event.SIGN_OUT, Event.PLAYBACK, Event.SHOWN),
    "query": (Event.SEARCH, Event.SEARCH_END, Event.INTERSECTION, Event.EXPORT),
    "explain": (Event.EXPLAIN, Event.SEARCH, Event.EXPORT),
    "company": (Event.COMPANY, Event.EXPORT),
    "nearby": (Event.NEARBY, Event.EXPORT),
    "replay": (Event.REPLAY,),
    "distance": (Event.DISTANCE, Event.EXPORT),
    "camera ground": (Event.GROUND, Event.EXPORT),
    "camera keeps": (Event.KEEPS,),
    "journey": (Event.EXPORT,),
    "doctor": (Event.EXPORT,),
    "next": (Event.NEXT,),
    "confirm": (Event.DECISION,),
    "reject": (Event.DECISION,),
    "undo": (Event.DECISION,),
    "identity merge": (Event.DECISION,),
    "identity new": (Event.DECISION,),
    "identity photo add": (Event.PHOTO, Event.DECISION),
    "identity photo remove": (Event.DECISION,),
    "identity rename": (Event.DECISION,),
    "identity split": (Event.DECISION,),
    "tracklet join": (Event.DECISION,),
    "tracklet split": (Event.DECISION,),
    "link": (Event.LINK,),
    "crop": (Event.EXPORT,),
    "frame": (Event.EXPORT,),
    "clip": (Event.EXPORT,),
    "export evidence": (Event.EXPORT,),
    "export page answer": (Event.EXPORT,),
    "export page identity": (Event.EXPORT,),
    "export page journey": (Event.EXPORT,),
    "export page proposals": (Event.EXPORT,),
    "export page query": (Event.SEARCH, Event.EXPORT),
    "export page source": (Event.EXPORT,),
    "export tracks": (Event.EXPORT,),
    "report answer": (Event.EXPORT,),
    "report case": (Event.EXPORT,),
    "report identity": (Event.EXPORT,),
    "report journey": (Event.EXPORT,),
    "annotate": (Event.ANNOTATE, Event.ANNOTATE_END),
    "prepare-reranking": (Event.PREPARE_RERANKING,),
    "reembed": (Event.REEMBED,),
    "merge": (Event.MERGE, Event.MERGE_END, Event.DECISION),
    "pictures": (Event.PICTURES,),
    "clock": (Event.CLOCK,),
    "clock suggest": (Event.CLOCK_SUGGEST, Event.CLOCK, Event.EXPORT),
    "relocate": (Event.RELOCATE,),
    "check": (Event.REPAIR, Event.REPAIR_END),
    "delete": (Event.DELETE, Event.FORGET, Event.BACKUP_ERASE),
    "camera region add": (Event.PLACE,),
    "camera region remove": (Event.PLACE,),
    "saved add": (Event.SAVED,),
    "saved notify": (Event.SAVED,),
    "saved remove": (Event.SAVED,),
    "saved run": (Event.SEARCH, Event.SAVED),
    "retention clear": (Event.RETENTION,),
    "retention run": (Event.RETENTION, Event.DELETE),
    "retention set": (Event.RETENTION,),
    "hold add": (Event.HOLD,),
    "hold release": (Event.HOLD,),
    "backup": (Event.BACKUP,),
    "restore": (Event.RESTORE, Event.MIGRATE),
    "copy": (Event.COPY, Event.COPIED),
    "migrate": (Event.MIGRATE,),
    "account add": (Event.ACCOUNT,),
    "account cameras": (Event.ACCOUNT,),
    "account disable": (Event.ACCOUNT, Event.SIGN_OUT),
    "account enable": (Event.ACCOUNT,),
    "account password": (Event.ACCOUNT, Event.SIGN_OUT),
    "account remove": (Event.ACCOUNT,),
    "account role": (Event.ACCOUNT,),
    "account unbind": (Event.ACCOUNT,),
    "case close": (Event.CASE,),
    "case edit": (Event.CASE,),
    "case new": (Event.CASE,),
    "case reopen": (Event.CASE,),
    "case require": (Event.CASE_REQUIRED,),
    "case review answer": (Event.REVIEW,),
    "case review finish": (Event.REVIEW,),
    "case review start": (Event.REVIEW,),
    "log key new": (Event.KEY,),
    "log seal": (Event.SEAL,),
    "models quantize": (Event.QUANTIZE,),
    "calibrate": (Event.CALIBRATE, Event.FORGET_CALIBRATION),
}

READS = "shows what the archive holds, without a query"
NO_ARCHIVE = "concerns models or files, and no archive"
NOT_RECORDED = {
    "evaluate": "gives figures of labelled crops, and shows nobody",
    **dict.fromkeys(
        (
            *(
                "show",
                "status",
                "coverage",
                "transit",
                "failures",
                "account list",
                "hold list",
                "retention show",
                "camera region list",
                "saved list",
                "saved show",
            ),
            *(
                "identity list",
                "identity photo list",
                "identity proposals",
                "identity show",
                "tracklet list",
            ),
            *("case list", "case show", "case review list", "case review show"),
            *("log list", "log verify", "log key show"),
        ),
        READS,
    ),
    **dict.fromkeys(
        (
            *("detect", "recorders", "export verify"),
            *("models add", "models import", "models install", "models list", "models remove"),
            *("models show", "models verify"),
        ),
        NO_ARCHIVE,
    ),
}
"""Commands that leave no entry, and why they need none."""

BY_THE_LOG = {Event.BEGIN}
"""The first of the whole log, before whatever comes first."""


def commands(command: click.Command, name: str = "") -> Iterator[str]:
    """Yield the names of all commands that do something: groups do nothing."""
    if not isinstance(command, click.Group):
        yield name
        for further in getattr(command, "more", {}):
            yield f"{name} {further}"
        return
    context = click.Context(command)
    for one in command.list_commands(context):
        found = command.get_command(context, one)
        assert found is not None
        yield from commands(found, f"{name} {one}".strip())


@pytest.mark.full  # all commands are imported
def test_every_command_is_recorded_or_known_to_need_no_entry() -> None:
    assert not RECORDED.keys() & NOT_RECORDED.keys()
    assert sorted(commands(cli)) == sorted({*RECORDED, *NOT_RECORDED})


def test_every_event_is_of_some_command() -> None:
    assert {one for events in RECORDED.values() for one in events} | BY_THE_LOG == {*Event}
