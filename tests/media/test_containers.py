"""Tar and zip archives: whole, cut short, hostile; read from any thread, without unpacking."""

from __future__ import annotations

import gzip
import io
import os
import random
import struct
import tarfile
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from containers import CONTAINERS, MEMBERS, TAR_MODES, make

from reidsearch.base.errors import Reason, Refused
from reidsearch.base.settings import PictureLimits
from reidsearch.domain.crops import CropInput, Rejected
from reidsearch.media.files.crop_inputs import CropInputs
from reidsearch.media.files.inventory import take_inventory
from reidsearch.media.naming.patterns import Naming, compile_pattern

LIMITS = PictureLimits(max_bytes=1_000_000)


def listed(path: Path) -> list[CropInput | Rejected]:
    return list(CropInputs(take_inventory([path]), Naming(market1501=True), LIMITS))


def outcome(path: Path) -> list[str | tuple[str, Reason]]:
    """Member names offered and readable; else with the reason."""
    out: list[str | tuple[str, Reason]] = []
    for entry in listed(path):
        where = entry.location.removeprefix(str(path)).removeprefix("!/")
        if isinstance(entry, Rejected):
            out.append((where, entry.cause.reason))
            continue
        try:
            entry.locator.read(LIMITS)
            out.append(where)
        except Refused as refused:
            out.append((where, refused.reason))
    return out


@pytest.mark.full
@pytest.mark.parametrize("kind", CONTAINERS)
def test_members_are_offered_in_order_and_read_later_by_many_threads(
    tmp_path: Path, kind: str
) -> None:
    path = make(tmp_path / f"a{kind}", MEMBERS)
    entries = listed(path)
    assert [entry.location for entry in entries] == [f"{path}!/{name}" for name in MEMBERS]
    shuffled = [entry for entry in entries if isinstance(entry, CropInput)] * 5
    random.Random(1).shuffle(shuffled)
    with ThreadPoolExecutor(8) as pool:
        for entry, data in zip(
            shuffled, pool.map(lambda e: e.locator.read(LIMITS), shuffled), strict=True
        ):
            assert data == MEMBERS[entry.location.removeprefix(f"{path}!/")]
    assert len({entry.fingerprint for entry in shuffled}) == len(MEMBERS)
    again = {entry.location: entry for entry in listed(path)}
    assert all(again[entry.location].fingerprint == entry.fingerprint for entry in shuffled)  # type: ignore[union-attr]


