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


@pytest.mark.full
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
    assert all(atomic.is_temporary(path.name) for path in others)
    assert len(others) == (step < 2)
    with atomic.replacing(final) as partial:  # what was left is no obstacle
        partial.write_bytes(NEW)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert final.read_bytes() == NEW


def test_three_steps_make_a_file(tmp_path):
    done = killed(tmp_path / "file", 3, "file")
    assert done.stdout == b"done\n", done.stderr


@pytest.mark.full
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
    (_, partial), (_, source, target), (_, folder) = (call.split() for call in calls)
    assert atomic.is_temporary(partial)
    assert (source, target, folder) == (partial, "file", tmp_path.name)


def test_an_error_leaves_the_old_file_and_nothing_temporary(tmp_path):
    final = tmp_path / "file"
    final.write_bytes(OLD)

    def fail(partial: Path) -> None:
        partial.write_bytes(b"half")
        raise RuntimeError("half")

    with pytest.raises(RuntimeError, match="half"), atomic.replacing(final) as partial:
        fail(partial)
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


@pytest.mark.parametrize("make", ["file", "link", "folder"])
def test_what_has_the_old_temporary_name_or_is_a_link_is_left_alone(tmp_path, make):
    """A user's own `X.partial`, and links under the very names that are used."""
    mine, final = tmp_path / "file.partial", tmp_path / "file"
    if make == "folder":
        mine.mkdir()
        (mine / "a").write_bytes(OLD)
    else:
        mine.write_bytes(OLD)
    linked = []
    with atomic.replacing(final) as partial:
        first = partial
    if make == "link":
        for slot in range(atomic.SLOTS):
            link = first.with_name(first.name.replace("-0.partial", f"-{slot:x}.partial"))
            link.symlink_to(mine)
            linked.append(link)
    with atomic.replacing(final) as partial:
        partial.write_bytes(NEW)
    with atomic.new_folder(tmp_path / "folder") as folder:
        (folder / "b").write_bytes(NEW)
    assert final.read_bytes() == NEW
    assert all(link.is_symlink() for link in linked)
    kept = mine / "a" if make == "folder" else mine
    assert kept.read_bytes() == OLD


def test_two_at_one_file_each_have_a_temporary_one_of_their_own(tmp_path):
    final = tmp_path / "file"
    with atomic.replacing(final) as one, atomic.replacing(final) as other:
        one.write_bytes(OLD)
        other.write_bytes(NEW)
    assert final.read_bytes() == OLD  # the outer one ends last
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


MAKING = """
import sys
from pathlib import Path
from reidsearch.base import atomic
with atomic.new_folder(Path(sys.argv[1])) as folder:
    (folder / "a").write_text("mine")
    print("at it", flush=True)
    sys.stdin.readline()
"""


@pytest.mark.skipif(os.name == "nt", reason="folders are not locked there")
def test_a_folder_that_another_process_makes_is_not_made_twice(tmp_path):
    final = tmp_path / "folder"
    with subprocess.Popen(
        [sys.executable, "-c", MAKING, final], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"at it\n"
        with pytest.raises(atomic.InUse), atomic.new_folder(final):
            pass
        other.communicate(b"\n")
    assert (final / "a").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


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
