"""Files and folders: what is offered, in which order, and that nothing hangs or goes in circles."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from reidsearch.base.errors import Reason, Refused
from reidsearch.base.settings import PictureLimits
from reidsearch.domain.crops import CropInput, Rejected
from reidsearch.media.files.crop_inputs import CropInputs
from reidsearch.media.files.inventory import FOOTAGE, Kind, take_inventory
from reidsearch.media.naming.patterns import Naming, compile_pattern

LIMITS = PictureLimits()
PPM = b"P6 1 1 255 abc"


def listed(*paths: Path, naming: Naming = Naming()) -> list[CropInput | Rejected]:
    return list(CropInputs(take_inventory(paths), naming, LIMITS))


def short(root: Path, entries: list[CropInput | Rejected]) -> list[str | tuple[str, Reason]]:
    """Locations below root; failures with their reason."""
    out: list[str | tuple[str, Reason]] = []
    for entry in entries:
        where = entry.location.removeprefix(f"{root}/")
        out.append(where if isinstance(entry, CropInput) else (where, entry.cause.reason))
    return out


def write(path: Path, data: bytes = b"x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def test_a_tree_in_order_without_what_nobody_means(tmp_path: Path) -> None:
    for name in [
        "b/2.JPG", "b/1.png", "b/a/0.webp", "a.jpeg", "z.tiff", "notes.txt", "film.mp4",
        "rows.csv", "b/.DS_Store", "b/Thumbs.db", "b/.hidden.jpg", ".git/x.jpg", "noending",
    ]:  # fmt: skip
        write(tmp_path / name)
    inventory = take_inventory([tmp_path])
    found = CropInputs(inventory, Naming(), LIMITS)
    assert short(tmp_path, list(found)) == ["a.jpeg", "z.tiff", "b/1.png", "b/2.JPG", "b/a/0.webp"]
    # The film is footage.
    assert inventory.skipped.count == 3
    assert sorted(inventory.skipped) == [
        f"{tmp_path}/{name}" for name in ("noending", "notes.txt", "rows.csv")
    ]
    assert [entry.location for entry in inventory.entries(FOOTAGE)] == [f"{tmp_path}/film.mp4"]


def test_named_files_are_offered_whatever_their_name_and_once(tmp_path: Path) -> None:
    odd = write(tmp_path / ".odd", PPM)
    entries = listed(odd, odd, tmp_path / "x" / ".." / ".odd")
    assert short(tmp_path, entries) == [".odd"]
    assert isinstance(entries[0], CropInput)
    assert entries[0].locator.read(LIMITS) == PPM


def test_relative_paths_become_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "d" / "a.jpg")
    monkeypatch.chdir(tmp_path)
    assert [entry.location for entry in listed(Path("d"))] == [f"{tmp_path}/d/a.jpg"]
    assert [entry.location for entry in listed(Path("d/../d/a.jpg"))] == [f"{tmp_path}/d/a.jpg"]


def test_links_in_circles_and_folders_seen_twice(tmp_path: Path) -> None:
    write(tmp_path / "real" / "a.jpg")
    (tmp_path / "real" / "up").symlink_to(tmp_path)
    (tmp_path / "again").symlink_to(tmp_path / "real")
    (tmp_path / "self.jpg").symlink_to("self.jpg")
    (tmp_path / "gone.jpg").symlink_to("nowhere.jpg")
    (tmp_path / "link.jpg").symlink_to("real/a.jpg")
    assert short(tmp_path, listed(tmp_path, tmp_path / "real")) == [
        ("gone.jpg", Reason.MISSING),
        "link.jpg",
        ("self.jpg", Reason.UNREADABLE),
        "again/a.jpg",
    ]


def test_names_that_are_not_utf8_and_very_long_ones(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path)
    for name in (b"caf\xe9.jpg", "café.jpg".encode(), b"n" * 251 + b".jpg", b"new\nline.jpg"):
        Path(os.fsdecode(folder + b"/" + name)).write_bytes(name)
    entries = listed(tmp_path)
    found = {entry.location.removeprefix(f"{tmp_path}/"): entry for entry in entries}
    assert set(found) == {r"caf\xe9.jpg", "café.jpg", "n" * 251 + ".jpg", "new\nline.jpg"}
    for entry in entries:
        entry.location.encode()  # can be stored
    odd = found[r"caf\xe9.jpg"]
    assert isinstance(odd, CropInput)
    assert odd.locator.read(LIMITS) == b"caf\xe9.jpg"


def test_deeper_than_a_path_may_be_long(tmp_path: Path) -> None:
    """5000 characters of folders: made and found from within, refused from outside, no crash."""
    program = (
        "import os, sys; os.chdir(sys.argv[1])\n"
        "for _ in range(25):\n os.mkdir('d' * 200); os.chdir('d' * 200)\n"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True)
    entries = listed(tmp_path)
    assert [entry.cause.reason for entry in entries if isinstance(entry, Rejected)] == [
        Reason.UNREADABLE
    ]
    subprocess.run(["rm", "-rf", str(tmp_path / ("d" * 200))], check=True)


def test_what_is_no_file_never_hangs(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.jpg")
    os.mkfifo(tmp_path / "b.tar")
    os.mkfifo(tmp_path / "c.zip")
    (tmp_path / "d.jpg").symlink_to("/dev/zero")
    (tmp_path / "e.jpg").mkdir()
    assert short(tmp_path, listed(tmp_path)) == [
        (name, Reason.NOT_A_FILE) for name in ("a.jpg", "b.tar", "c.zip", "d.jpg")
    ]
    named = listed(tmp_path / "a.jpg", Path("/dev/zero"), tmp_path / "nothing", Path("/n\0n"))
    assert [entry.cause.reason for entry in named if isinstance(entry, Rejected)] == [
        Reason.NOT_A_FILE, Reason.NOT_A_FILE, Reason.MISSING, Reason.MISSING,
    ]  # fmt: skip


def reasons_of_reading(
    found: Sequence[CropInput | Rejected], limits: PictureLimits
) -> list[Reason | int]:
    out: list[Reason | int] = []
    for entry in found:
        assert isinstance(entry, CropInput)
        try:
            out.append(len(entry.locator.read(limits)))
        except Refused as refused:
            out.append(refused.reason)
    return out


def test_reading_holds_to_the_limit_and_to_what_lies_there_now(tmp_path: Path) -> None:
    for name, size in [("a", 0), ("b", 100), ("c", 101), ("d", 5), ("e", 5), ("f", 5)]:
        write(tmp_path / f"{name}.jpg", b"x" * size)
    limits = PictureLimits(max_bytes=100)
    found = list(CropInputs(take_inventory([tmp_path]), Naming(), limits))
    (tmp_path / "d.jpg").unlink()
    (tmp_path / "e.jpg").unlink()
    os.mkfifo(tmp_path / "e.jpg")
    write(tmp_path / "f.jpg", b"x" * 200_000)
    assert reasons_of_reading(found, limits) == [
        Reason.EMPTY, 100, Reason.TOO_MANY_BYTES, Reason.MISSING, Reason.NOT_A_FILE,
        Reason.TOO_MANY_BYTES,
    ]  # fmt: skip


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can enter, unlike those of pytest."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.full
def test_no_permission(open_folder: Path) -> None:
    """In a process that gives up being root, as root may read everything."""
    write(open_folder / "a.jpg").chmod(0)
    write(open_folder / "shut" / "b.jpg").parent.chmod(0)
    program = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from reidsearch.base.errors import Refused\n"
        "from reidsearch.media.naming.patterns import Naming\n"
        "from reidsearch.media.files.crop_inputs import CropInputs\n"
        "from reidsearch.media.files.inventory import take_inventory\n"
        "from reidsearch.base.settings import PictureLimits\n"
        "if os.geteuid() == 0: os.setegid(65534); os.seteuid(65534)\n"
        "limits = PictureLimits()\n"
        "for entry in CropInputs(take_inventory([Path(sys.argv[1])]), Naming(), limits):\n"
        "    try: entry.locator.read(limits)\n"
        "    except Refused as refused: print(entry.location, refused.reason)\n"
        "    except AttributeError: print(entry.location, entry.cause.reason)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(open_folder)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.splitlines() == [
        f"{open_folder}/a.jpg unreadable",
        f"{open_folder}/shut unreadable",
    ]


def test_a_fingerprint_changes_with_the_file(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jpg", b"one")

    def fingerprint() -> str:
        (entry,) = listed(tmp_path)
        assert isinstance(entry, CropInput)
        return entry.fingerprint

    first = fingerprint()
    assert fingerprint() == first
    os.utime(path, ns=(0, 1))
    touched = fingerprint()
    write(path, b"other")
    os.utime(path, ns=(0, 1))
    assert len({first, touched, fingerprint()}) == 3


def test_a_bad_time_in_a_name_fails_that_file_alone(tmp_path: Path) -> None:
    write(tmp_path / "20240230.jpg")
    write(tmp_path / "other.jpg")
    naming = Naming(pattern=compile_pattern(r"/(?P<time>\d{8})\."), camera="gate")
    entries = listed(tmp_path, naming=naming)
    assert short(tmp_path, entries) == [("20240230.jpg", Reason.BAD_TIME), "other.jpg"]
    assert isinstance(entries[1], CropInput)
    assert entries[1].facts.camera == "gate"


def test_the_position_goes_from_nothing_to_the_total(tmp_path: Path) -> None:
    for name in ["a.jpg", "b/1.png", "b/2.PNG", "b/.3.png", "b/notes.txt", "b/rows.csv"]:
        write(tmp_path / name, b"x" * 100)
    (tmp_path / "b" / "up").symlink_to(tmp_path)
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as archive:
        for name in ["d.jpg/", "d.jpg/e.png", "f.webp", "g.txt"]:
            archive.writestr(name, b"x" * 50)
    with tarfile.open(tmp_path / "d.tar.gz", "w:gz") as tar:
        tar.add(tmp_path / "a.jpg", "a.jpg")
    rows = write(tmp_path / "rows.csv", b"path,camera\r\n\r\na.jpg,x\r\nb/1.png,y")
    lines = write(tmp_path / "rows.jsonl", b'{"path": "a.jpg"}\n\n \n{"path": "b/1.png"}\n')
    container_bytes = sum((tmp_path / name).stat().st_size for name in ("c.zip", "d.tar.gz"))
    for paths, number, total in [
        ([tmp_path], 6, 300 + container_bytes), ([tmp_path, tmp_path / "b"], 6, None),
        ([tmp_path / "b", tmp_path / "b"], 6, None), ([tmp_path / "a.jpg"], 1, 100),
        ([tmp_path / "nothing"], 1, 0), ([tmp_path / "c.zip"], 2, None),
        ([rows], 2, rows.stat().st_size), ([lines], 2, lines.stat().st_size),
        ([rows, lines, tmp_path], 10, None),
    ]:  # fmt: skip
        inventory = take_inventory(paths)
        found = CropInputs(inventory, Naming(), LIMITS)
        positions = [found.position_bytes for _ in found]
        assert len(positions) == number, paths
        assert positions == sorted(positions), paths
        assert found.position_bytes == inventory.crop_bytes, paths
        assert total in {None, inventory.crop_bytes}, paths


def test_folders_are_walked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Crops, footage and totals come from one pass; nothing goes back to the disk for a list."""
    for name in ["a.jpg", "b/1.png", "b/c/film.mp4", "b/c/2.png", "notes.txt"]:
        write(tmp_path / name)
    walked: list[str] = []
    scandir = os.scandir

    def counted(path: str) -> Iterator[os.DirEntry[str]]:
        walked.append(os.path.relpath(path, tmp_path))
        return scandir(path)  # type: ignore[return-value]

    monkeypatch.setattr(os, "scandir", counted)
    inventory = take_inventory([tmp_path, tmp_path / "b"])
    assert walked == [".", "b", "b/c"]
    assert len(list(CropInputs(inventory, Naming(), LIMITS))) == 3
    assert [entry.kind for entry in inventory.entries(FOOTAGE)] == [Kind.VIDEO]
    assert (inventory.crop_bytes, inventory.footage_bytes, inventory.skipped.count) == (3, 1, 1)
    assert walked == [".", "b", "b/c"]
