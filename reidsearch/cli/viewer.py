"""Open a written picture in the user's own viewer, quietly, or say that there is none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

SOON_S = 3.0
"""A viewer that runs longer has opened the file; one that cannot ends before."""


def require_viewer() -> None:
    """Refuse to go on where nothing can open a picture, before anything is searched or written.

    Raises:
        UsageError: there is no viewer.
    """
    from reidsearch.base.errors import UsageError

    if sys.platform != "win32" and _command() is None:
        raise UsageError(
            f"nothing here opens pictures: there is no {_name()}",
            "leave --open out and write the contact sheet with -o FILE",
        )


def open_file(path: Path, *, keep: bool) -> None:
    """Open a file in its viewer; what the viewer says of itself is not shown.

    Args:
        keep: leave the file where it is even if nobody could look at it.

    Raises:
        SomeFailed: the viewer did not open it.
    """
    from reidsearch.base.errors import SomeFailed

    told = _opened(path)
    if told is None:
        return
    if not keep:
        path.unlink(missing_ok=True)
    raise SomeFailed(
        f"the contact sheet could not be opened: {told}",
        f"it is written: {path}" if keep else "write it with -o FILE and open it elsewhere",
    )


def _opened(path: Path) -> str | None:
    """Return why a file could not be opened; None: it was."""
    if sys.platform == "win32":
        try:
            os.startfile(path)  # noqa: S606 - what the user asked for
        except OSError as error:
            return str(error.strerror or error)
        return None
    command = _command()
    if command is None:
        return f"there is no {_name()}"
    quiet = subprocess.DEVNULL
    try:
        viewer = subprocess.Popen(  # noqa: S603 - what the user asked for
            [command, str(path.absolute())],
            stdin=quiet,
            stdout=quiet,
            stderr=quiet,
            start_new_session=True,  # it outlives this command
        )
    except OSError as error:
        return f"{command}: {error.strerror}"
    try:
        code = viewer.wait(SOON_S)
    except subprocess.TimeoutExpired:
        viewer.returncode = 0  # it is let go, and nobody waits for it any more
        return None
    return f"{_name()} ended with code {code}" if code else None


def _name() -> str:
    return "open" if sys.platform == "darwin" else "xdg-open"


def _command() -> str | None:
    return shutil.which(_name())
