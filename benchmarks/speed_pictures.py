"""The curves of docs/benchmarks.md, drawn on log axes from the files of results/speed.

    python benchmarks/speed_pictures.py

A picture holds the SHA-256 of the files that it was drawn from, so that a test sees one that is
older than its file.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import results
from speed_files import FOLDER, read

TARGET = results.DOCS / "benchmarks"
OURS = ("ours", "ours, exact", "ours, whole answer")
DECADE = 20.0  # the least that an axis spans, so that it has labels
Row = Mapping[str, str]
Value = Callable[[Row], float | None]


def draw() -> None:
    """Draw every picture whose files have changed."""
    for name, (files, panels) in PICTURES.items():
        path = TARGET / f"{name}.svg"
        if not (path.exists() and digest(files) in path.read_text(encoding="utf-8")):
            panels(path, digest(files))
            print(f"{path.relative_to(results.DOCS.parent)} drawn")


def digest(files: Sequence[str]) -> str:
    """What a picture of these files names as its source."""
    kept = hashlib.sha256()
    for name in files:
        kept.update((results.RESULTS / FOLDER / f"{name}.csv").read_bytes())
    return f"sha256:{kept.hexdigest()}"


def _number(column: str, factor: float = 1.0) -> Value:
    def value(row: Row) -> float | None:
        return float(row[column]) * factor if row[column] else None

    return value


def _search(path: Path, source: str) -> None:
    """Query, build, memory and disk against the number of crops."""
    rows = [row for row in read("scale") if row["p50"]]
    names = sorted({row["system"] for row in rows}, key=lambda name: (name not in OURS, name))
    series = {name: [row for row in rows if row["system"] == name] for name in names}
    panels = {
        "p50 of a query, ms": _number("p50"),
        "building, s": lambda row: _number("build_s")(row) or None,
        "memory of the process, MiB": lambda row: max(1.0, float(row["memory_mib"])),
        "disk, MiB": _number("disk_mib"),
    }
    _panels(path, source, series, "crops", "crops", panels, bold=OURS)


def _footage(path: Path, source: str) -> None:
    """Time, memory and database against hours of footage, a line for people a minute."""
    rows = read("growth-footage")
    rates = sorted({row["people a minute"] for row in rows}, key=float)
    series = {
        f"{rate} people a minute": [row for row in rows if row["people a minute"] == rate]
        for rate in rates
    }
    panels = {
        "processor time, s": _number("processor s"),
        "peak memory, MB": _number("peak MB"),
        "database, MB": _number("database MB"),
        "processor time a tracklet, s": lambda row: (
            float(row["processor s"]) / max(1, int(row["tracklets"]))
        ),
    }
    _panels(path, source, series, "hours", "hours of footage", panels, bold=tuple(series))


def _clients(path: Path, source: str) -> None:
    """Throughput, latency and memory against the number of clients."""
    rows = read("clients")
    series = {what: [row for row in rows if row["of"] == what] for what in ("API", "page")}
    panels = {
        "answers a second": _number("answers/s"),
        "p50, ms": _number("p50 ms"),
        "p95, ms": _number("p95 ms"),
        "memory of the server, MB": _number("server MB"),
    }
    _panels(path, source, series, "clients", "clients", panels, bold=("API", "page"))


def _panels(
    path: Path,
    source: str,
    series: Mapping[str, Sequence[Row]],
    by: str,
    across: str,
    panels: Mapping[str, Value],
    *,
    bold: Sequence[str],
) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    mpl.rcParams["svg.hashsalt"] = path.stem  # the same file from the same figures
    from matplotlib import pyplot as plt
    from matplotlib.ticker import FuncFormatter, NullFormatter

    figure, grid = plt.subplots(2, 2, figsize=(10, 8))
    axes = grid.flatten()
    lines: dict[str, Any] = {}
    for axis, (title, value) in zip(axes, panels.items(), strict=True):
        axis.set_prop_cycle(color=plt.get_cmap("tab10" if len(series) <= 10 else "tab20").colors)
        for name, rows in series.items():
            style = {"linewidth": 2.4} if name in bold else {"linewidth": 1, "linestyle": "--"}
            points = sorted((float(row[by]), held) for row in rows if (held := value(row)))
            x, y = [x for x, _ in points], [y for _, y in points]
            (lines[name],) = axis.plot(x, y, marker="o", markersize=4, label=name, **style)
        axis.set(xscale="log", yscale="log", xlabel=across, title=title)
        axis.set_xticks(sorted({float(row[by]) for rows in series.values() for row in rows}))
        low, high = axis.get_ylim()
        if high / low < DECADE:  # what hardly grows is not to look steep
            middle = (low * high) ** 0.5
            axis.set_ylim(middle / DECADE**0.5, middle * DECADE**0.5)
        for one in (axis.xaxis, axis.yaxis):
            one.set_major_formatter(FuncFormatter(lambda held, _: _short(held)))
            one.set_minor_formatter(NullFormatter())
        axis.grid(visible=True, which="both", alpha=0.2)
    columns = min(len(series), 5)
    figure.legend(lines.values(), lines.keys(), loc="lower center", ncol=columns, fontsize=9)
    figure.tight_layout(rect=(0, 0.03 * -(-len(series) // columns) + 0.01, 1, 1))
    figure.savefig(path, metadata={"Date": None, "Description": source})
    plt.close(figure)
    text = re.sub(r"[ \t]+$", "", path.read_text(encoding="utf-8"), flags=re.M)
    path.write_text(text, encoding="utf-8")


def _short(value: float) -> str:
    """10 M, 100 k, 10, 0.1."""
    for unit, letter in ((1e6, " M"), (1e3, " k")):
        if value >= unit:
            return f"{value / unit:g}{letter}"
    return f"{value:.3g}"


PICTURES: dict[str, tuple[tuple[str, ...], Callable[[Path, str], None]]] = {
    "search": (("scale",), _search),
    "footage": (("growth-footage",), _footage),
    "clients": (("clients",), _clients),
}
"""Name of the picture -> the files that it is drawn from, and how."""


if __name__ == "__main__":
    draw()
