"""What the benchmarks share: a figure and its limit, fair repeats, and what the machine was at."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import resource
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

import numpy as np

from reidsearch.archive import Archive
from reidsearch.base.errors import Refused
from reidsearch.domain.crops import Pixels, Vectors
from reidsearch.domain.models import ModelIdentity

T = TypeVar("T")

DIMENSION = 256
REID_MODEL = "person-reidentification-retail-0286"
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of a table.

    Args:
        values, baseline: repeats, in `unit`; taken in turns, so the i-th of both are a pair.
        limit: of the ratio where there is a baseline, else of the median; None: for information.
        at_least: whether more is better.
    """

    name: str
    unit: str
    values: Sequence[float]
    baseline: Sequence[float] = ()
    limit: float | None = field(default=None, kw_only=True)
    at_least: bool = field(default=False, kw_only=True)

    @property
    def ratio(self) -> float | None:
        """The median of the pairs' ratios: a busy minute touches both halves of a pair."""
        if not self.baseline:
            return None
        return statistics.median(a / b for a, b in zip(self.values, self.baseline, strict=True))

    @property
    def met(self) -> bool | None:
        """Whether the limit is kept; None when there is none."""
        if self.limit is None:
            return None
        found = self.ratio if self.baseline else statistics.median(self.values)
        assert found is not None
        return found >= self.limit if self.at_least else found <= self.limit


def in_turns(repeats: int, *parts: Callable[[], float]) -> list[list[float]]:
    """Run the parts one after another, `repeats` times over; one list of results a part."""
    results: list[list[float]] = [[] for _ in parts]
    for _ in range(repeats):
        for result, part in zip(results, parts, strict=True):
            result.append(part())
    return results


def seconds(work: Callable[[], object]) -> float:
    """Wall time of one call."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def arguments(flags: Mapping[str, str] | None = None) -> argparse.Namespace:
    """What every benchmark is given: `work`, a folder to keep, `model_path` and `reid`.

    Args:
        flags: further ones, and what they are for.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("--work", type=Path, default=default_work())
    parser.add_argument("--model-path", type=Path, default=Path("../shared/models"))
    parser.add_argument("--reid", type=Path, default=Path("../shared/reid"))
    for flag, purpose in (flags or {}).items():
        parser.add_argument(flag, action="store_true", help=purpose)
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    return given


def default_work() -> Path:
    """Where generated archives are kept from one run to the next."""
    return Path(tempfile.gettempdir()) / "reidsearch-benchmarks"


def report(
    measure: Callable[[argparse.Namespace], Iterable[Figure]],
    flags: Mapping[str, str] | None = None,
) -> None:
    """Run one benchmark and print its figures for `run.py`, with what other programs used."""
    given = arguments(flags)
    others, began = _others_cpu_s(), time.monotonic()
    figures = list(measure(given))
    elapsed = time.monotonic() - began
    busy = (_others_cpu_s() - others) / elapsed
    print(json.dumps({"figures": [asdict(f) for f in figures], "others": round(busy, 2)}))


def _others_cpu_s() -> float:
    """CPU seconds that all other processes of this machine used since it started."""
    first = Path("/proc/stat").read_text("ascii").split("\n", 1)[0].split()
    user, nice, system, _idle, _wait, irq, soft, steal = (int(n) for n in first[1:9])
    own = sum(
        used.ru_utime + used.ru_stime
        for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )
    return (user + nice + system + irq + soft + steal) / TICKS_PER_S - own


def machine() -> str:
    """Cores, vector units, memory and versions; nothing that tells whose machine it is."""
    flags = Path("/proc/cpuinfo").read_text("ascii", "replace")
    units = [
        name
        for name, flag in (("AVX2", " avx2 "), ("AVX-512", " avx512f "), ("VNNI", "vnni "))
        if flag in flags
    ]
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    packages = ("openvino", "faiss-cpu", "numpy", "pillow", "sqlalchemy", "click")
    return (
        f"{os.cpu_count()} cores, {' and '.join(units) or 'no AVX2'}, {memory:.0f} GiB of memory; "
        f"{platform.system()}, Python {platform.python_version()}, "
        + ", ".join(f"{name} {version(name)}" for name in packages)
    )


def commit() -> str:
    """The commit that is checked out, and whether files of the program differ from it."""
    root = Path(__file__).resolve().parents[1]
    git = ["git", "-c", f"safe.directory={root}", "-C", str(root)]
    try:
        head = subprocess.run(
            [*git, "rev-parse", "--short=8", "HEAD"], check=True, capture_output=True, text=True
        ).stdout.strip()
        changed = subprocess.run(
            [*git, "status", "--porcelain", "--", "reidsearch", "benchmarks/*.py"],
            check=True, capture_output=True, text=True,
        ).stdout  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{head} with changes" if changed.strip() else head


class Watch:
    """What the machine is at while something is measured, from when it is made."""

    def __init__(self) -> None:
        self._load = os.getloadavg()[0]
        self._others_s, self._began = _others_cpu_s(), time.monotonic()

    def note(self, others: float | None = None) -> str:
        """Date, commit, machine and load, as files of results hold it.

        Args:
            others: cores that other programs used, where a child has measured that.
        """
        if others is None:
            others = (_others_cpu_s() - self._others_s) / (time.monotonic() - self._began)
        today = dt.datetime.now(dt.UTC).date()
        return (
            f"{today}, commit {commit()}: {machine()}; load before {self._load:.1f}, "
            f"other programs used {others:.2f} cores meanwhile"
        )


def unit_vectors(n: int, seed: int) -> Vectors:
    """(n, 256) float32 rows of unit length, in directions of no preference."""
    drawn = np.random.default_rng(seed).standard_normal((n, DIMENSION), dtype=np.float32)
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
    return drawn


class GeneratedEmbeddings:
    """Stands in for the embedder: drawn vectors at no cost, pictures resized as for 0286."""

    runtime = "generated embeddings"
    identity = ModelIdentity("generated", "FP32", "0" * 96, "bilinear/1", DIMENSION)

    def prepare(self, crop: Pixels) -> Pixels:
        from reidsearch.vision.models.resize import resize

        return resize(crop, 128, 256)

    def stream_together(
        self, items: Iterable[tuple[T, Pixels | None]]
    ) -> Iterator[tuple[T, Vectors | Refused | None]]:
        given, seed = iter(()), 0
        for tag, picture in items:
            if picture is None:
                yield tag, None
                continue
            row = next(given, None)
            if row is None:
                given, seed = iter(unit_vectors(1024, seed)), seed + 1
                row = next(given)
            yield tag, row.copy()


def open_with(folder: Path, embedder: object, *, create: bool = False) -> Archive:
    """An archive whose model is loaded already, or is none at all."""
    archive = Archive.open(folder, create=create)
    archive._engines.use(embedder)  # type: ignore[arg-type]
    return archive


def as_installed(work: Path) -> dict[str, str]:
    """An environment for fresh processes in which every module is compiled already.

    An installer does so; a work tree may forbid it (PYTHONDONTWRITEBYTECODE), and then each start
    would compile the program, but not the libraries that it is compared with.
    """
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONPYCACHEPREFIX": str((work / "bytecode").absolute())}
