"""Decoding goes on in a thread of its own while pictures before are scaled, or wait for a detector.

FFmpeg decodes in threads, but only while somebody asks it for the next picture.
"""

from __future__ import annotations

import threading
from collections.abc import Generator
from queue import SimpleQueue
from typing import TypeVar

T = TypeVar("T")

MOST_BYTES = 32 * 1024 * 1024
MOST = 8
"""Pictures that wait, and no more bytes of them."""


def depth_for(width_px: int, height_px: int) -> int:
    """Return how many pictures of a size may wait; they have 1.5 bytes a pixel."""
    return max(2, min(MOST, MOST_BYTES // max(1, width_px * height_px * 3 // 2)))


def read_ahead(items: Generator[T, None, None], depth: int) -> Generator[T, None, None]:
    """Yield items that a thread pulls, at most `depth` ahead, in their order.

    What they raise is raised here, after the items before it. When this ends or is closed, the
    thread has ended and `items` are closed.
    """
    # Simple queues are a tenth of the price of `queue.Queue`, which counts at this pace.
    room: SimpleQueue[bool] = SimpleQueue()
    done: SimpleQueue[tuple[T] | BaseException | None] = SimpleQueue()
    for _ in range(depth):
        room.put(True)

    def work() -> None:
        ending: BaseException | None = None
        try:
            for item in items:
                if not room.get():
                    break
                done.put((item,))
        except BaseException as error:  # noqa: BLE001  the consumer raises it
            ending = error
        try:
            items.close()
        except BaseException as error:  # noqa: BLE001
            ending = ending or error
        done.put(ending)

    thread = threading.Thread(target=work, name="reidsearch-decode", daemon=True)
    thread.start()
    try:
        while isinstance(got := done.get(), tuple):
            room.put(True)
            yield got[0]
        if got is not None:
            raise got
    finally:
        # One refusal is enough: the room that is left is taken away before.
        while not room.empty():
            room.get()
        room.put(False)
        thread.join()
