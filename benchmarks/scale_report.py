"""The results of `scale.py` as tables and plots for docs/benchmarks.md."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

Result = dict[str, Any]
OURS = ("ours", "ours, exact", "ours, whole answer")
BEGIN, END = "<!-- scale: begin -->", "<!-- scale: end -->"
MIB = 2**20
AT_ANY_SIZE = ("recall@10 of exact answers", "first answer of a fresh process")


def write(work: Path, page: Path) -> None:
    """Tables between the markers of the page, plots beside it."""
    results = [
        json.loads(path.read_text())
        for path in sorted(work.glob("*.json"))
        if not path.name.startswith("goals-")
    ]
    promised = [json.loads(path.read_text()) for path in sorted(work.glob("goals-*.json"))]
    results.sort(key=lambda one: (one["crops"], one.get("p50", float("inf"))))
    plots(results, page.parent / "scale.png")
    million = next((one for one in promised if one["crops"] == 1_000_000), None)
    promised.sort(key=lambda one: one["crops"])
    parts = [table(results), *(goals(one, million) for one in promised)]
    text = "\n\n".join((*parts, further(results)))
    part = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
    told = page.read_text("utf-8")
    assert part.search(told), f"{page} has no {BEGIN} ... {END}"
    page.write_text(part.sub(lambda _: f"{BEGIN}\n\n{text}\n\n{END}", told), "utf-8")


def table(results: Sequence[Result]) -> str:
    """One row a system and size."""
    head = (
        "| crops | system | setting | p50 / p95 / p99, ms | recall@1 / 10 / 100 | build, s "
        "| memory, MiB | disk, MiB |\n|---|---|---|---|---|---|---|---|"
    )
    rows = []
    for one in results:
        if "failed" in one:
            rows.append(f"| {one['crops']:,} | {one['system']} | {one['failed']} |||||| ")
            continue
        times = " / ".join(f"{one[p]:.3g}" for p in ("p50", "p95", "p99"))
        found = " / ".join(f"{one['recall'][k]:.4f}" for k in ("1", "10", "100"))
        built = f"{one['build_s']:.0f}" if one["build_s"] else "as built"
        held = max(0, one["memory"]["anon"] - one["memory"]["before"]) / MIB
        rows.append(
            f"| {one['crops']:,} | {one['system']} | {one['setting']} | {times} | {found} "
            f"| {built} | {held:.0f} | {one['disk'] / MIB:.0f} |"
        )
    return "\n".join((head, *rows))


def goals(one: Result, million: Result | None) -> str:
    """What is promised, against what was measured, at one size."""
    flat, scan = one["IndexFlatIP"], one["scan"]
    rows: list[tuple[str, str, str, bool | None]] = [
        ("p50 of a scan to IndexFlatIP", f"{scan:.2f} to {flat:.1f} ms = 1/{flat / scan:.0f}",
         "1/30", flat / scan >= 30),
        ("recall@10", f"{one['recall']:.4f}", "0.999", one["recall"] >= 0.999),
        ("p50 of an exact answer", f"{one['exact']:.1f} ms = 1/{flat / one['exact']:.1f}", "1/3",
         flat / one["exact"] >= 3),
        ("recall@10 of exact answers", f"{one['exact is right']:.4f}", "1",
         one["exact is right"] == 1),
        ("p50, 1 % pass the filter", f"{one['filter 0.01']:.2f} ms", f"{scan:.2f} ms",
         one["filter 0.01"] <= scan),
        *((f"p50, a share of {share} passes", f"{one[f'filter {share}']:.2f} ms", "", None)
          for share in ("1e-06", "0.0001", "0.1", "0.5", "1")),
        ("a query in a batch", f"{one['batch, ms a query']:.2f} ms = 1/"
         f"{scan / one['batch, ms a query']:.1f} of one alone", "", None),
        ("a whole answer in a batch", f"{one['whole answer in a batch, ms']:.2f} ms = 1/"
         f"{one['whole answer, ms'] / one['whole answer in a batch, ms']:.1f} of "
         f"{one['whole answer, ms']:.2f} ms alone", "1/5",
         one["whole answer, ms"] / one["whole answer in a batch, ms"] >= 5),
        ("building from the database", f"{one['build, s']:.1f} s", "10 s at 1 M",
         one["build, s"] <= 10 if one["crops"] <= 1_000_000 else None),
        ("adding", f"{one['adding, vectors/s']:,.0f} vectors/s", "100 000",
         one["adding, vectors/s"] >= 100_000),
        ("first answer of a fresh process", f"{one['cold, s']:.2f} s",
         "2 s and reading the codes", one["cold, s"] <= 2 + one["crops"] * 32 / 500e6),
        ("memory of that process, its own", f"{one['cold, anonymous bytes'] / MIB:.0f} MiB",
         "64 B a crop + 300 MB", one["cold, anonymous bytes"] <= one["crops"] * 64 + 300e6),
        ("memory of that process, mapped", f"{one['cold, file bytes'] / MIB:.0f} MiB", "", None),
    ]  # fmt: skip
    if one["crops"] < 1_000_000:  # what is promised is promised from there on
        rows = [(name, found, "", None) for name, found, _, _ in rows]
    elif one["crops"] > 1_000_000 and million is not None:
        rows = [row if row[0] in AT_ANY_SIZE else (*row[:2], "", None) for row in rows]
        resident = one["cold, anonymous bytes"] + one["cold, file bytes"]
        rows += [
            ("p50 of a scan to that at 1 M", f"{scan / million['scan']:.1f} times", "12 times",
             scan <= 12 * million["scan"]),
            ("memory of that process, all", f"{resident / MIB:.0f} MiB", "1 GB", resident <= 1e9),
        ]  # fmt: skip
    lines = [f"| {one['crops']:,} crops | measured | limit | met |", "|---|---|---|---|"]
    met = {True: "yes", False: "**no**", None: ""}
    lines += [f"| {name} | {found} | {limit} | {met[ok]} |" for name, found, limit, ok in rows]
    return "\n".join(lines)


def further(results: Sequence[Result]) -> str:
    """What larger archives would need, drawn out from the two largest sizes measured."""
    of_ours = sorted(
        (one for one in results if one["system"] == "ours" and "p50" in one),
        key=lambda one: one["crops"],
    )
    if len(of_ours) < 2:
        return ""
    (a, b), lines = of_ours[-2:], []
    each_ms = (b["p50"] - a["p50"]) / (b["crops"] - a["crops"])
    for crops in (100_000_000, 1_000_000_000):
        ms = b["p50"] + each_ms * (crops - b["crops"])
        lines.append(
            f"| {crops:,} | {ms:,.0f} ms | {crops * 41 / 2**30:,.0f} GiB "
            f"| {crops * 297 / 2**30:,.0f} GiB | {crops * 1150 / 2**30:,.0f} GiB |"
        )
    head = (
        f"Not measured but extrapolated, by the straight line through {a['crops']:,} and "
        f"{b['crops']:,}:\n\n| crops | p50 of a scan, two cores | memory | index on disk "
        "| embeddings in the database |\n|---|---|---|---|---|"
    )
    return "\n".join((head, *lines))


def plots(results: Sequence[Result], target: Path) -> None:
    """Latency, memory and disk against the number of crops, on log axes."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(15, 5.5), dpi=90)
    parts = (
        ("p50 of a query, ms", lambda one: one["p50"]),
        (
            "memory, MiB",
            lambda one: max(1, (one["memory"]["anon"] - one["memory"]["before"]) / MIB),
        ),
        ("disk, MiB", lambda one: one["disk"] / MIB),
    )
    names = sorted(
        {one["system"] for one in results if "p50" in one}, key=lambda n: (n not in OURS, n)
    )
    for axis, (title, value) in zip(axes, parts, strict=True):
        axis.set_prop_cycle(color=plt.get_cmap("tab20").colors)
        for name in names:
            ours = [one for one in results if one["system"] == name and "p50" in one]
            style = {"linewidth": 2.5} if name in OURS else {"linewidth": 1, "linestyle": "--"}
            crops, values = [one["crops"] for one in ours], [value(one) for one in ours]
            axis.plot(crops, values, marker="o", markersize=4, label=name, **style)
        axis.set(xscale="log", yscale="log", xlabel="crops", title=title)
        axis.grid(visible=True, which="both", alpha=0.2)
    axes[2].legend(fontsize=8, loc="lower right")  # where no line goes
    figure.tight_layout()
    figure.savefig(target)
    plt.close(figure)
