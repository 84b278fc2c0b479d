"""The commands, in the groups and the order of `reidsearch --help`.

The first line of each command's help stands here, so that `reidsearch --help` imports no command;
tests hold it equal to the command's own.
"""

from __future__ import annotations

import importlib

import click

from reidsearch.cli.grouped import CommandGroup

GROUPS = {
    "Start": {
        "demo": "Draw footage, index it, find its people again, and count what was found.",
        "index": "Index footage and person crops: videos, pictures, folders, archives, lists.",
        "doctor": "Check model, runtime, codecs, disk and archive, and say what is wrong.",
    },
    "Search": {
        "query": "Find a person again: ranked matches for one or more pictures.",
        "people": "Number the people in a frame, for `query --frame VIDEO@TIME --person N`.",
        "explain": (
            "Explain a match: which parts of both pictures matter, and who else scores like it."
        ),
        "journey": "Show where an identity was and when, and what lies in between.",
        "show": "Show what the archive holds, or all that is known of one crop.",
        "coverage": "Show which footage was looked at and how, what failed, and what is missing.",
    },
    "Decide": {
        "confirm": "Say that matches show somebody: they are confirmed as that identity.",
        "reject": "Say that matches do not show somebody: they are rejected for that identity.",
        "identity": "Keep identities: new, list, show, proposals, rename, merge, split, undo.",
        "link": (
            "Propose identities over all cameras and times; nothing counts until it is confirmed."
        ),
    },
    "Export": {
        "crop": "Write the picture of one crop.",
        "frame": "Write the full frame that a crop of footage was cut from.",
        "clip": "Cut out the footage in which the person of a match is seen.",
    },
    "Maintain": {
        "attributes": (
            "Record what people wear and carry, for `query --wearing`, `--with` and `--without`."
        ),
        "neighbours": "Prepare re-ranking of a large archive: who is nearest to whom.",
        "reembed": "Embed every crop anew, by another model or with flip averaging.",
        "clock": "Show or correct the clock of a source of footage; nothing is indexed again.",
        "failures": "List the inputs that never became crops, and why.",
        "check": "Prove that the archive is whole, or say what is not; --repair mends it.",
        "delete": "Delete crops for good: rows, pictures, embeddings, index entries.",
        "backup": "Copy the archive consistently, even while it is being written.",
        "restore": "Make an archive from a backup, verified.",
        "migrate": "Bring an archive of an earlier version to this one.",
        "models": "List, show, install, import, verify and quantize models.",
        "patterns": "List the names of usual recorders that can be read.",
    },
    "Measure": {
        "evaluate": "Measure how well people are found again, on crops that are labelled.",
        "calibrate": "Make, show or test what turns scores into probabilities.",
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
        module = importlib.import_module(f"reidsearch.cli.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the command list group by group, without importing any command."""
        for title, commands in GROUPS.items():
            with formatter.section(title):
                formatter.write_dl(list(commands.items()))
