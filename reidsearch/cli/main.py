"""The entry point: finds the command, and is the one place where errors become exit codes."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import traceback
from types import FrameType
from typing import Any, NoReturn

import click

from reidsearch.base.errors import Interrupted, ReidsearchError, StorageError
from reidsearch.base.version import __version__

# name -> (module under reidsearch.cli, one-line help). The help stands here so that
# `reidsearch --help` imports no command; tests hold it equal to each command's own.
COMMANDS = {
    "demo": ("demo", "Draw footage, index it, find its people again, and count what was found."),
    "index": (
        "index",
        "Index footage and person crops: videos, pictures, folders, archives, lists.",
    ),
    "query": ("query", "Find a person again: ranked matches for one or more pictures."),
    "confirm": (
        "confirm",
        "Say that matches show somebody: they are confirmed as that identity.",
    ),
    "reject": (
        "reject",
        "Say that matches do not show somebody: they are rejected for that identity.",
    ),
    "identity": (
        "identity",
        "Keep identities: new, list, show, proposals, rename, merge, split, undo.",
    ),
    "link": (
        "link",
        "Propose identities over all cameras and times; nothing counts until it is confirmed.",
    ),
    "journey": ("journey", "Show where an identity was and when, and what lies in between."),
    "attributes": (
        "attributes",
        "Record what people wear and carry, for `query --wearing`, `--with` and `--without`.",
    ),
    "calibrate": ("calibrate", "Make, show or test what turns scores into probabilities."),
    "explain": (
        "explain",
        "Explain a match: which parts of both pictures matter, and who else scores like it.",
    ),
    "neighbours": (
        "neighbours",
        "Prepare re-ranking of a large archive: who is nearest to whom.",
    ),
    "coverage": (
        "coverage",
        "Show which footage was looked at and how, what failed, and what is missing.",
    ),
    "people": (
        "people",
        "Number the people in a frame, for `query --frame VIDEO@TIME --person N`.",
    ),
    "clip": ("clip", "Cut out the footage in which the person of a match is seen."),
    "frame": ("frame", "Write the full frame that a crop of footage was cut from."),
    "clock": (
        "clock",
        "Show or correct the clock of a source of footage; nothing is indexed again.",
    ),
    "patterns": ("patterns", "List the names of usual recorders that can be read."),
    "show": ("show", "Show what the archive holds, or all that is known of one crop."),
    "crop": ("crop", "Write the picture of one crop."),
    "failures": ("failures", "List the inputs that never became crops, and why."),
    "check": ("check", "Prove that the archive is whole, or say what is not; --repair mends it."),
    "delete": ("delete", "Delete crops for good: rows, pictures, embeddings, index entries."),
    "backup": ("backup", "Copy the archive consistently, even while it is being written."),
    "restore": ("restore", "Make an archive from a backup, verified."),
    "migrate": ("migrate", "Bring an archive of an earlier version to this one."),
    "reembed": (
        "reembed",
        "Embed every crop anew, by another model or with flip averaging.",
    ),
    "evaluate": (
        "evaluate",
        "Measure how well people are found again, on crops that are labelled.",
    ),
    "models": ("models", "List, show, install, import, verify and quantize models."),
    "doctor": ("doctor", "Check model, runtime, codecs, disk and archive, and say what is wrong."),
}


class LazyGroup(click.Group):
    """A group that imports a command's module only when that command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All command names, in the order of `COMMANDS` (the order of use)."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"reidsearch.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The command list, without importing any command."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, help_) for name, (_, help_) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="reidsearch")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def cli(debug: bool) -> None:
    """Find a person again in footage archives.

    Index footage once, then ask for the best matches of a picture:

    \b
        reidsearch index footage/ --camera gate
        reidsearch query person.jpg -k 10 --sheet answer.png

    Every answer says what was searched, how, and what is missing.
    """


def run() -> NoReturn:
    """Run the command line and leave with its exit code."""
    debug = "--debug" in sys.argv[1:] or bool(os.environ.get("REIDSEARCH_DEBUG"))
    signal.signal(signal.SIGTERM, _terminate)
    sys.exit(_guarded(debug))


def _terminate(signum: int, frame: FrameType | None) -> None:
    """SIGTERM (service managers, containers) stops as cleanly as Ctrl-C."""
    raise KeyboardInterrupt


def _guarded(debug: bool) -> int:
    try:
        result: Any = cli.main(standalone_mode=False)
        # A pipe that closed early (`| head`) shows itself only when the output is flushed.
        sys.stdout.flush()
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (KeyboardInterrupt, click.Abort):
        _tell(Interrupted("stopped", "what was committed stays"))
        return Interrupted.exit_code
    except Exception as error:  # noqa: BLE001  the one boundary
        if debug:
            traceback.print_exc()
        told = _as_ours(error)
        _tell(told)
        return told.exit_code
    return result if isinstance(result, int) else 0


def _as_ours(error: Exception) -> ReidsearchError:
    if isinstance(error, ReidsearchError):
        return error
    if isinstance(error, OSError):
        where = f" ({error.filename})" if error.filename else ""
        return StorageError(f"{error.strerror or error}{where}")
    return ReidsearchError(
        f"unforeseen error: {type(error).__name__}: {error}",
        "run again with --debug and report the traceback",
    )


def _tell(error: ReidsearchError) -> None:
    if error.message:
        click.echo(f"reidsearch: {error.message}", err=True)
    if error.hint:
        click.echo(f"  -> {error.hint}", err=True)


if __name__ == "__main__":
    run()
