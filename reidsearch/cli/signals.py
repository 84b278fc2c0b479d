"""Signals: the first one stops cleanly, a second one at once, whatever the program is waiting for.

Python calls its handlers between two of its own steps. A call into a library that does not return,
or a thread that is waited for, would so hold up any number of Ctrl-C. Therefore a thread of its
own counts the signals, which the system reports through a pipe, and ends the process at the second.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any, NoReturn

from reidsearch.base.errors import Interrupted

ONE_S = 0.5
"""Signals that come so soon after the first are the same: `timeout` and some shells send two."""

_watching: threading.Thread | None = None


def stop_on_signals() -> None:
    """Let Ctrl-C and SIGTERM (service managers, containers) stop cleanly, and at once if repeated.

    To be called by the main thread.
    """
    global _watching  # noqa: PLW0603 - the signals of a process are one
    signal.signal(signal.SIGTERM, _stop)
    on_interrupt(signal.default_int_handler)
    if _watching is None:
        try:
            told, tell = os.pipe()
        except OSError:  # no descriptor is left: whatever the command opens first will say so
            return
        os.set_blocking(tell, False)
        signal.set_wakeup_fd(tell, warn_on_full_buffer=False)
        _watching = threading.Thread(target=_watch, args=(told,), name="signals", daemon=True)
        _watching.start()


def on_interrupt(handler: Callable[[int, FrameType | None], Any]) -> None:
    """Handle Ctrl-C so, unless whoever started the process has it ignored."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, handler)


def stopped_by_signals() -> threading.Event:
    """Let Ctrl-C and SIGTERM ask the work to commit and stop; a second one stops at once."""
    stop = threading.Event()

    def ask(signum: int, frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ask)
    return stop


def _stop(signum: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _watch(told: int) -> None:
    first: float | None = None
    while numbers := os.read(told, 64):
        if not {signal.SIGINT, signal.SIGTERM} & set(numbers):
            continue
        now = time.monotonic()
        if first is None:
            first = now
        elif now - first > ONE_S:
            os.write(2, b"reidsearch: stopped at once; what was committed stays\n")
            os._exit(Interrupted.exit_code)
