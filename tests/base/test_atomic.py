"""`base/atomic.py`: whole or not at all, whenever the process is killed."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from reidsearch.base import atomic

OLD, NEW = b"old" * 1000, b"new" * 2000

KILLED = """
import os, signal, sys
from pathlib import Path
from reidsearch.base import atomic
final, step = Path(sys.argv[1]), int(sys.argv[2])
def counted(name, call):
    def run(*args, **kwargs):
        global step
        if step == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        step -= 1
        return call(*args, **kwargs)
    return run
os.fsync, os.replace = counted("fsync", os.fsync), counted("replace", os.replace)
os.rename = counted("rename", os.rename)
if sys.argv[3] == "file":
    with atomic.replacing(final) as partial:
        partial.write_bytes(b"new" * 2000)
else:
    with atomic.new_folder(final) as partial:
        (partial / "a").write_bytes(b"new" * 2000)
print("done")
"""


def killed(final: Path, step: int, kind: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", KILLED, final, str(step), kind], capture_output=True, check=False
    )


@pytest.mark.parametrize("step", range(3))
@pytest.mark.parametrize("before", [None, OLD])
def test_a_killed_process_leaves_the_old_file_or_all_of_the_new_one(tmp_path, step, before):
    final = tmp_path / "file"
    if before is not None:
        final.write_bytes(before)
    assert killed(final, step, "file").returncode == -signal.SIGKILL
    left = final.read_bytes() if final.exists() else None
    assert left == (NEW if step == 2 else before)  # after the rename only the folder is synced
    others = [path for path in tmp_path.iterdir() if path != final]
    assert others in ([], [atomic.temporary(final)])
    assert len(others) == (step < 2)
    with atomic.replacing(final) as partial:  # what was left is no obstacle
        partial.write_bytes(NEW)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert final.read_bytes() == NEW


def test_three_steps_make_a_file(tmp_path):
    done = killed(tmp_path / "file", 3, "file")
    assert done.stdout == b"done\n", done.stderr


@pytest.mark.parametrize("step", range(4))
def test_a_killed_process_leaves_no_half_folder(tmp_path, step):
    final = tmp_path / "folder"
    assert killed(final, step, "folder").returncode == -signal.SIGKILL
    assert final.exists() == (step == 3)
    if final.exists():
        assert (final / "a").read_bytes() == NEW
        return
    with atomic.new_folder(final) as partial:
        assert list(partial.iterdir()) == []
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_bytes_are_on_the_disk_before_the_name_and_the_name_before_it_returns(
    tmp_path, monkeypatch
):
    calls: list[str] = []
    fsync, replace = os.fsync, os.replace

    def synced(descriptor: int) -> None:
        names = {path.stat().st_ino: path.name for path in (tmp_path, *tmp_path.iterdir())}
        calls.append(f"sync {names[os.fstat(descriptor).st_ino]}")
        fsync(descriptor)

    def replaced(source: Path, target: Path) -> None:
        calls.append(f"rename {Path(source).name} {Path(target).name}")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", replaced)
    with atomic.replacing(tmp_path / "file") as partial:
        partial.write_bytes(NEW)
    assert calls == ["sync file.partial", "rename file.partial file", f"sync {tmp_path.name}"]


def test_an_error_leaves_the_old_file_and_nothing_temporary(tmp_path):
    final = tmp_path / "file"
    final.write_bytes(OLD)

    def fail(partial: Path) -> None:
        partial.write_bytes(b"half")
        raise RuntimeError("half")

    with pytest.raises(RuntimeError, match="half"), atomic.replacing(final) as partial:
        fail(partial)
    with pytest.raises(FileNotFoundError), atomic.replacing(final):
        pass  # nothing was written
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"file": OLD}


def test_an_error_leaves_no_folder(tmp_path):
    def fail(partial: Path) -> None:
        (partial / "a").write_bytes(b"half")
        raise RuntimeError("half")

    with pytest.raises(RuntimeError), atomic.new_folder(tmp_path / "folder") as partial:
        fail(partial)
    assert list(tmp_path.iterdir()) == []


def test_a_new_folder_replaces_an_empty_one_and_no_other(tmp_path):
    final = tmp_path / "folder"
    final.mkdir()
    with atomic.new_folder(final) as partial:
        (partial / "a").write_bytes(NEW)
    with pytest.raises(OSError, match="not empty"), atomic.new_folder(final):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]
    assert (final / "a").read_bytes() == NEW


def test_folders_are_their_owners_alone(tmp_path):
    before = os.umask(0)
    try:
        with atomic.scratch_folder(tmp_path / "parts") as parts:
            assert parts.stat().st_mode & 0o777 == 0o700
            (parts / "a").write_bytes(b"a")
            atomic.publish(parts / "a", tmp_path / "a")
        with atomic.new_folder(tmp_path / "folder"):
            pass
    finally:
        os.umask(before)
    assert (tmp_path / "folder").stat().st_mode & 0o777 == 0o700
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "folder"]


def test_a_temporary_name_lies_beside_the_final_one():
    assert atomic.temporary(Path("x/a.db")) == Path("x/a.db.partial")


def test_a_new_file_never_replaces_another_that_appeared_meanwhile(tmp_path):
    final = tmp_path / "file"

    def make(partial: Path) -> None:
        partial.write_bytes(NEW)
        final.write_bytes(OLD)  # somebody else

    with pytest.raises(FileExistsError), atomic.creating(final) as partial:
        make(partial)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"file": OLD}
    final.unlink()
    with atomic.creating(final) as partial:
        partial.write_bytes(NEW)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"file": NEW}


def test_a_new_file_where_there_are_no_hard_links(tmp_path, monkeypatch):
    def refused(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")  # as FAT does

    monkeypatch.setattr(os, "link", refused)
    test_a_new_file_never_replaces_another_that_appeared_meanwhile(tmp_path)
