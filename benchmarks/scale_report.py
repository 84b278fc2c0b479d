"""The results of `scale.py` as rows of results/speed: `scale.csv` and `scale-goals.csv`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from speed_files import exactly, put, row

Result = dict[str, Any]
Rows = list[dict[str, str]]
MIB = 2**20
SYSTEMS_COMMAND = "python benchmarks/scale.py --crops 100000 --crops 1000000 --rivals PYTHON"
GOALS_COMMAND = "python benchmarks/scale.py --goals --crops 100000 --crops 1000000"
SHARES = {"1e-06": "0.000001", "0.0001": "0.0001", "0.01": "0.01", "0.1": "0.1", "0.5": "0.5",
          "1": "1"}  # fmt: skip


def write(results: Sequence[Result], *, goals: bool) -> None:
    """Keep what was measured, each part with when and where; other parts stay.

    Raises:
        ValueError: the goals of a size could not be measured.
    """
    for one in results:
        size = str(one["crops"])
        if goals:
            if "failed" in one:
                raise ValueError(f"{size} crops: {one['failed']}")
            put("scale-goals", goal_rows(one), command=f"{GOALS_COMMAND} --crops 10000000 --write",
                note=one["measured"], part={"crops": size})  # fmt: skip
        else:
            put("scale", [system_row(one)], command=f"{SYSTEMS_COMMAND} --write",
                note=one["measured"], part={"crops": size, "system": one["system"]})  # fmt: skip


def system_row(one: Result) -> dict[str, str]:
    """A system at a size; of one that failed, why."""
    names = ("setting", "p50", "p95", "p99", "recall@1", "recall@10", "recall@100", "build_s")
    names += ("memory_mib", "disk_mib", "failed")
    if "failed" in one:
        return dict.fromkeys(names, "") | {"failed": one["failed"]}
    held = max(0, one["memory"]["anon"] - one["memory"]["before"]) / MIB
    return dict(
        zip(
            names,
            (
                one["setting"],
                *(exactly(one[p]) for p in ("p50", "p95", "p99")),
                *(f"{one['recall'][k]:.4f}" for k in ("1", "10", "100")),
                f"{one['build_s']:.0f}" if one["build_s"] else "",
                exactly(held),
                exactly(one["disk"] / MIB),
                "",
            ),
            strict=True,
        )
    )


def goal_rows(one: Result) -> Rows:
    """What search needs at one size, each beside what it is compared with."""
    flat, scan, crops = one["IndexFlatIP"], one["scan"], one["crops"]
    many, alone = one["whole answer in a batch, ms"], one["whole answer, ms"]
    own, mapped = (one[f"cold, {kind} bytes"] / MIB for kind in ("anonymous", "file"))
    return [
        row("scan", "ms", [scan], [flat]),
        row("exact answer", "ms", [one["exact"]], [flat]),
        row("scan, recall@10", "", [one["recall"]]),
        row("scan, recall@100", "", [one["recall@100"]]),
        row("exact answer, recall@10", "", [one["exact is right"]], limit=1, at_least=True),
        *(
            row(f"a share of {told} passes the filter", "ms", [one[f"filter {share}"]])
            for share, told in SHARES.items()
        ),
        row("a query in a batch, and one alone", "ms", [one["batch, ms a query"]], [scan]),
        row("a whole answer in a batch, and one alone", "ms", [many], [alone]),
        row("building from the database", "s", [one["build, s"]]),
        row("adding", "vectors/s", [one["adding, vectors/s"]], limit=100_000, at_least=True),
        row("first answer of a fresh process", "s", [one["cold, s"]], limit=2 + crops * 32 / 500e6),
        row("memory of that process, its own", "MiB", [own], limit=(crops * 64 + 300e6) / MIB),
        row("memory of that process, mapped", "MiB", [mapped]),
    ]
