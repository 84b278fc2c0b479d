"""The loop for crops: inputs -> read, cut, resize -> embed -> commit.

Three kinds of work overlap: a pool of threads reads and decodes, the embedder's own thread keeps
the model busy, and the calling thread commits. Everything passes the embedder's stream in order,
failures and known files too, so one place (`Run.take`) source every outcome.
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

from reidsearch.base.boxes import Box
from reidsearch.base.errors import Refused, absent, out_of_memory
from reidsearch.base.progress import NO_PROGRESS, Progress
from reidsearch.base.settings import PictureLimits
from reidsearch.domain.crops import CropInput, Pixels, Rejected, Vectors
from reidsearch.domain.reports import IndexReport
from reidsearch.domain.steps import AlreadyStored, CropStep, Effect, NewCrop
from reidsearch.ingest.readers import Readers
from reidsearch.ingest.sink import Sink
from reidsearch.media.pictures import cut, decoded, stored_jpeg
from reidsearch.store.crops.state import Known
from reidsearch.store.crops.store import Store
from reidsearch.store.location_keys import location_key

LOOKED_UP_AT_ONCE = 128  # locations asked of the database in one go: the model is not kept waiting
# Inputs out of a compressed tar hold their bytes: 128 at the limit of 64 MiB would be 8 GiB, but
# 32 MiB are still more than 128 crops as they usually are (20 KiB each).
MAX_HELD_BYTES = 32 * 1024 * 1024
COMMIT_CROPS = 256  # about 2.5 s of the default model: what a crash costs at most
COMMIT_SECONDS = 2.0
LISTED_AT_MOST_S = 0.5  # inputs that come slowly are not waited for longer
SLOW_INPUTS_S = 0.05
READERS = min(4, (os.cpu_count() or 1) + 1)
# One look-up for sixteen sources costs each a tenth of one of its own.
READ_TOGETHER = 16
MAX_READ_BYTES = 16 * 1024 * 1024  # fewer together when they are large
READ_AHEAD = READERS + 1  # groups


class Embeds(Protocol):
    """What the loop needs of an embedder; see `reidsearch.vision.embedding.embedder.Embedder`."""

    def prepare(self, crop: Pixels) -> Pixels:
        """Resize to what the model takes."""
        ...

    def stream_together(
        self, items: Iterable[tuple[Outcome, Pixels | None]]
    ) -> Iterator[tuple[Outcome, Vectors | Refused | None]]:
        """Embed in order, asynchronously; None is handed through."""
        ...


@dataclass(frozen=True, slots=True)
class Unchanged:
    """So many inputs in a row that need no work at all."""

    count: int


@dataclass(frozen=True, slots=True)
class Read:
    """A crop that was read and cut, and waits for its embedding."""

    input: CropInput
    source_sha256: bytes
    size_bytes: int
    width_px: int
    height_px: int
    box: Box
    jpeg: bytes


Outcome: TypeAlias = Unchanged | Read | AlreadyStored | Rejected


def ingest(
    inputs: Iterable[CropInput | Rejected],
    *,
    store: Store,
    sink: Sink,
    embedder: Embeds,
    limits: PictureLimits,
    progress: Progress = NO_PROGRESS,
    stop: threading.Event | None = None,
) -> IndexReport:
    """Index all inputs; the caller has begun the run of `sink`.

    Args:
        stop: when set, what is embedded is committed and the report says `interrupted`.

    Returns:
        Counts of what became of every input.
    """
    run = _Run(sink, progress)
    stop = stop or threading.Event()
    with ThreadPoolExecutor(READERS, thread_name_prefix="reidsearch-read") as pool:
        prepared = _prepared(inputs, store, embedder, limits, pool, stop)
        stream = embedder.stream_together(prepared)
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

    def __init__(self, sink: Sink, progress: Progress) -> None:
        self._sink = sink
        self._progress = progress
        self._pending: list[NewCrop | AlreadyStored | Rejected] = []
        self._counts: dict[str, int] = dict.fromkeys(
            ("indexed", "unchanged", "updated", "duplicates", "failed"), 0
        )
        self._conflicting = self._kept_out = 0
        self._began = self._committed = time.monotonic()

    def take(self, outcome: Outcome, vector: Vectors | Refused | None) -> None:
        if isinstance(outcome, Unchanged):
            self._counts["unchanged"] += outcome.count
            self._progress.advance(outcome.count, **self._counts)
            return
        if not isinstance(outcome, Read):
            self._pending.append(outcome)
        elif isinstance(vector, Refused):
            self._pending.append(Rejected(outcome.input.key, vector))
        else:
            if vector is None:
                raise absent("the embedding of a crop")
            self._pending.append(_new_crop(outcome, vector))
        waited = time.monotonic() - self._committed
        if len(self._pending) >= COMMIT_CROPS or waited >= COMMIT_SECONDS:
            self.commit()

    def commit(self) -> None:
        if self._pending:
            done = self._sink.commit(CropStep(self._pending))
            for name in self._counts:
                self._counts[name] += getattr(done, name)
            self._conflicting += done.conflicting
            self._kept_out += done.kept_out
            self._progress.advance(len(self._pending), **self._counts)
            self._pending = []
        self._committed = time.monotonic()

    def report(self, *, interrupted: bool) -> IndexReport:
        return IndexReport(
            run_id=self._sink.run_id,
            offered=sum(self._counts.values()) + self._kept_out,
            **self._counts,  # type: ignore[arg-type]
            conflicting=self._conflicting,
            kept_out=self._kept_out,
            seconds=time.monotonic() - self._began,
            interrupted=interrupted,
        )


def _new_crop(read: Read, vector: Vectors) -> NewCrop:
    return NewCrop(
        input=read.input,
        source_sha256=read.source_sha256,
        size_bytes=read.size_bytes,
        width_px=read.width_px,
        height_px=read.height_px,
        box=read.box,
        jpeg=read.jpeg,
        vector=vector,
    )


Ready: TypeAlias = list[tuple[Outcome, Pixels | None]]


def _prepared(
    inputs: Iterable[CropInput | Rejected],
    store: Store,
    embedder: Embeds,
    limits: PictureLimits,
    pool: ThreadPoolExecutor,
    stop: threading.Event,
) -> Iterator[tuple[Outcome, Pixels | None]]:
    """Read and decode ahead of the model, a bounded number at a time, in order."""
    waiting: deque[Future[Ready]] = deque()
    failure: Exception | None = None
    readers = Readers(READERS)
    try:
        asked = time.monotonic()
        for group in _groups(inputs, store):
            if stop.is_set():
                return
            slow = time.monotonic() - asked > SLOW_INPUTS_S
            waiting.append(pool.submit(readers.run, _read_all, group, store, embedder, limits))
            # One goes for each that comes, so that what is read ahead is never used up; but what
            # is read does not wait for inputs that come slowly.
            while len(waiting) > READ_AHEAD or (slow and waiting and waiting[0].done()):
                yield from readers.result(waiting.popleft())
            if waiting and waiting[0].done():
                yield from readers.result(waiting.popleft())
            asked = time.monotonic()
    except Exception as error:  # noqa: BLE001  raised below, after the inputs before it
        failure = error
    while waiting and not stop.is_set():
        yield from readers.result(waiting.popleft())
    if failure is not None:
        raise failure


@dataclass(frozen=True, slots=True)
class _ToRead:
    """An input whose bytes have to be read, and what is known of its place."""

    input: CropInput
    known: Known | None = None


def _groups(
    inputs: Iterable[CropInput | Rejected], store: Store
) -> Iterator[list[_ToRead | Outcome]]:
    """What one task of the pool takes: so many that looking them up together pays."""
    for chunk in _chunks(inputs):
        steps = _steps(chunk, store)
        for start in range(0, len(steps), READ_TOGETHER):
            yield steps[start : start + READ_TOGETHER]


def _chunks(inputs: Iterable[CropInput | Rejected]) -> Iterator[list[CropInput | Rejected]]:
    """As many as are looked up at once; fewer when they come slowly or hold much memory."""
    chunk: list[CropInput | Rejected] = []
    held_bytes, began = 0, time.monotonic()
    try:
        for item in inputs:
            chunk.append(item)
            held_bytes += item.locator.held_bytes if isinstance(item, CropInput) else 0
            if (
                len(chunk) >= LOOKED_UP_AT_ONCE
                or held_bytes >= MAX_HELD_BYTES
                or time.monotonic() - began > LISTED_AT_MOST_S
            ):
                yield chunk
                chunk, held_bytes, began = [], 0, time.monotonic()
    except Exception:
        yield chunk  # what came before the listing failed is not lost
        raise
    yield chunk


def _steps(chunk: Sequence[CropInput | Rejected], store: Store) -> list[_ToRead | Outcome]:
    """Decide for each input what has to be done, asking the database for all at a time."""
    keys = {id(item): location_key(item.key) for item in chunk if isinstance(item, CropInput)}
    known = store.known(list(keys.values()))
    steps: list[_ToRead | Outcome] = []
    unchanged = 0
    for item in chunk:
        step = _step(item, known.get(keys[id(item)])) if isinstance(item, CropInput) else item
        if step is None:
            unchanged += 1
        else:
            steps.append(step)
    if unchanged:
        steps.append(Unchanged(unchanged))
    return steps


def _step(given: CropInput, known: Known | None) -> _ToRead | AlreadyStored | None:
    """Return None when nothing about the input changed since an earlier run."""
    if known is None or known.fingerprint != given.fingerprint:
        return _ToRead(given, known)
    if known.facts == given.facts.digest():
        return None
    return AlreadyStored(given.spent(), known.crop_id, Effect.UPDATED)


def _read_all(
    group: Sequence[_ToRead | Outcome], store: Store, embedder: Embeds, limits: PictureLimits
) -> Ready:
    """Bytes -> pixels -> crop -> tensor, for a group. Runs in the pool; order is kept."""
    ready: Ready = []
    read: list[_Bytes | Outcome] = []
    for step in group:
        read.append(_bytes(step, limits) if isinstance(step, _ToRead) else step)
        if sum(len(one.data) for one in read if isinstance(one, _Bytes)) > MAX_READ_BYTES:
            ready += _outcomes(read, store, embedder, limits)
            read = []
    return ready + _outcomes(read, store, embedder, limits)


def _outcomes(
    read: Sequence[_Bytes | Outcome], store: Store, embedder: Embeds, limits: PictureLimits
) -> Ready:
    # A renamed or copied file is recognised by its bytes before anything costly happens.
    places = [(one.sha256, one.input.box) for one in read if isinstance(one, _Bytes)]
    held = iter(store.crops_of(places) if places else ())
    return [
        _outcome(one, next(held), embedder, limits) if isinstance(one, _Bytes) else (one, None)
        for one in read
    ]


@dataclass(frozen=True, slots=True)
class _Bytes:
    """A source as it was read."""

    input: CropInput
    known: Known | None
    data: bytes
    sha256: bytes


def _bytes(step: _ToRead, limits: PictureLimits) -> _Bytes | Rejected:
    try:
        data = step.input.locator.read(limits)
    except Refused as refused:
        return Rejected(step.input.key, refused)
    except MemoryError:
        return Rejected(step.input.key, out_of_memory())
    # The input waits for its commit, the bytes it may hold need not.
    return _Bytes(step.input.spent(), step.known, data, hashlib.sha256(data).digest())


def _outcome(
    source: _Bytes, held: int | None, embedder: Embeds, limits: PictureLimits
) -> tuple[Outcome, Pixels | None]:
    given, data = source.input, source.data
    if held is not None:
        return AlreadyStored(given, held, _effect(source, held)), None
    try:
        picture, plain = decoded(data, limits)
        crop = cut(picture, given.box, limits)
    except Refused as refused:
        return Rejected(given.key, refused), None
    except MemoryError:
        return Rejected(given.key, out_of_memory()), None
    height_px, width_px = picture.shape[:2]
    read = Read(
        input=given,
        source_sha256=source.sha256,
        size_bytes=len(data),
        width_px=width_px,
        height_px=height_px,
        box=given.box or Box(0, 0, width_px, height_px),
        jpeg=stored_jpeg(data, crop, whole=given.box is None, plain=plain),
    )
    return read, embedder.prepare(crop)


def _effect(source: _Bytes, held: int) -> Effect:
    if source.known is None or source.known.crop_id != held:
        return Effect.DUPLICATE
    same_facts = source.known.facts == source.input.facts.digest()
    return Effect.UNCHANGED if same_facts else Effect.UPDATED


def request_digest(parts: Sequence[str]) -> str:
    """Equal for index runs that were given the same inputs in the same way."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:32]
