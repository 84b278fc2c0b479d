"""Lists of nearest neighbours in the making: what beats the last of a list, and the lowest score.

Looking through a block of products takes a tenth of the time of computing it, as long as hardly
anything passes and what passes is taken in by many at once (benchmarks/neighbours.py): so lists
start with a bar that they will surely reach, if somebody knows one, and what passes waits until it
is worth a sort. Blocks are looked through in several threads, and taken in by one, in order.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from reidsearch.domain.crops import Vectors
from reidsearch.index.scan import NOTHING, Best, passed

WAITING = 2**18  # scores that passed and are not in the lists yet; 5 MB
AT_ONCE = 64  # scores that a list takes in at once

Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Looked:
    """What some rows may take of a block.

    Args:
        rows / columns / scores: (p,) what was above the rows' bars, in the order of the columns.
        low_rows / low_columns / low_scores: (q,) new lowest scores of rows, and with whom.
    """

    rows: Places
    columns: Places
    scores: Vectors
    low_rows: Places
    low_columns: Places
    low_scores: Vectors


@dataclass(slots=True)
class Growing:
    """Lists of n rows.

    Args:
        best: the lists, current after `settle`.
        least / farthest: (n,) the smallest score with any other row, and a row that has it.
        bar: (n,) float32 that a score has to beat to get into a row's list.
    """

    best: Best
    least: Vectors
    farthest: NDArray[np.int32]
    bar: Vectors
    _waiting: list[tuple[Places, Places, Vectors]] = field(default_factory=list)
    _count: int = 0

    @classmethod
    def none(cls, n: int, width: int) -> Growing:
        """Return lists that nothing was offered to yet."""
        return cls(
            Best.none(n, width),
            np.full(n, np.inf, np.float32),
            np.full(n, NOTHING, np.int32),
            np.full(n, -np.inf, np.float32),
        )

    def both(self, rows: slice, columns: slice, scores: Vectors) -> tuple[Looked, Looked]:
        """Look through a block of rows that have none in common, each the other's columns.

        Threads may do so side by side, also while another takes in what was found.

        Args:
            scores: (n, m) float32.
        """
        bars, across = self.bar[rows], self.bar[columns]
        mask = scores > bars[:, None]
        np.logical_or(mask, scores > across, out=mask)
        at, other = passed(mask)
        found = scores[at, other]
        mine, its = found > bars[at], found > across[other]
        at, other = at + rows.start, other + columns.start
        low, low_at = _lower(scores, self.least[rows])
        its_low, its_at = _lower(scores.T, self.least[columns])
        return (
            Looked(
                at[mine],
                other[mine],
                found[mine],
                low + rows.start,
                low_at + columns.start,
                scores[low, low_at],
            ),
            Looked(
                other[its],
                at[its],
                found[its],
                its_low + columns.start,
                its_at + rows.start,
                scores[its_at, its_low],
            ),
        )

    def one(
        self, rows: slice, columns: slice, scores: Vectors, numbers: Places | None = None
    ) -> tuple[Looked]:
        """Look through a block in which rows may meet themselves; see `both`.

        Args:
            rows: places of the lists.
            scores: (n, m) float32; changed where a row meets itself.
            numbers: (n,) which columns the rows are; None: their places.
        """
        which = np.arange(rows.start, rows.stop) if numbers is None else numbers
        own = np.flatnonzero((which >= columns.start) & (which < columns.stop))
        itself = own, which[own] - columns.start
        scores[itself] = np.inf
        low, low_at = _lower(scores, self.least[rows])
        lowest = scores[low, low_at]
        scores[itself] = -np.inf
        at, other = passed(scores > self.bar[rows, None])
        return (
            Looked(
                at + rows.start,
                other + columns.start,
                scores[at, other],
                low + rows.start,
                low_at + columns.start,
                lowest,
            ),
        )

    def take(self, looked: Looked) -> None:
        """Take in what was found; for each row in the order of the columns."""
        lower = looked.low_scores < self.least[looked.low_rows]
        rows = looked.low_rows[lower]
        self.least[rows] = looked.low_scores[lower]
        self.farthest[rows] = looked.low_columns[lower]
        self._waiting.append((looked.rows, looked.columns, looked.scores))
        self._count += len(looked.rows)
        if self._count >= WAITING:
            self.settle()

    def settle(self) -> None:
        """Sort what waits into the lists."""
        if not self._count:
            return
        rows, columns, scores = (np.concatenate(part) for part in zip(*self._waiting, strict=True))
        self._waiting, self._count = [], 0
        # By row, and within a row as they came: the place fills the lower bits.
        places = np.sort((rows << 32) | np.arange(len(rows))) & (2**32 - 1)
        rows, columns, scores = rows[places], columns[places], scores[places]
        while len(rows):
            first = np.flatnonzero(np.diff(rows, prepend=-1))
            begin = np.repeat(first, np.diff(first, append=len(rows)))
            now = np.arange(len(rows)) - begin < AT_ONCE
            self.best.offer(rows[now], columns[now], scores[now])
            touched = rows[first]
            self.bar[touched] = np.maximum(self.bar[touched], self.best.scores[touched, -1])
            left = ~now
            left[left] = scores[left] > self.bar[rows[left]]
            rows, columns, scores = rows[left], columns[left], scores[left]


def _lower(scores: Vectors, least: Vectors) -> tuple[Places, Places]:
    """Return the rows of (n, m) scores with one below their (n,) least, and the column of it."""
    rows = np.flatnonzero(scores.min(axis=1) < least)
    return rows, scores[rows].argmin(axis=1) if len(rows) else rows
