"""Asynchronous inference in order: the model never waits for whoever reads or writes."""

from __future__ import annotations

import atexit
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Generic, TypeVar

from reidsearch.domain.crops import Pixels, Vectors

if TYPE_CHECKING:
    import openvino

T = TypeVar("T")

# Results that may wait for the consumer. It must outlast a commit to disk (50 ms) at the rate of
# the fastest model (0288, 450 crops/s), and stay small in memory.
WAITING = 64


def stream_in_order(
    compiled: Callable[[], openvino.CompiledModel],
    items: Iterable[tuple[T, Pixels | None]],
    *,
    waiting: int = WAITING,
) -> Iterator[tuple[T, Vectors | None]]:
    """Run `items` through a model, with as many requests as the runtime asks for, and one more.

    The spare one is already queued when another ends, so that no core waits for Python.

    Args:
        compiled: gives the model, which takes (1, h, w, 3) uint8; called at the first picture, so
            that a run without any does not compile it.
        items: tags and (h, w, 3) uint8 pictures; pulled and closed in a thread of its own. None
            in place of a picture is handed through in its turn, so that whatever else the
            consumer must hear of arrives in order too.
        waiting: results that may wait for the consumer; each keeps its tag alive.

    Yields:
        The tag and the output (d,) float32, None for None, in input order.
    """
    feeder = _Feeder(compiled, items, waiting)
    # A generator that nobody closed must not keep the interpreter from ending.
    atexit.register(feeder.stop)
    try:
        yield from feeder.results()
    finally:
        feeder.stop()
        atexit.unregister(feeder.stop)


class _Feeder(Generic[T]):
    """The thread that pulls items, starts requests, and collects them in order."""

    def __init__(
        self,
        compiled: Callable[[], openvino.CompiledModel],
        items: Iterable[tuple[T, Pixels | None]],
        waiting: int,
    ) -> None:
        self._compiled = compiled
        self._items = items
        self._idle: list[openvino.InferRequest] = []
        self._made = False
        self._running: deque[tuple[T, Pixels, openvino.InferRequest] | tuple[T, None, None]] = (
            deque()
        )
        self._done: queue.Queue[tuple[T, Vectors | None] | BaseException | None] = queue.Queue(
            waiting
        )
        self._waiting = waiting
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="reidsearch-embed", daemon=True)
        self._thread.start()

    def results(self) -> Iterator[tuple[T, Vectors | None]]:
        """What is done, in order, until the items end."""
        while (result := self._done.get()) is not None:
            if isinstance(result, BaseException):
                raise result
            yield result

    def stop(self) -> None:
        """End the thread, whatever it is at; returns when it has ended."""
        self._stopping.set()
        while self._thread.is_alive():
            # It may be waiting for room in the queue.
            while not self._done.empty():
                self._done.get_nowait()
            self._thread.join(0.02)

    def _work(self) -> None:
        ending: BaseException | None = None
        try:
            self._feed()
        except BaseException as error:  # noqa: BLE001  the consumer raises it
            ending = error
        self._abandon()
        self._done.put(ending)

    def _feed(self) -> None:
        items = iter(self._items)
        try:
            for tag, picture in items:
                if self._stopping.is_set():
                    return
                if picture is None:
                    self._running.append((tag, None, None))
                    # Bounded also when a million of them follow one picture.
                    while self._running and (
                        len(self._running) > self._waiting or _answered(self._running[0][2])
                    ):
                        self._collect()
                    continue
                request = self._request()
                # share_inputs: the picture is not copied, so it is kept until it was read.
                request.start_async({0: picture[None]}, share_inputs=True)
                self._running.append((tag, picture, request))
        finally:
            try:
                while self._running and not self._stopping.is_set():
                    self._collect()
            finally:
                if close := getattr(items, "close", None):
                    close()

    def _request(self) -> openvino.InferRequest:
        """One that is not running."""
        if not self._made:
            self._made = True
            compiled = self._compiled()
            count = int(compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS")) + 1
            self._idle = [compiled.create_infer_request() for _ in range(count)]
        while not self._idle:
            self._collect()
        return self._idle.pop()

    def _collect(self) -> None:
        tag, _, request = self._running.popleft()
        if request is None:
            self._done.put((tag, None))
            return
        try:
            request.wait()
        except BaseException:
            self._abandon()  # nothing may be told after the one that failed
            raise
        self._done.put((tag, request.get_output_tensor().data.reshape(-1).copy()))
        self._idle.append(request)

    def _abandon(self) -> None:
        while self._running:
            _, _, request = self._running.pop()
            if request is not None:
                request.cancel()


def _answered(request: openvino.InferRequest | None) -> bool:
    """Tell whether nobody has to wait for what comes next."""
    if request is None:
        return True
    try:
        return bool(request.wait_for(0))
    except RuntimeError:  # it has failed, which `_collect` raises
        return True
