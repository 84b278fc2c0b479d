"""Ctrl-C at any moment: exit code 130, and never a traceback."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

INTERRUPTED_AT = """
import os, signal, sys

class Interrupts:
    def find_spec(self, name, *_):
        if name == {module!r}:
            sys.meta_path.remove(self)
            os.kill(os.getpid(), signal.SIGINT)

sys.argv = ["reidsearch", *{arguments!r}]
from reidsearch.cli.start import run
sys.meta_path.insert(0, Interrupts())
run()
"""


def interrupted_at(module: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
    program = INTERRUPTED_AT.format(module=module, arguments=arguments)
    return subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        timeout=60,
        check=False,
    )


@pytest.mark.full
@pytest.mark.parametrize(
    "module", ["reidsearch.cli.main", "click", "click.core", "typing", "reidsearch.base.errors"]
)
def test_while_the_command_line_is_imported_nothing_is_said(module):
    ran = interrupted_at(module, "show", "-a", "nowhere")
    assert (ran.returncode, ran.stdout, ran.stderr) == (130, "", "")


@pytest.mark.full
@pytest.mark.parametrize(
    "module", ["reidsearch.cli.show", "reidsearch.archive", "sqlalchemy", "numpy", "sqlite3"]
)
def test_while_a_command_is_imported_it_is_said(module, tmp_path):
    ran = interrupted_at(module, "show", "-a", str(tmp_path))
    assert ran.returncode == 130
    assert "Traceback" not in ran.stderr
    assert "stopped" in ran.stderr


def test_an_interrupt_that_is_ignored_stays_ignored():
    program = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n" + INTERRUPTED_AT
    ran = subprocess.run(
        [sys.executable, "-c", program.format(module="click", arguments=["--version"])],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0
    assert "version" in ran.stdout


@pytest.mark.full
@pytest.mark.parametrize(
    ("value", "shown"), [("1", True), ("yes", True), ("0", False), ("", False), ("off", False)]
)
def test_debug_is_switched_on_by_a_yes_alone(value, shown, tmp_path):
    ran = subprocess.run(
        [sys.executable, "-m", "reidsearch", "show", "-a", str(tmp_path / "none")],
        capture_output=True,
        text=True,
        env={**os.environ, "REIDSEARCH_DEBUG": value},
        timeout=60,
        check=False,
    )
    assert ran.returncode == 5
    assert ("Traceback" in ran.stderr) is shown
