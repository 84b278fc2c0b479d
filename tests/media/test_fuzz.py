"""Flawed bytes: whatever is in a file, the outcome is pixels or a `Refused` with its reason."""

from __future__ import annotations

import contextlib
import random
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from containers import MEMBERS, TAR_MODES, make
from encoded_pictures import KINDS
from hostile import mutated
from hypothesis import given, settings
from hypothesis import strategies as st

from reidsearch.base.errors import InputError, Refused
from reidsearch.base.settings import PictureLimits
from reidsearch.domain.crops import Rejected
from reidsearch.media.files.crop_inputs import CropInputs
from reidsearch.media.files.inventory import take_inventory
from reidsearch.media.naming.patterns import Naming
from reidsearch.media.pictures import cut, decode, stored_jpeg

LIMITS = PictureLimits(max_bytes=1_000_000, max_pixels=1_000_000)
SEEDS = sorted(data for data, _ in KINDS.values())
CSV = b"path,camera,time,box,note\n" + b'0.jpg,gate,2024-05-31T12:00Z,"1,2,30,40",x\n' * 20
JSON = b'{"path": "0.jpg", "camera": "gate", "box": [1, 2, 30, 40], "note": {"a": [1]}}\n' * 20


def digest(data: bytes) -> bool:
    """Whether it decodes; anything but pixels or `Refused` fails the test."""
    try:
        pixels = decode(data, LIMITS)
        assert pixels.dtype == np.uint8
        assert pixels.ndim == 3
        assert pixels.flags.c_contiguous
        crop = cut(pixels, None, LIMITS)
    except Refused:
        return False
    assert decode(stored_jpeg(data, crop, whole=True), PictureLimits()).ndim == 3
    return True


def consume(path: Path) -> int:
    """List and read all that a fuzzed file offers; returns how many entries there were."""
    count = 0
    try:
        for entry in CropInputs(take_inventory([path]), Naming(market1501=True), LIMITS):
            count += 1
            entry.location.encode()
            if isinstance(entry, Rejected):
                assert entry.cause.message
                continue
            with contextlib.suppress(Refused):
                assert 0 < len(entry.locator.read(LIMITS)) <= LIMITS.max_bytes
    except InputError:
        if path.suffix not in {".csv", ".jsonl"}:  # only a manifest is refused as a whole
            raise
    return count


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(SEEDS), st.integers(0, 2**32))
def test_flawed_pictures(seed: bytes, number: int) -> None:
    digest(mutated(seed, random.Random(number)))


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=400), st.sampled_from([seed[:16] for seed in SEEDS]))
def test_random_bytes_behind_a_true_beginning(body: bytes, start: bytes) -> None:
    digest(start + body)


def fuzz_files(folder: Path, rounds: int) -> int:
    """So many flawed containers and manifests of every kind; how many entries came out."""
    members = dict(list(MEMBERS.items())[:6])
    seeds = {f"a{kind}": make(folder / f"a{kind}", members).read_bytes() for kind in TAR_MODES}
    seeds["a.zip"] = make(folder / "a.zip", members).read_bytes()
    seeds |= {"m.csv": CSV, "m.jsonl": JSON}
    (folder / "0.jpg").write_bytes(SEEDS[0])
    entries = 0
    for number in range(rounds):
        for name, data in seeds.items():
            path = folder / name
            path.write_bytes(mutated(data, random.Random(f"{name} {number}")))
            entries += consume(path)
    return entries


def test_flawed_containers_and_manifests(tmp_path: Path) -> None:
    assert fuzz_files(tmp_path, rounds=5) > 5


@pytest.mark.fuzz
def test_many_flawed_inputs(tmp_path: Path) -> None:
    """More than 2000 pictures and 800 containers and manifests."""
    results = [
        digest(mutated(seed, random.Random(f"{at} {number}")))
        for at, seed in enumerate(SEEDS)
        for number in range(100)
    ]
    assert any(results)
    assert not all(results)
    assert fuzz_files(tmp_path, rounds=100) > 800


def test_the_seeds_are_sound(tmp_path: Path) -> None:
    """Else the fuzzing above would only ever meet the first check."""
    assert sum(digest(seed) for seed in SEEDS) == len(SEEDS) - 5  # five are below the least size
    with tarfile.open(make(tmp_path / "a.tar", MEMBERS)) as tar:
        assert len(tar.getmembers()) == consume(tmp_path / "a.tar")
    with zipfile.ZipFile(make(tmp_path / "a.zip", MEMBERS)) as archive:
        assert len(archive.namelist()) == consume(tmp_path / "a.zip")