def test_no_handle_stays_open(tmp_path: Path) -> None:
    paths = [make(tmp_path / f"a{kind}", MEMBERS) for kind in CONTAINERS]
    before = len(list(Path("/proc/self/fd").iterdir()))
    entries = [entry for path in paths for entry in listed(path)]
    assert [entry.locator.read(LIMITS) for entry in entries if isinstance(entry, CropInput)]
    assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.mark.parametrize("format_", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_every_tar_dialect(tmp_path: Path, format_: int) -> None:
    names = ["./plain.jpg", "d" * 90 + "/" + "f" * 80 + ".jpg", "grüße/ä.jpg"]
    if format_ != tarfile.USTAR_FORMAT:
        names.append("e" * 150 + "/" + "g" * 150 + ".png")
    path = make(tmp_path / "a.tar", dict.fromkeys(names, b"data"), format_)
    assert outcome(path) == [name.removeprefix("./") for name in names]


def test_facts_come_from_the_member_name(tmp_path: Path) -> None:
    for kind in CONTAINERS:
        (entry,) = listed(make(tmp_path / f"a{kind}", {"x/0007_c2s1_000000_00.jpg": b"data"}))
        assert isinstance(entry, CropInput)
        assert (entry.facts.person, entry.facts.camera) == ("0007", "c2")


@pytest.mark.parametrize("kind", CONTAINERS)
def test_members_that_are_not_offered(tmp_path: Path, kind: str) -> None:
    path = make(
        tmp_path / f"a{kind}",
        {
            "good.jpg": b"data",
            "/etc/absolute.jpg": b"data",
            "a/../../up.jpg": b"data",
            "..\\up.jpg": b"data",
            "C:\\windows.jpg": b"data",
            "inner.zip": b"PK",
            "deep/inner.tar.gz": b"data",
            "empty.jpg": b"",
            "large.jpg": b"x" * (LIMITS.max_bytes + 1),
            "notes.txt": b"data",
            ".hidden/a.jpg": b"data",
            "__MACOSX/._good.jpg": b"data",
            "last.png": b"data",
        },
    )
    assert outcome(path) == [
        "good.jpg",
        ("/etc/absolute.jpg", Reason.UNSAFE_PATH),
        ("a/../../up.jpg", Reason.UNSAFE_PATH),
        ("..\\up.jpg", Reason.UNSAFE_PATH),
        ("C:\\windows.jpg", Reason.UNSAFE_PATH),
        ("inner.zip", Reason.NESTED_CONTAINER),
        ("deep/inner.tar.gz", Reason.NESTED_CONTAINER),
        ("empty.jpg", Reason.EMPTY),
        ("large.jpg", Reason.TOO_MANY_BYTES),
        "last.png",
    ]
    inventory = take_inventory([path])
    assert inventory.skipped.count == 0, "a container is opened when its turn comes"
    assert list(CropInputs(inventory, Naming(), LIMITS))
    assert (inventory.skipped.count, list(inventory.skipped)) == (1, [f"{path}!/notes.txt"])


def test_links_and_devices_in_a_tar(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as tar:
        for name, type_ in [
            ("link.jpg", tarfile.SYMTYPE), ("hard.jpg", tarfile.LNKTYPE),
            ("fifo.jpg", tarfile.FIFOTYPE), ("device.jpg", tarfile.CHRTYPE),
            ("folder.jpg", tarfile.DIRTYPE),
        ]:  # fmt: skip
            info = tarfile.TarInfo(name)
            info.type, info.linkname = type_, "/etc/passwd"
            tar.addfile(info)
    assert outcome(path) == [
        (name, Reason.NOT_A_FILE) for name in ("link.jpg", "hard.jpg", "fifo.jpg", "device.jpg")
    ]


@pytest.mark.parametrize("kind", CONTAINERS)
def test_the_same_name_twice(tmp_path: Path, kind: str) -> None:
    path = make(tmp_path / f"a{kind}", {"a.jpg": b"one", "./a.jpg": b"two"})
    assert outcome(path) == ["a.jpg", ("a.jpg", Reason.DUPLICATE_ROW)]


@pytest.mark.parametrize("kind", list(TAR_MODES))
def test_a_tar_cut_short_gives_what_lies_before(tmp_path: Path, kind: str) -> None:
    path = make(tmp_path / f"a{kind}", MEMBERS)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 3 // 5])
    *before, last = listed(path)
    assert isinstance(last, Rejected)
    assert last.cause.reason is Reason.BAD_CONTAINER
    # bzip2 and xz unpack whole blocks only, and all of this fits in one.
    assert len(before) >= (10 if kind in {".tar", ".tar.gz", ".tgz"} else 0)
    for entry, (name, data) in zip(before, MEMBERS.items(), strict=False):
        assert isinstance(entry, CropInput)
        assert entry.location == f"{path}!/{name}"
        assert entry.locator.read(LIMITS) == data


def without_end_mark(data: bytes) -> bytes:
    return data.rstrip(b"\0") + bytes(-len(data.rstrip(b"\0")) % 512)


def flawed(data: bytes) -> bytes:
    """The third member's header is overwritten."""
    at = data.index(b"cam2/002.jpg")
    return data[:at] + b"X" + data[at + 1 :]


TAR_FLAWS: dict[str, tuple[Callable[[bytes], bytes], int]] = {
    "no end mark": (without_end_mark, len(MEMBERS)),
    "flawed header": (flawed, 2),
    "garbage": (lambda data: b"garbage!" * 200, 0),
    "short": (lambda data: b"tiny", 0),
    "gzip of garbage": (lambda data: gzip.compress(b"garbage!" * 200), 0),
    "gzip checksum": (lambda data: gzip.compress(data)[:-8] + bytes(8), len(MEMBERS)),
}


@pytest.mark.parametrize("flaw", TAR_FLAWS)
def test_a_damaged_tar_says_how_far_it_was_read(tmp_path: Path, flaw: str) -> None:
    change, whole = TAR_FLAWS[flaw]
    path = make(tmp_path / "a.tar", MEMBERS)
    path.write_bytes(change(path.read_bytes()))
    *before, last = listed(path)
    assert len(before) == whole
    assert isinstance(last, Rejected)
    assert last.cause.reason is Reason.BAD_CONTAINER
    assert f"after {whole} members" in last.cause.message


def test_an_extended_header_of_a_gigabyte_is_not_read(tmp_path: Path) -> None:
    info = tarfile.TarInfo("long")
    info.type, info.size = tarfile.XHDTYPE, 1 << 30
    path = tmp_path / "a.tar"
    path.write_bytes(info.tobuf())
    os.truncate(path, (1 << 30) + 2048)  # a hole in the file, no real gigabyte
    assert outcome(path) == [("", Reason.BAD_CONTAINER)]


def test_sizes_below_zero_end_the_reading(tmp_path: Path) -> None:
    """Followed, they would lead back, round and round."""
    info = tarfile.TarInfo("a.jpg")
    header = bytearray(info.tobuf())
    header[124:136] = (-1024).to_bytes(12, "big", signed=True)  # GNU's base 256
    path = tmp_path / "a.tar"
    good = tarfile.TarInfo("good.jpg").tobuf()
    for kind in (b"0", b"x", b"g", b"L"):
        header[156:157] = kind
        header[148:156] = b" " * 8
        header[148:156] = b"%06o\0 " % sum(header)
        path.write_bytes(good + bytes(header) + bytes(10240))
        assert outcome(path) == [("good.jpg", Reason.EMPTY), ("", Reason.BAD_CONTAINER)]
    info.pax_headers = {"size": "-1024"}
    path.write_bytes(good + info.tobuf(tarfile.PAX_FORMAT) + bytes(10240))
    assert outcome(path) == [("good.jpg", Reason.EMPTY), ("", Reason.BAD_CONTAINER)]


def test_names_that_are_not_utf8_in_a_tar(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT, encoding="latin-1") as tar:
        for name in ("caf\xe9.jpg", "n" * 120 + "\xe9.jpg"):
            info = tarfile.TarInfo(name)
            info.size = 4
            tar.addfile(info, io.BytesIO(b"data"))
    assert outcome(path) == [r"caf\xe9.jpg", "n" * 120 + r"\xe9.jpg"]


def test_a_sparse_file_in_a_tar(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as tar:
        info = tarfile.TarInfo("holes.jpg")
        info.size = 512
        info.pax_headers = {"GNU.sparse.map": "0,512", "GNU.sparse.size": "512"}
        tar.addfile(info, io.BytesIO(bytes(512)))
        tar.addfile(tarfile.TarInfo("empty.jpg"))
    assert outcome(path) == [("holes.jpg", Reason.NOT_A_FILE), ("empty.jpg", Reason.EMPTY)]


def test_endless_extended_headers_end_the_reading(tmp_path: Path) -> None:
    """One after the other without a member, each small."""
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, 512
    path = tmp_path / "a.tar"
    path.write_bytes((info.tobuf() + b"12 a=bcdefg\n".ljust(512, b"\0")) * 3000)
    assert outcome(path) == [("", Reason.BAD_CONTAINER)]


def test_offers_say_what_they_hold_in_memory(tmp_path: Path) -> None:
    members = {"a.jpg": b"x" * 700, "large.jpg": b"x" * (LIMITS.max_bytes + 1)}
    for kind in CONTAINERS:
        held = [entry.locator.held_bytes for entry in listed(make(tmp_path / f"a{kind}", members))]  # type: ignore[union-attr]
        assert held == ([0, 0] if kind in {".tar", ".zip"} else [700, 0])


def test_empty_containers(tmp_path: Path) -> None:
    assert outcome(make(tmp_path / "a.zip", {})) == []
    assert outcome(make(tmp_path / "a.tar", {})) == []
    assert outcome(make(tmp_path / "a.tar.gz", {})) == []
    for name in ("e.zip", "e.tar", "e.tgz"):
        (tmp_path / name).touch()
        assert outcome(tmp_path / name) == [("", Reason.EMPTY)]


@pytest.mark.full
def test_a_tar_bomb_stops_early(tmp_path: Path) -> None:
    """4 GB of zeros in 4 MB; the limit of 256 MB or 200 to 1 ends it."""
    path = tmp_path / "bomb.tar.gz"
    info = tarfile.TarInfo("zeros.bin")
    info.size = 4 << 30
    block = gzip.compress(bytes(16 << 20))  # gzip members may follow one another
    path.write_bytes(gzip.compress(info.tobuf()) + block * 256)
    assert outcome(path) == [("", Reason.BOMB)]


def test_zip_bombs(tmp_path: Path) -> None:
    with zipfile.ZipFile(path := tmp_path / "a.zip", "w") as archive:
        for n in range(300):
            archive.writestr(f"{n}.jpg", b"small")
        for info in archive.infolist():
            info.file_size = 1_000_000
    assert outcome(path) == [("", Reason.BOMB)]
    # One kernel of data under many names: every entry of the directory points to the first.
    with zipfile.ZipFile(path := tmp_path / "b.zip", "w") as archive:
        for n in range(3):
            archive.writestr(f"{n}.jpg", bytes(5000))
        for info in archive.infolist():
            info.header_offset = 0
    assert outcome(path) == [("", Reason.BOMB)]


def patched(data: bytes, entry: int, offset: int, layout: str, value: int) -> bytes:
    """Change one field of an entry in a zip's central directory."""
    at = -1
    for _ in range(entry + 1):
        at = data.index(b"PK\x01\x02", at + 1)
    return (
        data[: at + offset]
        + struct.pack(layout, value)
        + data[at + offset + struct.calcsize(layout) :]
    )


ZIP_FLAWS: dict[str, tuple[Callable[[bytes], bytes], Reason]] = {
    "encrypted": (lambda data: patched(data, 1, 8, "<H", 1), Reason.UNREADABLE),
    "method 99": (lambda data: patched(data, 1, 10, "<H", 99), Reason.UNREADABLE),
    "checksum": (lambda data: patched(data, 1, 16, "<I", 7), Reason.DAMAGED),
    "smaller than declared": (lambda data: patched(data, 1, 24, "<I", 900), Reason.DAMAGED),
    "larger than declared": (lambda data: patched(data, 1, 24, "<I", 9), Reason.DAMAGED),
    "declared too large": (lambda data: patched(data, 1, 24, "<I", 2**24), Reason.TOO_MANY_BYTES),
}


@pytest.mark.parametrize("flaw", ZIP_FLAWS)
def test_one_bad_member_of_a_zip_fails_alone(tmp_path: Path, flaw: str) -> None:
    change, reason = ZIP_FLAWS[flaw]
    path = make(tmp_path / "a.zip", {"a.jpg": b"one", "b.jpg": b"two" * 100, "c.jpg": b"three"})
    path.write_bytes(change(path.read_bytes()))
    assert outcome(path) == ["a.jpg", ("b.jpg", reason), "c.jpg"]


def test_zip_methods_folders_and_links(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("folder.jpg/", b"")
        archive.writestr("stored.jpg", b"one" * 50, zipfile.ZIP_STORED)
        archive.writestr("deflated.jpg", b"two" * 50, zipfile.ZIP_DEFLATED)
        archive.writestr("bzip2.jpg", b"three" * 50, zipfile.ZIP_BZIP2)
        archive.writestr("lzma.jpg", b"four" * 50, zipfile.ZIP_LZMA)
        link = zipfile.ZipInfo("link.jpg")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    assert outcome(path) == [
        "stored.jpg", "deflated.jpg", "bzip2.jpg",
        ("lzma.jpg", Reason.UNREADABLE), ("link.jpg", Reason.NOT_A_FILE),
    ]  # fmt: skip
    data = bytearray(path.read_bytes())
    data[data.index(b"deflated.jpg") + 12] = 0xFF  # no such kind of block
    path.write_bytes(data)
    assert ("deflated.jpg", Reason.DAMAGED) in outcome(path)


def test_a_bad_time_in_a_member_name_fails_that_member_alone(tmp_path: Path) -> None:
    path = make(tmp_path / "a.tar", {"20240230.jpg": b"one", "b.jpg": b"two"})
    naming = Naming(pattern=compile_pattern(r"/(?P<time>\d{8})\."))
    bad, good = CropInputs(take_inventory([path]), naming, LIMITS)
    assert isinstance(bad, Rejected)
    assert bad.cause.reason is Reason.BAD_TIME
    assert isinstance(good, CropInput)


def test_a_zip_cut_short(tmp_path: Path) -> None:
    path = make(tmp_path / "a.zip", MEMBERS)
    path.write_bytes(path.read_bytes()[:-100])
    assert outcome(path) == [("", Reason.BAD_CONTAINER)]


@pytest.mark.parametrize("kind", [".tar", ".zip"])
def test_a_container_that_changes_is_not_misread(tmp_path: Path, kind: str) -> None:
    path = make(tmp_path / f"a{kind}", {"a.jpg": b"one"})
    (entry,) = listed(path)
    assert isinstance(entry, CropInput)
    make(path, {"b.jpg": b"two", "a.jpg": b"one"})
    with pytest.raises(Refused, match="changed") as caught:
        entry.locator.read(LIMITS)
    assert caught.value.reason is Reason.UNREADABLE


@pytest.mark.parametrize("ending", [".tar", ".tar.gz"])
def test_an_archive_that_was_appended_to_another_is_read_too(ending: str, tmp_path: Path) -> None:
    parts = [make(tmp_path / f"{n}{ending}", {f"{n}.jpg": b"x" * 900}) for n in (1, 2)]
    both = tmp_path / f"both{ending}"
    both.write_bytes(b"".join(part.read_bytes() for part in parts))
    assert outcome(both) == ["1.jpg", "2.jpg"]


def test_a_tar_cut_short_between_two_members_is_told(tmp_path: Path) -> None:
    whole = make(tmp_path / "whole.tar", {"1.jpg": b"x" * 512, "2.jpg": b"y" * 512})
    with tarfile.open(whole) as tar:
        second = tar.getmembers()[1].offset
    cut = tmp_path / "cut.tar"
    cut.write_bytes(whole.read_bytes()[:second])
    assert outcome(cut) == ["1.jpg", ("", Reason.BAD_CONTAINER)]
