"""Where a process begins: Ctrl-C ends it at once, and without a word, until a command can.

Importing the command line takes a tenth of a second, in which nothing is done that would have to be
stopped cleanly. So this module imports nothing but `signal` before it has said so.
"""

import os
import signal

if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, lambda *_: os._exit(130))


def run() -> None:
    """Run the command line, and leave with its exit code.

    What is left in memory then is given back by the system as a whole: taking apart some hundred
    modules and a model one by one takes longer than to search 100 000 crops.
    """
    import atexit

    codes: list[int] = []
    atexit.register(_leave, codes)  # runs after all that is registered from now on
    from reidsearch.cli.short import collect_rarely

    collect_rarely()
    from reidsearch.cli import main

    try:
        main.run()
    except SystemExit as stop:
        if isinstance(stop.code, int):
            codes.append(stop.code)
        raise


def _leave(codes: list[int]) -> None:
    """Leave without taking anything apart, once all is done that was to be done at the end."""
    import sys

    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        return  # Python says itself what is wrong with them
    if codes:
        os._exit(codes[0])
