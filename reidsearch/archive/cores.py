"""Work that releases the interpreter's lock (FAISS, NumPy, hashing), on all cores."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

S = TypeVar("S")
T = TypeVar("T")


@cache
def _others() -> ThreadPoolExecutor | None:
    """A thread for each core but the caller's own."""
    others = (os.cpu_count() or 1) - 1
    return ThreadPoolExecutor(others, "reidsearch") if others else None


def each(work: Callable[[S], T], items: Iterable[S]) -> list[T]:
    """`work` of every item, in order.

    The caller does its share itself: handing over costs more than a small item takes. Not for
    work that calls `each` again.
    """
    items = list(items)
    others = _others()
    if others is None or len(items) < 2:
        return [work(item) for item in items]
    shares = min(len(items), (os.cpu_count() or 1))

    def share(number: int) -> list[T]:
        return [work(item) for item in items[number::shares]]

    given = [others.submit(share, number) for number in range(1, shares)]
    done = [share(0), *(one.result() for one in given)]
    return [done[number % shares][number // shares] for number in range(len(items))]
