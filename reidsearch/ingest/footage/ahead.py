"""The next source is begun while the last people of the one before it are embedded and committed.

A source has a beginning and an end at which the cores have little to do: nothing is decoded yet, or
nothing more. In short files these are much of the time. Nothing that is done ahead is stored, and
whatever fails is done again in its turn, where it is told.
"""

from __future__ import annotations

import contextlib
import os
import stat
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, tee, zip_longest

from reidsearch.base.settings import FootageSettings
from reidsearch.domain.footage import Detections
from reidsearch.ingest.footage.detections import DetectionSource
from reidsearch.ingest.footage.sampled_frames import End, Pictures, Seen, sampled_frames
from reidsearch.ingest.footage.source_place import fingerprint_of_files
from reidsearch.media.files.inventory import Entry
from reidsearch.media.video.frames import Footage
from reidsearch.media.video.open import Digest, digest_of, open_footage

LARGEST_BYTES = 64 * 1024 * 1024
"""Of larger files beginning and end are little of the whole, and hashing them is told of."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What was done ahead: all of it as it would have been done in its turn.

    Args:
        detected: detections from the first frame on; some have been made already.
    """

    footage: Footage
    digest: Digest
    detected: Iterator[tuple[Seen, Detections | None]]


class Ending:
    """Tells once that all of a source is decoded. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ended = False
        self._then: Callable[[], None] | None = None

    def then(self, work: Callable[[], None]) -> None:
        """Call this when the source has ended; at once if it has."""
        with self._lock:
            self._then = work
            ended = self._ended
        if ended:
            work()

    def watch(
        self, sampled: Iterable[tuple[Seen, Pictures | None]]
    ) -> Iterator[tuple[Seen, Pictures | None]]:
        """Hand on what is sampled, and notice the end."""
        for what, pictures in sampled:
            if isinstance(what, End):
                with self._lock:
                    self._ended = True
                    work = self._then
                if work is not None:
                    work()
            yield what, pictures


class Ahead:
    """One source that may be begun before its turn; `begin`, `taken` and `close` in this order.

    Args:
        path: as it was given; None: there is no such source.
        source: gives what detects in it; None: nothing is done ahead.

    Attributes:
        ending: of the source, whether it was begun ahead or not.
    """

    def __init__(
        self,
        path: str | None,
        source: Callable[[], DetectionSource] | None,
        settings: FootageSettings,
        frames_fps: Fraction | None,
        decoder: str | None = None,
    ) -> None:
        self._path = path
        self._source = source
        self._settings = settings
        self._frames_fps = frames_fps
        self._decoder = decoder
        self._fingerprint = ""
        self._prepared: Prepared | None = None
        self._detecting: Iterator[tuple[Seen, Detections | None]] | None = None
        self._thread: threading.Thread | None = None
        self.ending = Ending()

    def begin(self) -> None:
        """Begin in a thread of its own, if it is a file that is worth it."""
        if self._thread is None and self._path is not None and self._source is not None:
            self._thread = threading.Thread(target=self._work, name="reidsearch-ahead", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        # Whatever is raised is raised again in the source's turn, or has passed.
        with contextlib.suppress(Exception):
            if self._path is None or self._source is None:
                return
            status = os.stat(self._path)  # noqa: PTH116
            if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST_BYTES:
                return
            self._fingerprint = fingerprint_of_files(self._path)
            footage = open_footage(self._path, frames_fps=self._frames_fps, decoder=self._decoder)
            digest = digest_of(self._path)
            source = self._source()
            sampled = sampled_frames(footage, self._settings, source.size_px)
            detecting = source.detect(self.ending.watch(sampled))
            self._detecting = detecting
            first = next(detecting)
            self._prepared = Prepared(footage, digest, chain([first], detecting))

    def taken(self, fingerprint: str) -> Prepared | None:
        """Return what was done ahead with the file as it is now; None: nothing."""
        self._wait()
        return self._prepared if self._fingerprint == fingerprint else None

    def close(self) -> None:
        """End what nobody has taken to its end; nobody may be at it any more."""
        self._wait()
        if self._detecting is not None:
            self._detecting.close()  # type: ignore[attr-defined]

    def _wait(self) -> None:
        if self._thread is not None:
            self._thread.join()


def with_following(entries: Iterable[Entry]) -> Iterator[tuple[Entry, Entry | None]]:
    """Yield each entry with the one after it."""
    ahead, after = tee(entries)
    next(after, None)
    yield from zip_longest(ahead, after)
