"""The one write loop: offers -> read, cut, resize -> embed -> commit.

Three kinds of work overlap: a pool of threads reads and decodes, the embedder's own thread keeps
the model busy, and the calling thread commits. Everything passes the embedder's stream in order,
failures and known files too, so one place (`Run.take`) sees every outcome.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from reidsearch.archive.store import Known, Store, location_key
from reidsearch.archive.writer import Effect, HeldAlready, NewCrop, Writer
from reidsearch.boxes import Box
from reidsearch.errors import Refused
from reidsearch.footage.pictures import cut, decode, stored_jpeg
from reidsearch.progress import NO_PROGRESS, Progress
from reidsearch.records import IndexReport, Offer, Pixels, Rejected, Vectors
from reidsearch.settings import PictureLimits

LOOKED_UP_AT_ONCE = 500  # locations asked of the database in one go
# Offers out of a compressed tar hold their bytes: 500 at the limit of 64 MiB would be 32 GiB, but
# 32 MiB are still more than 500 crops as they usually are (20 KiB each).
MAX_HELD_BYTES = 32 * 1024 * 1024
COMMIT_CROPS = 256  # about 2.5 s of the default model: what a crash costs at most
COMMIT_SECONDS = 2.0
READERS = min(4, (os.cpu_count() or 1) + 1)
READ_AHEAD = 4 * READERS


class Embeds(Protocol):
    """What the loop needs of an embedder; see `reidsearch.embedding.embedder.Embedder`."""

    def prepare(self, crop: Pixels) -> Pixels:
        """Resize to what the model takes."""
        ...

    def stream(
        self, items: Iterable[tuple[Outcome, Pixels | None]]
    ) -> Iterator[tuple[Outcome, Vectors | Refused | None]]:
        """Embed in order, asynchronously; None is handed through."""
        ...


@dataclass(frozen=True, slots=True)
class Unchanged:
    """So many offers in a row that need no work at all."""

    count: int


@dataclass(frozen=True, slots=True)
class Read:
    """A crop that was read and cut, and waits for its embedding."""

    offer: Offer
    source_sha256: bytes
    size_bytes: int
    width_px: int
    height_px: int
    box: Box
    jpeg: bytes


Outcome: TypeAlias = Unchanged | Read | HeldAlready | Rejected


def ingest(
    offers: Iterable[Offer | Rejected],
    *,
    store: Store,
    writer: Writer,
    embedder: Embeds,
    limits: PictureLimits,
    progress: Progress = NO_PROGRESS,
    stop: threading.Event | None = None,
) -> IndexReport:
    """Take in everything that is offered; the caller has begun the run on `writer`.

    Args:
        stop: when set, what is embedded is committed and the report says `interrupted`.

    Returns:
        Counts of what became of every offer.
    """
    run = _Run(writer, progress)
    stop = stop or threading.Event()
    with ThreadPoolExecutor(READERS, thread_name_prefix="reidsearch-read") as pool:
        prepared = _prepared(offers, store, embedder, limits, pool, stop)
        stream = embedder.stream(prepared)
        try:
            for outcome, vector in stream:
                run.take(outcome, vector)
                if stop.is_set():
                    break
        finally:
            close = getattr(stream, "close", None)
            if close:
                close()
            run.commit()
    return run.report(interrupted=stop.is_set())


class _Run:
    """Collects outcomes and commits them in whole transactions."""

    def __init__(self, writer: Writer, progress: Progress) -> None:
        self._writer = writer
        self._progress = progress
        self._pending: list[NewCrop | HeldAlready | Rejected] = []
        self._counts: dict[str, int] = dict.fromkeys(
            ("indexed", "unchanged", "updated", "duplicates", "failed"), 0
        )
        self._conflicting = 0
        self._began = self._committed = time.monotonic()

    def take(self, outcome: Outcome, vector: Vectors | Refused | None) -> None:
        if isinstance(outcome, Unchanged):
            self._counts["unchanged"] += outcome.count
            self._progress.advance(outcome.count, **self._counts)
            return
        if not isinstance(outcome, Read):
            self._pending.append(outcome)
        elif isinstance(vector, Refused):
            self._pending.append(Rejected(outcome.offer.key, vector))
        else:
            assert vector is not None
            self._pending.append(_new_crop(outcome, vector))
        waited = time.monotonic() - self._committed
        if len(self._pending) >= COMMIT_CROPS or waited >= COMMIT_SECONDS:
            self.commit()

    def commit(self) -> None:
        if self._pending:
            done = self._writer.commit(self._pending)
            for name in self._counts:
                self._counts[name] += getattr(done, name)
            self._conflicting += done.conflicting
            self._progress.advance(len(self._pending), **self._counts)
            self._pending = []
        self._committed = time.monotonic()

    def report(self, *, interrupted: bool) -> IndexReport:
        return IndexReport(
            run_id=self._writer.run_id,
            offered=sum(self._counts.values()),
            **self._counts,
            conflicting=self._conflicting,
            seconds=time.monotonic() - self._began,
            interrupted=interrupted,
        )


def _new_crop(read: Read, vector: Vectors) -> NewCrop:
    return NewCrop(
        offer=read.offer,
        source_sha256=read.source_sha256,
        size_bytes=read.size_bytes,
        width_px=read.width_px,
        height_px=read.height_px,
        box=read.box,
        jpeg=read.jpeg,
        vector=vector,
    )


def _prepared(
    offers: Iterable[Offer | Rejected],
    store: Store,
    embedder: Embeds,
    limits: PictureLimits,
    pool: ThreadPoolExecutor,
    stop: threading.Event,
) -> Iterator[tuple[Outcome, Pixels | None]]:
    """Read and decode ahead of the model, a bounded number at a time, in the order offered."""
    waiting: deque[Future[tuple[Outcome, Pixels | None]]] = deque()
    for step in _steps(offers, store):
        if stop.is_set():
            break
        if isinstance(step, _ToRead):
            waiting.append(pool.submit(_read, step, store, embedder, limits))
        else:
            ready: Future[tuple[Outcome, Pixels | None]] = Future()
            ready.set_result((step, None))
            waiting.append(ready)
        while len(waiting) >= READ_AHEAD or (waiting and waiting[0].done()):
            yield waiting.popleft().result()
    while waiting and not stop.is_set():
        yield waiting.popleft().result()


@dataclass(frozen=True, slots=True)
class _ToRead:
    """An offer whose bytes have to be read, and what is known of its place."""

    offer: Offer
    known: Known | None = None


def _steps(
    offers: Iterable[Offer | Rejected], store: Store
) -> Iterator[_ToRead | Unchanged | HeldAlready | Rejected]:
    """Decide for each offer what has to be done, asking the database for many at a time."""
    for chunk in _chunks(offers):
        keys = {id(item): location_key(item.key) for item in chunk if isinstance(item, Offer)}
        known = store.known(list(keys.values()))
        unchanged = 0
        for item in chunk:
            step = _step(item, known.get(keys[id(item)])) if isinstance(item, Offer) else item
            if step is None:
                unchanged += 1
            else:
                yield step
        if unchanged:
            yield Unchanged(unchanged)


def _chunks(offers: Iterable[Offer | Rejected]) -> Iterator[list[Offer | Rejected]]:
    """As many as are looked up at once; fewer of those that hold their bytes in memory."""
    chunk: list[Offer | Rejected] = []
    held_bytes = 0
    for item in offers:
        chunk.append(item)
        held_bytes += item.held_bytes if isinstance(item, Offer) else 0
        if len(chunk) >= LOOKED_UP_AT_ONCE or held_bytes >= MAX_HELD_BYTES:
            yield chunk
            chunk, held_bytes = [], 0
    if chunk:
        yield chunk


def _step(offer: Offer, known: Known | None) -> _ToRead | HeldAlready | None:
    """None when nothing about the offer changed since an earlier run."""
    if known is None or known.fingerprint != offer.fingerprint:
        return _ToRead(offer, known)
    if known.facts == offer.facts.digest():
        return None
    return HeldAlready(offer.spent(), known.crop_id, Effect.UPDATED)


def _read(
    step: _ToRead, store: Store, embedder: Embeds, limits: PictureLimits
) -> tuple[Outcome, Pixels | None]:
    """Bytes -> pixels -> crop -> tensor. Runs in the pool; refusals become outcomes."""
    offer = step.offer
    try:
        data = offer.read()
        offer = offer.spent()  # it waits for its commit, its bytes need not
        sha256 = hashlib.sha256(data).digest()
        # A renamed or copied file is recognised by its bytes before anything costly happens.
        if (held := store.crop_of(sha256, offer.box)) is not None:
            return HeldAlready(offer, held, _effect(step, held)), None
        picture = decode(data, limits)
        crop = cut(picture, offer.box, limits)
        height_px, width_px = picture.shape[:2]
        read = Read(
            offer=offer,
            source_sha256=sha256,
            size_bytes=len(data),
            width_px=width_px,
            height_px=height_px,
            box=offer.box or Box(0, 0, width_px, height_px),
            jpeg=stored_jpeg(data, crop, whole=offer.box is None),
        )
        return read, embedder.prepare(crop)
    except Refused as refused:
        return Rejected(offer.key, refused), None


def _effect(step: _ToRead, held: int) -> Effect:
    if step.known is None or step.known.crop_id != held:
        return Effect.DUPLICATE
    same_facts = step.known.facts == step.offer.facts.digest()
    return Effect.UNCHANGED if same_facts else Effect.UPDATED


def request_digest(parts: Sequence[str]) -> str:
    """Equal for index runs that were offered the same things in the same way."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:32]
