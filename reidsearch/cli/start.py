"""Where a process begins: Ctrl-C ends it at once, and without a word, until a command can.

Importing the command line takes a tenth of a second, in which nothing is done that would have to be
stopped cleanly. So this module imports nothing but `signal` before it has said so.
"""

import os
import signal

if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, lambda *_: os._exit(130))


def run() -> None:
    """Run the command line, and leave with its exit code."""
    from reidsearch.cli import main

    main.run()
