"""Loading what the first search needs before somebody asks, where many may come at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from reidsearch.base.errors import ReidsearchError

if TYPE_CHECKING:
    from reidsearch.archive import Archive


class Warming:
    """Loads the index and the model before they are asked for, and tells how far that is."""

    def __init__(self) -> None:
        self.index, self.model = "on demand", "on demand"

    def begin(self, archive: Archive) -> None:
        """Load both in a thread of its own."""
        self.index = self.model = "loading"
        threading.Thread(target=self._load, args=(archive,), name="warming", daemon=True).start()

    def _load(self, archive: Archive) -> None:
        self.index = _done(archive.searching.load)
        self.model = _done(archive.load_model)


def _done(work: Callable[[], object]) -> str:
    try:
        work()
    except ReidsearchError as error:
        return str(error.kind)
    except Exception:  # noqa: BLE001  the boundary of its thread
        return "failed"
    return "loaded"
