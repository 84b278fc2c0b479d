"""As few threads read as keep the model busy, and never fewer than one."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor

from reidsearch.ingest.readers import AHEAD, Readers


class Counting:
    """Work that tells how many threads were at it at once."""

    def __init__(self) -> None:
        self.most = self._now = 0
        self._lock = threading.Lock()

    def __call__(self, number: int, wait_s: float = 0.0) -> int:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        threading.Event().wait(wait_s)
        with self._lock:
            self._now -= 1
        return number


def test_results_that_are_there_need_one_thread_alone() -> None:
    work, readers = Counting(), Readers(3)
    with ThreadPoolExecutor(3) as pool:
        for number in range(20):
            future = pool.submit(readers.run, work, number)
            future.result()
            assert readers.result(future) == number
    assert work.most == 1


class Awaited(Future[int]):
    """A result that is never there yet when it is asked for."""

    def done(self) -> bool:
        return False

    def result(self, timeout: float | None = None) -> int:
        if timeout is not None:
            raise TimeoutError
        return 0


def test_more_threads_help_where_results_are_waited_for_and_go_when_they_are_not() -> None:
    readers, there = Readers(3), Future[int]()
    there.set_result(0)
    for _ in range(6):
        readers.result(Awaited())
    with ThreadPoolExecutor(3) as pool:
        together = threading.Barrier(3)
        for one in [pool.submit(readers.run, together.wait, 60) for _ in range(3)]:
            one.result()  # raises if fewer than three are let in
        for _ in range(4 * (AHEAD + 1)):
            readers.result(there)
        work = Counting()
        for one in [pool.submit(readers.run, work, number, 0.005) for number in range(6)]:
            one.result()
    assert work.most == 1
