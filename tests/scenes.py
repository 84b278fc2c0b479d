"""Drawn scenes with known truth, for the tests of footage."""

from __future__ import annotations

import contextlib
import datetime as dt
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from reidsearch.datasets.synthetic.clothes import Clothes
from reidsearch.datasets.synthetic.footage import Visit, Walk, write_detections, write_scene
from reidsearch.ingest.footage import run
from reidsearch.store.footage import writer as footage_writer

NOON = dt.datetime(2024, 5, 31, 12, tzinfo=dt.UTC)


def look(number: int) -> Clothes:
    """The clothes of somebody, always the same for the same number."""
    return Clothes.drawn(np.random.default_rng((9, number)))


def walk(
    person: int, from_s: float, to_s: float, from_x: float = -0.1, to_x: float = 1.1, **more: float
) -> Walk:
    """Somebody on their way through the scene."""
    return Walk(f"p{person}", look(person), from_s, to_s, from_x, to_x, **more)


def write_gate(path: Path) -> tuple[Visit, ...]:
    """18 s: three people, two of them crossing, a quiet stretch; the truth as `.det.txt` beside."""
    return _write(path, *_gate())


def write_yard(path: Path) -> tuple[Visit, ...]:
    """8 s: persons 1 and 2 once more, one after the other, in another place."""
    return _write(path, *_yard())


@cache
def _gate() -> tuple[bytes, tuple[Visit, ...]]:
    walks = [
        walk(1, 1, 5),
        walk(2, 9, 13.5),
        walk(3, 9.5, 14, 1.1, -0.1, feet=0.97, height=0.7),
    ]
    return _encoded(walks, 18, seed=3)


@cache
def _yard() -> tuple[bytes, tuple[Visit, ...]]:
    return _encoded([walk(1, 0.5, 4, 1.1, -0.1), walk(2, 4.5, 7.5)], 8, seed=4)


def _encoded(walks: list[Walk], seconds: float, seed: int) -> tuple[bytes, tuple[Visit, ...]]:
    """Draw a scene; its video's bytes, and the truth. Encoding takes a second."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scene.mp4"
        visits = write_scene(path, walks, seconds, seed=seed)
        return path.read_bytes(), visits


def _write(path: Path, video: bytes, visits: tuple[Visit, ...]) -> tuple[Visit, ...]:
    path.write_bytes(video)
    write_detections(path.with_suffix(".det.txt"), visits)
    return visits


@contextlib.contextmanager
def killed_after(steps: int) -> Iterator[None]:
    """Die, as a kill would, when so many steps are committed; a checkpoint follows every look."""
    real = footage_writer.FootageWriter.commit
    done = []

    def commit(self, step):
        if len(done) == steps:
            raise KeyboardInterrupt
        done.append(real(self, step))

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(run, "MARK_S", 0.0)
        patched.setattr(footage_writer.FootageWriter, "commit", commit)
        with pytest.raises(KeyboardInterrupt):
            yield
