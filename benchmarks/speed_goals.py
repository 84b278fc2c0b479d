"""The short tables of docs/benchmarks.md: which figures matter, and what each is to reach.

A figure is taken from the files of results/speed; here are only its goal and, when the goal is
missed, the measured limit that forbids it. `results/speed/before.csv` holds the figures as they
were when the goals were set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from speed_files import Line, lines, measured, number

M1, M10 = {"crops": "1000000"}, {"crops": "10000000"}
CSV = "../benchmarks/results/speed"
BEFORE = "before"


@dataclass(frozen=True)
class Goal:
    """One row of a short table.

    Args:
        what: what is measured, as a reader would say it.
        file, figure, where: the row of results/speed that holds it.
        bound: of the ratio to bare when `of_bare`, else of the median.
        why: one sentence: the measured limit that forbids it; only for a goal that is missed.
    """

    what: str
    file: str
    figure: str
    bound: float
    at_least: bool = False
    of_bare: bool = False
    where: Mapping[str, str] = field(default_factory=dict)
    why: str = ""

    def line(self, file: str | None = None) -> Line:
        """The figure.

        Raises:
            LookupError: the file holds no such figure, or several.
        """
        found = [
            line
            for line in lines(file or self.file)
            if line.figure == self.figure
            and self.where.items() <= line.where.items()
            and line.where.get("file", self.file) == self.file
        ]
        if len(found) != 1:
            raise LookupError(f"{self.file}.csv has {len(found)} figures {self.figure!r}")
        return found[0]

    def met(self, line: Line) -> bool:
        value = line.ratio if self.of_bare else line.ours.median
        if value is None:
            raise LookupError(f"{self.figure!r} in {self.file}.csv has no bare figure")
        return value >= self.bound if self.at_least else value <= self.bound

    def row(self) -> tuple[str, ...]:
        """What, goal, before, now, bare, met.

        Raises:
            LookupError: the goal is missed and no limit is named, or it is met and one is.
        """
        now, before = self.line(), self._before()
        met = self.met(now)
        if met == bool(self.why):
            told = "is met, but a limit is named" if met else "is missed, but no limit is named"
            raise LookupError(f"{self.what} {told}: benchmarks/speed_goals.py")
        sign = "≥" if self.at_least else "≤"
        of = " of bare" if self.of_bare else f" {now.unit}"
        return (
            self.what,
            f"{sign} {number(self.bound)}{of}".rstrip(),
            "" if before is None else self._told(before),
            self._told(now),
            now.bare.text(now.unit).split(" (")[0] if now.bare else "",
            "yes" if met else "**no**",
        )

    def _told(self, line: Line) -> str:
        middle = line.ours.text(line.unit).split(" (")[0]
        return f"{middle} = {line.ratio:.2f}" if self.of_bare else middle

    def _before(self) -> Line | None:
        """The figure of `before.csv`; None when there is none, or it was not measured again."""
        try:
            old = self.line(BEFORE)
        except LookupError:
            return None
        now = self.line()
        return None if (old.ours, old.bare) == (now.ours, now.bare) else old


SCAN_1M = (
    "The scan codes take 0.9 ms on two cores (arithmetic), fine codes of 700 crops and 28 "
    "embeddings from the database 0.5 to 1 ms, and everything half as long again after a flat "
    "scan, which empties the caches."
)
NOT_YET = "The limit has not been measured yet."
GOALS: dict[str, Sequence[Goal]] = {
    "search": (
        Goal("a query, 1 M crops, p50", "scale-goals", "scan", 1.5, where=M1, why=SCAN_1M),
        Goal("its recall@100", "scale-goals", "scan, recall@100", 0.99, True, where=M1),
        Goal("exact, 1 M crops, p50", "scale-goals", "exact answer", 5, where=M1,
             why=NOT_YET),
        Goal("a query, 10 M crops, p50", "scale-goals", "scan", 12, where=M10,
             why=NOT_YET),
        Goal("its recall@100", "scale-goals", "scan, recall@100", 0.99, True, where=M10),
        Goal("exact, 10 M crops, p50", "scale-goals", "exact answer", 40, where=M10,
             why=NOT_YET),
        Goal("a whole answer in a batch, to one alone, 1 M", "scale-goals",
             "a whole answer in a batch, and one alone", 0.25, of_bare=True, where=M1,
             why="FAISS's kernel costs the same a query in a batch, and one query alone uses both "
                 "cores already: only the rest is saved."),
        Goal("index of 1 M crops from the database", "scale-goals", "building from the database",
             10, where=M1,
             why="Reading a million rows, coding them twice and verifying a hundred answers takes "
                 "18 s of processor time on two cores."),
        Goal("first answer of a fresh process, 10 M", "scale-goals",
             "first answer of a fresh process", 2.6, where=M10),
        Goal("what re-ranking adds, 100 000 crops", "neighbours", "what re-ranking adds", 25),
        Goal("neighbour graph from nothing, to its products", "neighbours",
             "neighbour graph from nothing, 100 000 crops", 1.5, of_bare=True,
             why=NOT_YET),
    ),
    "indexing": (
        Goal("sample clip, default detector", "footage",
             "the clip, detection-0201, share of the limit", 0.85, True, True,
             why="0.8 s of 4 s of processor time are not bare work; which part has not been "
                 "measured."),
        Goal("sample clip, person-detection-retail-0013", "footage",
             "the clip, detection-retail-0013, share of the limit", 0.9, True, True),
        Goal("1080p25, default", "footage", "1080p25, default, share of the limit", 0.95, True,
             True, why=NOT_YET),
        Goal("1080p25, `--fast`, times real time", "footage", "1080p25, fast, times real time",
             100, True, why=NOT_YET),
        Goal("crops end to end, 0286", "index", "indexing, 0286", 1, True, True),
        Goal("crops end to end, 0288", "index", "indexing, 0288", 0.95, True, True,
             why="Inference takes a fifth of the time of 0286, everything else as long, and both "
                 "share two cores."),
        Goal("nothing changed, looked through again", "rerun", "re-run, nothing changed", 20_000,
             True),
        Goal("memory, three hours of 1080p25", "memory_footage",
             "memory while indexing three hours of 1080p25", 800),
        Goal("memory, 100 000 crops with the model", "memory",
             "the same, 0286 loaded and used before", 600),
    ),
    "start-up": (
        Goal("query as a new process, 100 000 crops", "query_cold",
             "cold query, bare with a compiled-model cache too", 1.2, of_bare=True,
             why="Importing SQLAlchemy takes 0.2 s; the rest has not been measured."),
        Goal("`reidsearch --help`, CPU time", "help", "`reidsearch --help`, CPU time", 0.1,
             why=NOT_YET),
        Goal("opening an archive of 1 M crops, to reading a flat index", "open",
             "opening an archive of 1 000 000 crops", 2, of_bare=True),
        Goal("first byte of a still of 3 GB", "looking",
             "page, first byte: still of any moment, mp4", 0.3),
        Goal("first byte of a stretch of 3 GB, played", "looking",
             "page, first byte: stretch of 10 s, mp4", 0.3),
        Goal("first byte of a clip of 3 GB, encoded anew", "looking",
             "page, first byte: clip, encoded anew, 8 s, mp4", 0.3,
             why="It is sent once it was read back and the event log holds its SHA-256, so all of "
             "it is encoded first."),
        Goal("contact sheet of 200 matches, of 10 000 sources", "looking",
             "contact sheet of 200 matches, PNG", 2,
             why="The rows of 10 000 sources and their spans are read and proven for the "
             "statement, once."),
        Goal("`coverage` of 10 000 sources", "looking",
             "`coverage --format json`, 10,000 sources", 0.5,
             why="Every row that it shows is proven; reading and writing them unproven, without "
             "SQLAlchemy, already takes longer than the goal."),
        Goal("`show` of 10 000 sources", "looking", "`show --format json`, 10,000 sources", 0.5,
             why=NOT_YET),
        Goal("`failures` of 10 000 sources", "looking",
             "`failures --format json`, 10,000 sources", 0.5, why=NOT_YET),
    ),
    "serving": (
        Goal("first paint of an answer", "serve", "first paint of an answer, 100 000 crops", 1000),
        Goal("95th percentile of 50 clients, to a fair queue", "serve", "their 95th percentile", 3,
             of_bare=True),
        Goal("memory after minutes of load, to that at its begin", "serve",
             "memory of the server, in the last minutes against the first", 1.1, of_bare=True),
    ),
}  # fmt: skip
HEAD = ("", "goal", "before", "now", "bare", "met")


def goals_table(name: str) -> str:
    """The short table of a group, why goals are missed, and where the figures come from."""
    goals = GOALS[name]
    rows = [HEAD, ("---",) * len(HEAD), *(goal.row() for goal in goals)]
    text = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    missed = [f"- **{_titled(goal.what)}:** {goal.why}" for goal in goals if goal.why]
    told = "; ".join(_source(file) for file in dict.fromkeys(goal.file for goal in goals))
    limits = "What forbids the rest:\n\n" + "\n".join(missed) if missed else ""
    return "\n\n".join(part for part in (text, limits, f"Measured: {told}.") if part)


def _source(file: str) -> str:
    """A file, when it was measured, at which commit."""
    when = measured(file).values()
    dates = " and ".join(sorted({one.date for one in when}))
    commits = " and ".join(sorted({f"`{one.commit}`" for one in when}))
    busy = ", **preliminary**: other programs ran" if any(one.busy for one in when) else ""
    return f"[{file}.csv]({CSV}/{file}.csv), {dates}, commit {commits}{busy}"


def _titled(text: str) -> str:
    return text[:1].upper() + text[1:]
