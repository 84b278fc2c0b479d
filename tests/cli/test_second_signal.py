"""A second signal ends the process at once, whatever it is waiting for."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

from reidsearch.cli.signals import ONE_S

WAITS = """
import signal, sys, threading, time
from reidsearch.cli import main, show
def wait(*a, **k):
    print("waits", flush=True)
    {how}
show.command.callback = wait
sys.argv = ["reidsearch", "show"]
main.run()
"""
NEVER = {
    "a call that waits outside of Python": "import ctypes; ctypes.CDLL(None).pause(); "
    "[ctypes.CDLL(None).sleep(60) for _ in range(9)]",
    "a thread that is waited for": "t = threading.Thread(target=time.sleep, args=(60,)); t.start();"
    " t.join()",
    "an error that is swallowed": "\n    while True:\n        try: time.sleep(60)\n"
    "        except BaseException: pass",
}


@pytest.mark.full
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("how", NEVER)
def test_a_second_signal_ends_what_never_returns(number, how):
    code = WAITS.format(how=NEVER[how])
    running = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert running.stdout is not None
    assert running.stdout.readline() == "waits\n"
    running.send_signal(number)
    time.sleep(2 * ONE_S)
    if running.poll() is None:
        running.send_signal(number)
    _, err = running.communicate(timeout=10)
    assert running.returncode == 130
    assert "stopped" in err
