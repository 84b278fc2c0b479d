"""What a command that answers within a second does without, so that it does.

In: the name of the command. Out: nothing; the process is set up for it.
"""

from __future__ import annotations

import gc
import sys

SHORT = frozenset({"query"})
SWITCH_S = 0.001
USUAL = gc.get_threshold()
LOADED = 50_000
"""How many objects are made between two collections while a command is loaded.

Modules, classes and tables are made to stay: the usual 700 collected 250 times over, which took a
tenth of a query's time and freed nothing.
"""


def collect_rarely() -> None:
    """Collect garbage rarely, until it is known which command runs."""
    gc.set_threshold(LOADED)


def prepare_for(command: str) -> None:
    """Set the process up for a command: what runs for hours collects garbage as usual."""
    if gc.get_threshold()[0] != LOADED:  # somebody else's process
        return
    if command not in SHORT:
        gc.set_threshold(*USUAL)
        return
    # Two thirds of OpenVINO's import are converters of models of other frameworks, and no query
    # converts one; it does without them where they cannot be imported.
    sys.modules.setdefault("openvino.tools.ovc", None)  # type: ignore[arg-type]
    # Models are loaded beside imports, in a thread that asks for Python's lock often and shortly.
    sys.setswitchinterval(SWITCH_S)
