"""Asynchronous inference in order: the model never waits for whoever reads or writes."""

from __future__ import annotations

import atexit
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from reidsearch.base.errors import absent
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

    The spare one is already queued when another ends, so that no core waits for Python. A request
    takes as many pictures as the model does; the last one is filled up with whatever is there.

    Args:
        compiled: gives the model, which takes (n, h, w, 3) uint8; called at the first picture, so
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


@dataclass(slots=True)
class _Asked(Generic[T]):
    """Tags in order, and the request that answers those of them that have a picture.

    Args:
        request: None: no tag has a picture.
        pictured: for each tag, whether it has one.
        read: a picture that the request reads where it lies.
    """

    request: openvino.InferRequest | None = None
    tags: list[T] = field(default_factory=list)
    pictured: list[bool] = field(default_factory=list)
    read: Pixels | None = None

    def add(self, tag: T, pictured: bool) -> None:
        self.tags.append(tag)
        self.pictured.append(pictured)


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
        self._together = 0  # pictures of a request; 0: the model is not compiled yet
        self._filling: _Asked[T] | None = None
        self._running: deque[_Asked[T]] = deque()
        self._done: queue.Queue[list[tuple[T, Vectors | None]] | BaseException | None]
        self._done = queue.Queue(waiting)
        self._waiting = waiting
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="reidsearch-embed", daemon=True)
        self._thread.start()

    def results(self) -> Iterator[tuple[T, Vectors | None]]:
        """What is done, in order, until the items end."""
        while (result := self._done.get()) is not None:
            if isinstance(result, BaseException):
                raise result
            yield from result

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
                    self._hand_through(tag)
                else:
                    self._ask(tag, picture)
        finally:
            try:
                if not self._stopping.is_set():
                    self._start()
                while self._running and not self._stopping.is_set():
                    self._collect()
            finally:
                if close := getattr(items, "close", None):
                    close()

    def _hand_through(self, tag: T) -> None:
        if self._filling is not None:
            self._filling.add(tag, False)
            if len(self._filling.tags) < self._waiting:
                return
            self._start()  # bounded also when a million of them follow one picture
        else:
            self._running.append(_Asked(None, [tag], [False]))
        while self._running and (
            len(self._running) > self._waiting or _answered(self._running[0].request)
        ):
            self._collect()

    def _ask(self, tag: T, picture: Pixels) -> None:
        asked = self._filling or _Asked(self._request())
        if asked.request is None:
            raise absent("a request")
        if self._together == 1:
            # share_inputs: the picture is not copied, so it is kept until it was read.
            asked.request.start_async({0: picture[None]}, share_inputs=True)
            self._running.append(_Asked(asked.request, [tag], [True], picture))
            return
        room = asked.request.get_input_tensor().data
        if picture.shape != room.shape[1:]:
            raise RuntimeError(f"a picture of {picture.shape}, not {room.shape[1:]}")
        room[sum(asked.pictured)] = picture
        asked.add(tag, True)
        self._filling = asked
        if sum(asked.pictured) == self._together:
            self._start()

    def _start(self) -> None:
        """Start the request that was being filled."""
        asked, self._filling = self._filling, None
        if asked is not None and asked.request is not None:
            asked.request.start_async()
            self._running.append(asked)

    def _request(self) -> openvino.InferRequest:
        """One that is not running."""
        if not self._together:
            compiled = self._compiled()
            self._together = compiled.input(0).get_partial_shape()[0].get_length()
            self._done.maxsize = max(1, self._waiting // self._together)  # of lists
            count = int(compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS")) + 1
            self._idle = [compiled.create_infer_request() for _ in range(count)]
        while not self._idle:
            self._collect()
        return self._idle.pop()

    def _collect(self) -> None:
        asked = self._running.popleft()
        if asked.request is None:
            self._done.put([(tag, None) for tag in asked.tags])
            return
        try:
            asked.request.wait()
        except BaseException:
            self._abandon()  # nothing may be told after the one that failed
            raise
        output = asked.request.get_output_tensor().data
        rows = iter(output.reshape(self._together, -1).copy())
        self._done.put(
            [
                (tag, next(rows) if pictured else None)
                for tag, pictured in zip(asked.tags, asked.pictured, strict=True)
            ]
        )
        self._idle.append(asked.request)

    def _abandon(self) -> None:
        self._filling = None
        while self._running:
            request = self._running.pop().request
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
