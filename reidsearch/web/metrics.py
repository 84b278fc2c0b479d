"""Figures of one server, in the text format of Prometheus (0.0.4), which most systems read.

Counted are requests by the path as it is declared, never as it was asked for: so there are as many
series as routes, and no number, name or picture gets into a label.
"""

from __future__ import annotations

import bisect
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

MEDIA = "text/plain; version=0.0.4; charset=utf-8"
BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Of durations: a request falls into the first that it does not exceed."""
Labels = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class _Durations:
    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS_S) + 1))
    sum_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Gauge:
    """A figure as it is now.

    Args:
        values: by their labels; `()` for the one without.
    """

    name: str
    help: str
    values: Mapping[Labels, float]


class Metrics:
    """What a server has done since it began; any thread may count."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: Counter[Labels] = Counter()
        self._durations: dict[Labels, _Durations] = {}
        self._searches = 0
        self._sign_ins: Counter[Labels] = Counter()

    def answered(self, method: str, route: str, status: int, took_s: float) -> None:
        """Count a request.

        Args:
            route: its path as it is declared.
        """
        of = (("method", method), ("route", route))
        with self._lock:
            self._requests[(*of, ("status", str(status)))] += 1
            durations = self._durations.setdefault(of, _Durations())
            durations.counts[bisect.bisect_left(BOUNDS_S, took_s)] += 1
            durations.sum_s += took_s

    def searched(self) -> None:
        """Count a search that was answered."""
        with self._lock:
            self._searches += 1

    def signed_in(self, how: str, outcome: str) -> None:
        """Count an attempt to sign in."""
        with self._lock:
            self._sign_ins[(("how", how), ("outcome", outcome))] += 1

    def text(self, gauges: Iterable[Gauge]) -> str:
        """Return all figures, with those of now."""
        with self._lock:
            lines = [
                *_counter("requests", "Requests that were answered.", self._requests),
                *self._told_durations(),
                *_counter("searches", "Searches that were answered.", {(): self._searches}),
                *_counter("sign_ins", "Attempts to sign in.", self._sign_ins),
            ]
        for one in gauges:
            lines += _head(f"reidsearch_{one.name}", one.help, "gauge")
            lines += [_line(f"reidsearch_{one.name}", *value) for value in one.values.items()]
        return "\n".join(lines) + "\n"

    def _told_durations(self) -> list[str]:
        name = "reidsearch_request_duration_seconds"
        lines = _head(name, "How long requests took until the last byte was sent.", "histogram")
        for labels, durations in sorted(self._durations.items()):
            total = 0
            for bound, count in zip((*map(str, BOUNDS_S), "+Inf"), durations.counts, strict=True):
                total += count
                lines.append(_line(f"{name}_bucket", (*labels, ("le", bound)), total))
            lines.append(_line(f"{name}_sum", labels, durations.sum_s))
            lines.append(_line(f"{name}_count", labels, total))
        return lines


def _counter(name: str, told: str, values: Mapping[Labels, float]) -> list[str]:
    full = f"reidsearch_{name}_total"
    return [*_head(full, told, "counter"), *(_line(full, *one) for one in sorted(values.items()))]


def _head(name: str, told: str, kind: str) -> list[str]:
    return [f"# HELP {name} {told}", f"# TYPE {name} {kind}"]


def _line(name: str, labels: Labels, value: float) -> str:
    told = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels)
    return f"{name}{{{told}}} {value}" if told else f"{name} {value}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
