"""Files that are made for somebody, and fetched in parts.

A browser asks for a clip by ranges, one request each. A clip that was made anew for each would have
other bytes each time (it says when it was made), and the parts would not fit together.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import time
import uuid
import weakref
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from pathlib import Path

from reidsearch.base import temporaries
from reidsearch.services.passing import PassingService

KEPT_S = 600.0
MOST = 16


@dataclass(slots=True)
class _Made:
    lock: threading.Lock = field(default_factory=threading.Lock)
    path: Path | None = None
    until: float = 0.0


class MadeFiles:
    """Keeps the last `MOST` files that were made, each for `KEPT_S` after it was last asked for.

    They lie in a temporary `folder`, which goes when the program ends. Whoever erases something
    from the archive empties it, so a file that is gone is made again.

    Args:
        archive: the folder of the archive that they show something of.
        passing: passes them on where other servers may be asked for the next part.
    """

    def __init__(self, archive: Path, passing: PassingService | None = None) -> None:
        self._passing = passing
        prefix = temporaries.prefix_of(temporaries.MADE, archive)
        self.folder = Path(tempfile.mkdtemp(prefix=prefix))
        weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        self._made: dict[Hashable, _Made] = {}
        self._lock = threading.Lock()

    def taken(self, key: Hashable, make: Callable[[Path], object]) -> Path:
        """Return a link to the file of a key, for the caller to remove when it was sent.

        Args:
            key: the same for the same content.
            make: writes the file where there is none yet; others who ask for it wait.
        """
        if self._passing is not None and self._passing.needed:
            made = self.new()
            self._passing.made_once(key, make, made)
            return made
        with self._lock:
            one = self._made.setdefault(key, _Made())
        with one.lock:
            if one.path is None or not one.path.exists():
                one.path = self._made_now(key, make)
            one.until = time.monotonic() + KEPT_S
            link = self.new()
            os.link(one.path, link)
        with self._lock:
            self._made[key] = self._made.pop(key, one)  # the last one is asked for last
            self._drop()
        return link

    def _made_now(self, key: Hashable, make: Callable[[Path], object]) -> Path:
        made = self.new()
        try:
            make(made)
        except BaseException:
            with self._lock:
                self._made.pop(key, None)
            made.unlink(missing_ok=True)
            raise
        return made

    def new(self) -> Path:
        """Return a name for a file, for the caller to remove when it was sent."""
        return self.folder / f"{uuid.uuid4().hex}.mp4"

    def _drop(self) -> None:
        """Remove what is too old or too much; links to it that are being sent stay."""
        ready = [key for key, one in self._made.items() if one.path is not None]
        surplus = set(ready[: max(0, len(ready) - MOST)])
        for key in ready:
            if key in surplus or self._made[key].until < time.monotonic():
                gone = self._made.pop(key).path
                if gone is not None:
                    gone.unlink(missing_ok=True)
