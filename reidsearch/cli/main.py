"""The entry point: finds the command, and is the one place where errors become exit codes."""

from __future__ import annotations

import io
import os
import sys
import traceback
from typing import Any, NoReturn

import click

from reidsearch.base.errors import Interrupted, ReidsearchError
from reidsearch.base.foreign_errors import as_ours
from reidsearch.base.version import __version__
from reidsearch.cli.commands import LazyGroup
from reidsearch.cli.signals import on_interrupt, stop_on_signals
from reidsearch.output.terminal import say, shown_streams

_NO = frozenset({"", "0", "false", "f", "no", "n", "off"})
_KEPT: list[object] = []
"""Archives that commands have closed; see `opening.opened_archive`."""


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", prog_name="reidsearch")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def cli(debug: bool) -> None:
    """Find a person again in footage archives.

    Index footage once, then ask for the best matches of a picture:

    \b
        reidsearch index footage/ --camera gate
        reidsearch query person.jpg -k 10 -o answer.png

    Every answer says what was searched, how, and what is missing.
    """


def run() -> NoReturn:
    """Run the command line and leave with its exit code."""
    debug = "--debug" in sys.argv[1:] or _switched_on("REIDSEARCH_DEBUG")
    stop_on_signals()
    # Python has no stream where the shell has closed it (`>&-`).
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123
    # What the terminal's encoding lacks is shown as an escape, in tables, CSV and messages alike.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    with shown_streams():
        code = _guarded(debug)
    on_interrupt(lambda *_: os._exit(code))  # all is done and said
    sys.exit(code)


def _switched_on(variable: str) -> bool:
    """Whether an environment variable is set to anything but a no, as click reads flags."""
    return os.environ.get(variable, "").strip().lower() not in _NO


def _guarded(debug: bool) -> int:
    try:
        result: Any = cli.main(standalone_mode=False, obj=_KEPT)
        # A pipe that closed early (`| head`) shows itself only when the output is flushed.
        sys.stdout.flush()
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        error.show(sys.stderr)
        return error.exit_code
    except SystemExit:  # only so: click's end of a command whose output nobody reads any more
        return 0
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (KeyboardInterrupt, click.Abort):
        on_interrupt(lambda *_: os._exit(Interrupted.exit_code))
        _tell(Interrupted("stopped; what was committed stays"))
        return Interrupted.exit_code
    except Exception as error:  # noqa: BLE001  the one boundary
        if debug:
            traceback.print_exc()
        told = as_ours(error)
        _tell(told)
        return told.exit_code
    return result if isinstance(result, int) else 0


def _tell(error: ReidsearchError) -> None:
    if error.message:
        say(f"reidsearch: {_indented(error.message)}", err=True)
    try:
        from reidsearch.output.hints import advice
    except OSError:  # no descriptor is left to read it with
        return
    if hint := advice(error):
        say(f"  -> {_indented(hint)}", err=True)


def _indented(text: str) -> str:
    """Text whose further lines cannot be taken for messages of their own."""
    return text.replace("\n", "\n    ")


if __name__ == "__main__":
    run()
