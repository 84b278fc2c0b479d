"""As few threads read as keep the model busy, and never fewer than one."""

from __future__ import annotations

import threading
from collections import deque
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


def test_more_threads_help_where_results_are_waited_for_and_go_when_they_are_not() -> None:
    work, readers = Counting(), Readers(3)
    with ThreadPoolExecutor(3) as pool:
        waiting: deque[Future[int]] = deque()
        for number in range(12):
            waiting.append(pool.submit(readers.run, work, number, 0.03))
        assert [readers.result(waiting.popleft()) for _ in range(12)] == list(range(12))
        assert work.most == 3
        for _ in range(4 * (AHEAD + 1)):
            done = pool.submit(readers.run, work, 0)
            done.result()
            readers.result(done)
        work.most = 0
        for one in [pool.submit(readers.run, work, number, 0.005) for number in range(6)]:
            one.result()
    assert work.most == 1
