"""The commands, in the groups and the order of `reidsearch --help`.

The first line of each command's help stands here, so that `reidsearch --help` imports no command;
tests hold it equal to the command's own.
"""

from __future__ import annotations

import importlib

import click

from reidsearch.cli.grouped import CommandGroup
from reidsearch.cli.short import prepare_for

GROUPS = {
    "Start": {
        "demo": "Draw synthetic footage, index it, and find its people again.",
        "index": "Index footage and person crops.",
        "follow": "Follow a recorder's folders: finished segments are indexed as they come.",
        "record": "Record cameras by RTSP into closed video files.",
        "worker": "Index what `index --queue` has queued, beside other workers.",
        "status": "Show the queue, its workers, how fast they are and how long they need.",
        "serve": "Open the archive's page in a browser: find, look, decide.",
        "doctor": "Check model, runtime, codecs, disk and archive.",
    },
    "Search": {
        "query": "Find a person again: ranked matches for one or more pictures.",
        "detect": "Detect and number the people in a frame, for `query --frame --person`.",
        "explain": "Explain a match: which parts matter, and who else scores alike.",
        "replay": "Ask again what was answered, and say what differs, and why.",
        "nearby": "Show who else was seen around a match or the sightings of an identity.",
        "company": "Show who was repeatedly seen where and when an identity was.",
        "journey": "Show where an identity was and when, and what lies in between.",
        "distance": "Tell how far apart two people were while one camera showed both.",
        "saved": "Ask again of whatever is indexed: add, list, show, notify, run, remove.",
        "next": "Show which footage to fetch next: where an identity may have been.",
        "transit": "Show how long people take from camera to camera.",
        "show": "Show what the archive contains, or all that is known of one crop.",
        "coverage": "Show which footage was analysed and how, what failed, and what is missing.",
    },
    "Decide": {
        "confirm": "Confirm matches as an identity.",
        "reject": "Record that matches do not show an identity.",
        "undo": "Reverse a decision: the last one in force, or the one with a number.",
        "identity": "Manage identities: new, list, show, proposals, rename, merge, split, photo.",
        "tracklet": "List tracklets; split one that mixes two people, join two of one person.",
        "link": "Propose identities across cameras; nothing counts until it is confirmed.",
    },
    "Export": {
        "crop": "Write the picture of one crop.",
        "frame": "Write the full frame that a crop of footage was cut from.",
        "clip": "Cut out the footage that shows the person of a match.",
        "export": "Write pages, evidence bundles, and tracklets for scorers and annotation tools.",
        "report": "Write a report that can be read in court: PDF/A or HTML.",
    },
    "Maintain": {
        "annotate": "Record what people wear and carry, for `query --wearing` and `--with`.",
        "prepare-reranking": "Build the neighbour graph that re-ranks answers of a large archive.",
        "reembed": "Re-embed crops and photographs, with another model or flip averaging.",
        "merge": "Merge archives into one: footage, crops, tracklets, and what was decided.",
        "camera": "Manage what is known of a camera: region, ground, keeps.",
        "clock": "Show or correct the clock of a source, or list all corrections.",
        "relocate": "Record that a folder of footage was moved: clips and frames find it there.",
        "failures": "List the inputs that could not be indexed, and why.",
        "check": "Verify integrity; --repair rebuilds what is derived.",
        "delete": "Delete crops: rows, pictures, embeddings, index entries.",
        "pictures": "Tell where the pictures of crops are, or move them.",
        "retention": "Manage how long crops are kept: set, show, run, clear.",
        "hold": "Hold what must not be deleted: add, list, release.",
        "backup": "Copy the archive consistently, even while it is being written.",
        "restore": "Make an archive from a backup, verified.",
        "copy": "Copy an archive to another folder or database, verified.",
        "migrate": "Upgrade an archive of an earlier version to this one.",
        "account": (
            "Manage accounts: add, list, password, role, cameras, disable, unbind, remove."
        ),
        "case": "Manage cases: new, list, show, edit, close, reopen, require, review.",
        "log": "Show, verify and seal the event log: list, verify, seal, key.",
        "models": "List, show, install, import, add, remove, verify and quantize models.",
        "recorders": "List the recorders whose file names can be read.",
    },
    "Measure": {
        "evaluate": "Measure search accuracy on labelled crops.",
        "calibrate": "Calibrate scores to probabilities; show or test a calibration.",
    },
}

COMMANDS = {name: help_ for group in GROUPS.values() for name, help_ in group.items()}
"""Command -> the first line of its help."""


class LazyGroup(CommandGroup):
    """A group that imports a command's module only when that command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return all command names, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command; its module is named like it."""
        if cmd_name not in COMMANDS:
            return None
        prepare_for(cmd_name)
        module = importlib.import_module(f"reidsearch.cli.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the command list group by group, without importing any command."""
        for title, commands in GROUPS.items():
            with formatter.section(title):
                formatter.write_dl(list(commands.items()))
