"""A process without descriptors or memory says so, and blames neither permissions nor files."""

from __future__ import annotations

import errno
import os
import sqlite3
import subprocess
import sys

import pytest
from archives import draw_many

from reidsearch.base.errors import Kind, Reason, StorageError
from reidsearch.media.files.paths import refusal
from reidsearch.store.database.sqlite import translated

PROGRAM = """
import os, resource, sys
from reidsearch.cli.start import run
import reidsearch.cli.main, reidsearch.output.hints, reidsearch.archive, reidsearch.output.text
import reidsearch.cli.show, reidsearch.services.index
import sqlalchemy.dialects.sqlite, faiss, openvino, av, cv2
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) - 1 + {more}, hard))
sys.argv = ["reidsearch", *{arguments!r}]
run()
"""


def with_descriptors(more: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command that may open so many files beside those that importing it opened."""
    return subprocess.run(
        [sys.executable, "-c", PROGRAM.format(more=more, arguments=arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.full
@pytest.mark.parametrize("more", [1, 5, 7])
@pytest.mark.parametrize("command", [("show",), ("query", "--crop", "1"), ("check",)])
def test_too_few_descriptors_are_told_as_such(held, command, more):
    ran = with_descriptors(more, *command, "-a", str(held.archive))
    assert "Traceback" not in ran.stderr
    if ran.returncode:
        assert ran.returncode == 8, ran.stderr
        assert "too many files are open" in ran.stderr.lower()
        assert "ulimit -n" in ran.stderr
        assert "writable" not in ran.stderr


@pytest.mark.full
def test_inputs_are_not_blamed_for_a_lack_of_descriptors(held, tmp_path):
    draw_many(tmp_path / "more", 3, start=50)
    for more in (4, 8):
        ran = with_descriptors(
            more, "index", str(tmp_path / "more"), "-a", str(held.archive), "--model", "builtin"
        )
        assert "Traceback" not in ran.stderr
        assert "failed" not in ran.stdout, "the pictures are sound"
        assert ran.returncode in {0, 8}, ran.stderr


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (OSError(errno.EMFILE, "Too many open files", "a"), Kind.TOO_MANY_FILES),
        (OSError(errno.ENFILE, "Too many open files in system"), Kind.TOO_MANY_FILES),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), Kind.OUT_OF_MEMORY),
    ],
)
def test_such_errors_stop_a_run_and_are_no_failure_of_an_input(error, kind):
    with pytest.raises(StorageError) as caught:
        refusal(error)
    assert caught.value.kind == kind
    assert refusal(PermissionError(errno.EACCES, "Permission denied")).reason is Reason.UNREADABLE


def test_sqlite_without_memory_is_told_as_that(tmp_path):
    for code in (sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_IOERR_NOMEM):
        error = sqlite3.OperationalError("out of memory")
        error.sqlite_errorcode = code
        told = translated(tmp_path / "archive.db", error)
        assert told is not None
        assert told.kind == Kind.OUT_OF_MEMORY
    missing = sqlite3.OperationalError("unable to open database file")
    missing.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN
    told = translated(tmp_path / "archive.db", missing)
    assert isinstance(told, StorageError)
    assert told.kind == Kind.STORAGE, "there are descriptors enough"


def test_memory_that_ends_anywhere_is_no_fault_of_the_program(run, monkeypatch):
    def fails(*_args, **_kwargs):
        raise MemoryError

    monkeypatch.setattr("reidsearch.archive.Archive.open", fails)
    ran = run("show")
    assert ran.code == StorageError.exit_code
    assert "there is no memory left" in ran.err
    assert os.strerror(errno.EACCES) not in ran.err
