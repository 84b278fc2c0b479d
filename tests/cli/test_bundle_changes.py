"""Whatever is changed in an evidence bundle is caught: bytes, files, names, the sealed log."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from archives import CommandLine
from evidence_bundles import CASE, made, work_on_a_case
from hostile import Tally

from reidsearch.domain.event_log import canonical
from reidsearch.output.verifying.evidence import verify_bundle

pytestmark = pytest.mark.fuzz
SMALL, SAMPLED = 2048, 700
"""Files up to so many bytes are changed at every byte; larger ones at so many places."""


@pytest.fixture
def bundle(run: CommandLine, footage_once: Path, footage: Path, tmp_path: Path) -> Path:
    """A bundle of one finding of a case, moved away from its archive."""
    shutil.copytree(footage_once, run.archive)
    work_on_a_case(run)
    made(run, tmp_path / "bundle", "--case", CASE)
    return tmp_path / "bundle"


def digest_of(bundle: Path) -> str:
    return hashlib.sha256((bundle / "manifest.json").read_bytes()).hexdigest()


def places(size: int) -> Iterator[int]:
    if size <= SMALL:
        yield from range(size)
    else:
        yield from sorted({0, size - 1, *(number * size // SAMPLED for number in range(SAMPLED))})


def test_every_changed_byte_is_caught(bundle: Path) -> None:
    digest, tally = digest_of(bundle), Tally("changed bytes")
    assert verify_bundle(str(bundle), digest).faults == []
    for path in sorted(one for one in bundle.rglob("*") if one.is_file()):
        whole = path.read_bytes()
        with path.open("r+b", buffering=0) as file:
            for place in places(len(whole)):
                file.seek(place)
                file.write(bytes([whole[place] ^ (1 << place % 8)]))
                assert verify_bundle(str(bundle), digest).faults, (path, place)
                file.seek(place)
                file.write(whole[place : place + 1])
                tally.tried += 1
        assert path.read_bytes() == whole
    assert verify_bundle(str(bundle), digest).faults == []
    print(f"tried {tally.tried}, held {tally.tried}")


def files(bundle: Path) -> list[Path]:
    return sorted(one for one in bundle.rglob("*") if one.is_file() and one.name != "manifest.json")


def drop(bundle: Path, path: Path) -> None:
    path.unlink()


def rename(bundle: Path, path: Path) -> None:
    path.rename(path.with_name(f"{path.name}.bak"))


def other_case(bundle: Path, path: Path) -> None:
    path.rename(path.with_name(path.name.swapcase()))


def grow(bundle: Path, path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0")


def cut(bundle: Path, path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def link(bundle: Path, path: Path) -> None:
    away = bundle.parent / "away"
    path.rename(away)
    path.symlink_to(away)


def link_of_folder(bundle: Path, path: Path) -> None:
    folder = path.parent if path.parent != bundle else bundle / "clips"
    away = bundle.parent / "folder"
    folder.rename(away)
    folder.symlink_to(away)


def swap(bundle: Path, path: Path) -> None:
    others = files(bundle)
    other = others[others.index(path) - 1]
    ours, theirs = path.read_bytes(), other.read_bytes()
    path.write_bytes(theirs)
    other.write_bytes(ours)


def add(bundle: Path, path: Path) -> None:
    (path.parent / "extra.txt").write_text("more")


def add_folder(bundle: Path, path: Path) -> None:
    (path.parent / "extra").mkdir()


def pipe(bundle: Path, path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


CHANGES = (
    drop, rename, other_case, grow, cut, link, link_of_folder, swap, add, add_folder, pipe,
)  # fmt: skip


def test_dropped_added_renamed_and_swapped_files_are_caught_without_a_digest(bundle: Path) -> None:
    for change in CHANGES:
        for number in range(len(files(bundle))):
            copy = bundle.with_name("copy")
            shutil.copytree(bundle, copy)
            path = files(copy)[number]
            change(copy, path)
            assert verify_bundle(str(copy)).faults, (change.__name__, path)
            shutil.rmtree(copy)
            for left in ("away", "folder"):
                other = bundle.parent / left
                shutil.rmtree(other) if other.is_dir() else other.unlink(missing_ok=True)


# -- somebody who makes the manifest fit ------------------------------------------------------


def refit(bundle: Path) -> None:
    """Make the manifest fit what is there now, as somebody would who changed it."""
    manifest = json.loads((bundle / "manifest.json").read_text())
    for one in manifest["files"]:
        data = (bundle / one["path"]).read_bytes()
        one |= {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    entries = read_log(bundle)
    left = sum(one["state"] == "left out" for one in entries)
    manifest["log"] |= {"entries": len(entries), "head": entries[-1]["digest"], "left_out": left}
    (bundle / "manifest.json").write_text(json.dumps(manifest))


def read_log(bundle: Path) -> list[dict]:
    return [json.loads(one) for one in (bundle / "log/entries.jsonl").read_text().splitlines()]


def chain_anew(entries: list[dict]) -> None:
    previous = "0" * 64
    for number, entry in enumerate(entries, start=1):
        entry |= {"number": number, "previous": previous}
        if entry["state"] == "here":
            told = bytes.fromhex(entry["salt"]) + entry["detail"].encode()
            entry["content"] = hashlib.sha256(told).hexdigest()
        chained = {k: v for k, v in entry.items() if k not in {"digest", "salt", "detail", "state"}}
        previous = entry["digest"] = hashlib.sha256(canonical(chained)).hexdigest()


def another_actor(entries: list[dict]) -> None:
    entries[2]["actor"] = "somebody else"


def another_detail(entries: list[dict]) -> None:
    one = next(one for one in entries if one["event"] == "case" and one["state"] == "here")
    one["detail"] = one["detail"].replace("Theft", "Thefd")


def one_less(entries: list[dict]) -> None:
    del entries[3]


def cut_off(entries: list[dict]) -> None:
    del entries[-2:]


@pytest.mark.parametrize("edit", [another_actor, another_detail, one_less, cut_off])
def test_a_log_that_was_chained_anew_is_caught_by_its_seal(
    bundle: Path, edit: Callable[[list[dict]], None]
) -> None:
    kept = bundle.parent / "seal.json"
    (seal,) = (bundle / "log/seals").iterdir()
    shutil.copy(seal, kept)
    digest = digest_of(bundle)
    refit(bundle)
    assert verify_bundle(str(bundle)).faults == []  # made to fit, and nothing was changed
    entries = read_log(bundle)
    edit(entries)
    chain_anew(entries)
    lines = b"".join(canonical(one) + b"\n" for one in entries)
    (bundle / "log/entries.jsonl").write_bytes(lines)
    refit(bundle)
    assert any("seal" in one for one in verify_bundle(str(bundle)).faults)
    # The seal in the bundle is made to fit as well: what was kept elsewhere shows it.
    told = json.loads(seal.read_text()) | {"entries": len(entries), "head": entries[-1]["digest"]}
    seal.write_bytes(canonical(told) + b"\n")
    manifest = json.loads((bundle / "manifest.json").read_text())
    manifest["log"]["sealed"] = len(entries)
    (bundle / "manifest.json").write_text(json.dumps(manifest))
    refit(bundle)
    assert any(kept.name in one for one in verify_bundle(str(bundle), "", (str(kept),)).faults)
    assert any("manifest.json" in one for one in verify_bundle(str(bundle), digest).faults)


def test_a_seal_that_was_made_anew_is_caught_by_its_signature(
    run: CommandLine, footage_once: Path, footage: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    shutil.copytree(footage_once, run.archive)
    work_on_a_case(run)
    assert run("log", "key", "new").code == 0
    bundle = tmp_path / "bundle"
    made(run, bundle, "--case", CASE, "--sources", "none")
    held = verify_bundle(str(bundle), digest_of(bundle))
    assert held.faults == []
    assert not any("signs no seals" in one for one in held.holds)
    entries = read_log(bundle)
    another_actor(entries)
    chain_anew(entries)
    lines = b"".join(canonical(one) + b"\n" for one in entries)
    (bundle / "log/entries.jsonl").write_bytes(lines)
    (seal,) = (bundle / "log/seals").glob("*.json")
    told = json.loads(seal.read_text()) | {"head": entries[-1]["digest"]}
    seal.write_bytes(canonical(told) + b"\n")
    refit(bundle)
    assert any("no signature of its seal" in one for one in verify_bundle(str(bundle)).faults)
    seal.with_suffix(".sig").unlink()
    manifest = json.loads((bundle / "manifest.json").read_text())
    manifest["files"] = [one for one in manifest["files"] if not one["path"].endswith(".sig")]
    (bundle / "manifest.json").write_text(json.dumps(manifest))
    refit(bundle)
    assert any("is not signed" in one for one in verify_bundle(str(bundle)).faults)
