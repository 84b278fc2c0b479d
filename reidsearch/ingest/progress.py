"""The one total of an index run: bytes of the inventory, whatever they hold.

Bytes are known before anything is opened, for pictures, containers and videos alike. Crops are
told on as the bytes that lie behind them, footage as its share of the file by media time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from reidsearch.base.progress import Progress
from reidsearch.domain.crops import CropInput, Rejected
from reidsearch.media.files.crop_inputs import CropInputs


class CropBytes(Iterator[CropInput | Rejected]):
    """Crop inputs on their way into the loop, and the loop's progress turned into bytes.

    The loop finishes inputs in the order in which they were handed out, so one queue of positions,
    as long as what is on its way, is all that is needed.
    """

    def __init__(self, inputs: CropInputs, progress: Progress) -> None:
        self._inputs = inputs
        self._progress = progress
        self._on_their_way: deque[tuple[int, str]] = deque()
        self._told_bytes = 0

    def __next__(self) -> CropInput | Rejected:
        item = next(self._inputs)
        self._on_their_way.append((self._inputs.position_bytes, item.location))
        return item

    def begin(self, task: str, total: int | None, unit: str) -> None:
        """Pass on."""
        self._progress.begin(task, total, unit)

    def advance(self, done: int = 1, /, **counts: int) -> None:
        """Turn a number of finished inputs into the bytes that lie behind them."""
        position_bytes, location = self._told_bytes, ""
        for _ in range(done):
            position_bytes, location = self._on_their_way.popleft()
        self._progress.advance(position_bytes - self._told_bytes, **counts)
        self._progress.working_on(location)
        self._told_bytes = position_bytes

    def working_on(self, what: str) -> None:
        """Pass on."""
        self._progress.working_on(what)

    def end(self) -> None:
        """Pass on."""
        self._progress.end()

    def finish(self) -> None:
        """Tell of what no input stood for: what containers hold beside pictures."""
        self._progress.advance(self._inputs.position_bytes - self._told_bytes)
        self._told_bytes = self._inputs.position_bytes


class SourceBytes:
    """One source of footage as its share of the total.

    Args:
        title: names the source, e.g. `3 of 12: gate.mp4`.
    """

    def __init__(self, progress: Progress, title: str, size_bytes: int) -> None:
        self.progress = progress
        self._title = title
        self._size_bytes = size_bytes
        self._declared_s: float | None = None
        self._told_bytes = 0
        progress.working_on(title)

    def declare(self, seconds: float | None) -> None:
        """Set how long the source says it is; None: only its end will tell."""
        self._declared_s = seconds

    def reach(self, media_s: float, **counts: int) -> None:
        """Tell that media time has been worked through up to here."""
        share = min(media_s / self._declared_s, 1.0) if self._declared_s else 0.0
        self._tell(round(self._size_bytes * share), **counts)

    def finish(self) -> None:
        """Tell the rest, whatever became of the source."""
        self._tell(self._size_bytes)

    def _tell(self, position_bytes: int, **counts: int) -> None:
        if position_bytes >= self._told_bytes:
            self.progress.advance(position_bytes - self._told_bytes, **counts)
            self._told_bytes = position_bytes
        self.progress.working_on(self._title)
