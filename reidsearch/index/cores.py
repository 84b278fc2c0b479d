"""Work that releases the interpreter's lock (FAISS, NumPy, hashing), on all cores."""

from __future__ import annotations

import contextlib
import os
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from typing import TypeVar

import numpy as np

from reidsearch.domain.crops import CropIds, Vectors

AHEAD = 16  # items
S = TypeVar("S")
T = TypeVar("T")


@cache
def _others() -> ThreadPoolExecutor | None:
    """A thread for each core but the caller's own."""
    others = (os.cpu_count() or 1) - 1
    return ThreadPoolExecutor(others, "reidsearch") if others else None


def in_turn(work: Callable[[S], T], items: Iterable[S]) -> list[T]:
    """Do `each` in the caller's own thread."""
    return [work(item) for item in items]


def each(work: Callable[[S], T], items: Iterable[S]) -> list[T]:
    """Do `work` on every item; return the results in order.

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


def products(vectors: Vectors, query: Vectors) -> Vectors:
    """Return the (n,) inner products of (n, d) vectors, few of them, with a (d,) query.

    Past BLAS: it wakes its threads for more than some 9,000 numbers, and they go on spinning for
    milliseconds on cores that the next scan wants.
    """
    found: Vectors = np.einsum("ij,j->i", vectors, query)
    return found


@contextlib.contextmanager
def side_by_side(work: Callable[[S], T], items: Iterable[S]) -> Iterator[Iterator[T]]:
    """Do `work` on items in a thread for each core; gives the results in order.

    Each thread multiplies its own matrices: BLAS's threads would meet after every product, and
    wait while one looks through it (benchmarks/neighbours.py). What the caller does with a result
    is done beside the next ones.
    """
    from threadpoolctl import threadpool_limits

    cores = os.cpu_count() or 1
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(cores, "reidsearch-blocks") as threads:
        waiting: deque[Future[T]] = deque()

        def results() -> Iterator[T]:
            for item in items:
                waiting.append(threads.submit(work, item))
                if len(waiting) > 2 * cores:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()

        try:
            yield results()
        finally:
            for one in waiting:
                one.cancel()


def ahead(items: Iterable[T]) -> Iterator[T]:
    """Yield the same items, fetched by another thread while the caller works on those before."""
    fetched: queue.Queue[tuple[T | None, BaseException | None]] = queue.Queue(AHEAD)
    over = threading.Event()

    def fetch() -> None:
        failed: BaseException | None = None
        try:
            for item in items:
                if not _put(fetched, (item, None), over):
                    return
        except BaseException as error:  # noqa: BLE001 (raised where the items are taken)
            failed = error
        _put(fetched, (None, failed or StopIteration()), over)

    thread = threading.Thread(target=fetch, name="reidsearch-ahead", daemon=True)
    thread.start()
    try:
        while True:
            item, failed = fetched.get()
            if isinstance(failed, StopIteration):
                return
            if failed is not None:
                raise failed
            yield item  # type: ignore[misc]
    finally:
        over.set()
        thread.join()


def _put(fetched: queue.Queue[T], item: T, over: threading.Event) -> bool:
    """Wait for room; False when nobody takes anything any more."""
    while not over.is_set():
        try:
            fetched.put(item, timeout=0.1)
        except queue.Full:
            continue
        return True
    return False


def gathered(
    chunks: Iterable[tuple[CropIds, Vectors]], least: int
) -> Iterator[tuple[CropIds, Vectors]]:
    """Yield the same in chunks of `least` rows or a little more, and what is left."""
    waiting: list[tuple[CropIds, Vectors]] = []
    for chunk in chunks:
        waiting.append(chunk)
        if sum(len(ids) for ids, _ in waiting) >= least:
            yield _joined(waiting)
            waiting = []
    if waiting:
        yield _joined(waiting)


def _joined(chunks: Sequence[tuple[CropIds, Vectors]]) -> tuple[CropIds, Vectors]:
    ids, vectors = zip(*chunks, strict=True)
    return np.concatenate(ids), np.concatenate(vectors)
