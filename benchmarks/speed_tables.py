"""The tables of docs/benchmarks/: every row of the files in results/speed, none of it by hand."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence

from speed_files import PRELIMINARY, Line, command, lines, lines_of, measured, number, read
from speed_goals import GOALS, goals_table

FIGURES = ("index", "memory", "rerun", "query_warm", "query_cold", "help", "neighbours", "open")
FIGURES += ("footage", "memory_footage", "serve", "looking")
HEAD = ("", "median (least to most)", "bare", "ratio", "limit", "met")
MET = {True: "yes", False: "**no**", None: ""}
ROWS_OF_FOOTAGE = ("sampled frames", "found", "more", "time")


def table(rows: Iterable[Sequence[str]]) -> str:
    """Markdown; the first row is the head."""
    head, *others = rows
    every = (head, ["---"] * len(head), *others)
    return "\n".join(f"| {' | '.join(cell or '' for cell in row)} |" for row in every)


def figures(name: str) -> str:
    """A file of figures, a row each, and when they were measured."""
    return figures_of(read(name)) + below(name)


def figures_of(rows: Iterable[Mapping[str, str]]) -> str:
    """The rows of a file of figures as a table."""
    return table([HEAD, *map(_cells, lines_of(rows))])


def _cells(line: Line) -> tuple[str, ...]:
    sign = "≥" if line.at_least else "≤"
    limit = "" if line.limit is None else f"{sign} {number(line.limit)}"
    if limit and line.bare is None:
        limit = f"{limit} {line.unit}".rstrip()
    return (
        line.figure,
        line.ours.text(line.unit),
        line.bare.text(line.unit) if line.bare else "",
        "" if line.ratio is None else f"{line.ratio:.2f}",
        limit,
        MET[line.met(line.limit, at_least=line.at_least)],
    )


def below(name: str) -> str:
    """The line below a table: command, date, commit, machine, load; one for each difference."""
    of_note: dict[str, list[str]] = {}
    most: dict[str, float] = {}
    for label, when in measured(name).items():
        note = when.note.split("; load before")[0]
        of_note.setdefault(note, []).append(label)
        if when.others is not None:
            most[note] = max(most.get(note, 0.0), when.others)
    told = []
    for note, labels in of_note.items():
        parts = "" if len(of_note) == 1 else f"{'; '.join(labels)}: "
        load = ""
        if note in most:
            load = f"; other programs used {most[note]:.2f} cores meanwhile"
            load += " (**preliminary**)" * (most[note] > PRELIMINARY)
        told.append(f"{parts}{note}{load}.")
    return f"\n\n`{command(name)}`. " + "\n\n".join(told)


def by_size() -> str:
    """What search needs at each number of crops, and beside it what it is compared with."""
    held = list(lines("scale-goals"))
    sizes = sorted({line.where["crops"] for line in held}, key=int)
    rows = []
    for figure in dict.fromkeys(line.figure for line in held):
        of_size = {line.where["crops"]: line for line in held if line.figure == figure}
        rows.append([figure, *(_with_bare(of_size.get(size)) for size in sizes)])
    return table([["", *(f"{int(size):,} crops" for size in sizes)], *rows]) + below("scale-goals")


def _with_bare(line: Line | None) -> str:
    if line is None:
        return ""
    told = line.ours.text(line.unit)
    return told if line.bare is None else f"{told}; {line.bare.text('').strip()} bare"


def systems() -> str:
    """Every system at every size."""
    head = ("crops", "system", "setting", "p50 / p95 / p99, ms", "recall@1 / 10 / 100", "build, s")
    rows = [(*head, "memory, MiB", "disk, MiB")]
    for one in sorted(read("scale"), key=lambda row: (int(row["crops"]), float(row["p50"] or 9e9))):
        size = f"{int(one['crops']):,}"
        if one["failed"]:
            rows.append((size, one["system"], one["failed"], *[""] * 5))
            continue
        times = " / ".join(number(float(one[p])) for p in ("p50", "p95", "p99"))
        found = " / ".join(one[f"recall@{k}"] for k in (1, 10, 100))
        sizes = [number(float(one[key])) for key in ("memory_mib", "disk_mib")]
        built = one["build_s"] or "as built"
        rows.append((size, one["system"], one["setting"], times, found, built, *sizes))
    return table(rows) + below("scale")


def further() -> str:
    """What larger archives would need, drawn out from the two largest sizes measured."""
    ours = [one for one in read("scale") if one["system"] == "ours" and one["p50"]]
    (a, b) = sorted((int(one["crops"]), float(one["p50"])) for one in ours)[-2:]
    rows = [("crops", "p50 of a scan", "memory", "index on disk", "embeddings in the database")]
    for crops in (100_000_000, 1_000_000_000):
        p50 = b[1] + (b[1] - a[1]) / (b[0] - a[0]) * (crops - b[0])
        gib = (f"{crops * each / 2**30:,.0f} GiB" for each in (41, 297, 1150))
        rows.append((f"{crops:,}", f"{p50:,.0f} ms", *gib))
    told = f"Extrapolated by the straight line through {a[0]:,} and {b[0]:,}, not measured."
    return f"{table(rows)}\n\n{told}"


def plain(name: str) -> str:
    """A file with columns of its own, as it is."""
    held = sorted(read(name), key=lambda row: [_order(cell) for cell in list(row.values())[:2]])
    return table([list(held[0]), *(list(row.values()) for row in held)]) + below(name)


def _order(cell: str) -> float:
    """Numbers by their size, and words not at all: they keep the order of the file."""
    return float(cell) if cell.replace(".", "", 1).isdigit() else 0.0


def skip_rules() -> str:
    """A table a piece of footage."""
    held, parts = read("skip_rules"), []
    for footage in dict.fromkeys(row["footage"] for row in held):
        rows = [row for row in held if row["footage"] == footage]
        head = [footage, *(f"{key} of {rows[0]['visits']}" * (key == "found") or key
                           for key in ROWS_OF_FOOTAGE)]  # fmt: skip
        parts.append(table([head, *([r["rule"], *(r[k] for k in ROWS_OF_FOOTAGE)] for r in rows)]))
    return "\n\n".join(parts) + below("skip_rules")


TABLES: dict[str, Callable[[], str]] = {
    **{name: functools.partial(figures, name) for name in FIGURES},
    **{f"goals: {name}": functools.partial(goals_table, name) for name in GOALS},
    **{name: functools.partial(plain, name) for name in ("trackers", "growth-footage", "clients")},
    "scale-goals": by_size,
    "scale": systems,
    "scale-further": further,
    "skip_rules": skip_rules,
}
"""Name in the page's markers -> what makes the table."""
