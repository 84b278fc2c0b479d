"""The compact engine: a scan of 4-bit codes, finer codes for the shortlist, the database's scores.

Three steps, each of far fewer vectors than the one before: all scan codes (d/8 bytes a vector, in
memory), the fine codes of the shortlist (d bytes, mapped), and the embeddings themselves of what
may be among the k best (from the database, which alone has them). Fine codes come with a bound on
their error, so whatever is left out between the second step and the third is proven to be worse;
what the first step leaves out is not, unless `exact` asks for it: then all fine codes are scanned
for whatever could still be among the k best.

The vectors are kept in segments of limited size, so that an erasure rewrites one and an addition
appends; what is added lies in a flat tail, searched exactly, until it is worth a segment.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reidsearch.base import own_files
from reidsearch.domain.adjustment import Adjustment
from reidsearch.domain.answers import Plan
from reidsearch.domain.crops import CropIds, Vectors
from reidsearch.index.compact.codec import Asked, Codec
from reidsearch.index.compact.near import near_above, near_by_proof, near_by_scan, near_rows
from reidsearch.index.compact.note import Note, SegmentNote
from reidsearch.index.compact.proven import Bounded, best_of, in_parts
from reidsearch.index.compact.segment import Rows, Segment
from reidsearch.index.compact.segment_files import ENDINGS, load, written
from reidsearch.index.contract import Hits, IndexDamaged, Truth, merged, no_hits, no_ids
from reidsearch.index.cores import each
from reidsearch.index.disk import reading, writing
from reidsearch.index.flat import FaissEngine

KIND = "faiss-pq4-sq8"
REBUILD_AT = 8  # times as many crops as the codec was trained for: others prevail by then
FEWEST_BYTES = 16  # fewer occur anywhere, and name nobody
SHORTLIST_FOR = 500_000  # crops: among more of them, more other people come between


@dataclass(frozen=True, slots=True)
class CompactEngine:
    """Makes `Compact` indexes.

    Args:
        segment_rows: vectors a segment; about a second's work to rewrite (benchmarks/scale.py).
        tail_rows: vectors in the tail before they become codes.
        shortlist, per_match: how many vectors the scan is asked for: so many, and so many for each
            of the k; in large indexes as many times more as the root of their size over
            `SHORTLIST_FOR` (benchmarks/scale.py: recall by both).
        own_rows, own_share: up to as many candidates, or that share of all, are scored from their
            own rows, without a scan (benchmarks/scale.py: a row costs as much as 150 scan codes).
        proven_rows: in an index of up to so many, answers through filters are proven: no recall
            was measured of them, and a proof among a million takes some 10 ms on two cores.
        sample: vectors that centroids are trained from.
    """

    segment_rows: int = 262_144
    tail_rows: int = 32_768
    shortlist: int = 200
    per_match: int = 30
    own_rows: int = 4000
    own_share: float = 0.01
    proven_rows: int = 2_000_000
    sample: int = 16_384
    kind = KIND

    def create(
        self,
        dimension: int,
        truth: Truth,
        folder: Path | None = None,
        sample: Callable[[], Vectors] | None = None,
    ) -> Compact:
        """Return an empty index."""
        index = Compact(self, dimension, truth, folder)
        drawn = sample() if sample is not None else None
        if drawn is not None and len(drawn):
            index.train(drawn)
        return index

    def load(self, path: Path, truth: Truth, folder: Path | None = None) -> Compact:
        """Read the scan codes of a file that `Compact.save` wrote, and map its fine codes.

        Raises:
            ArchiveError: it is no such file.
            IndexDamaged: it, or a file that it names, is missing or not what was written.
        """
        note = Note.read(path)
        index = Compact(self, note.dimension, truth, folder, note.codec)
        index.trained_for = note.trained_for

        def loaded(segment: SegmentNote) -> Segment:
            with reading(path):
                return load(path.parent, segment, index.codec_or_fail())

        index.segments = each(loaded, note.segments)
        last = 0  # within a segment they were found to increase
        for segment in index.segments:
            if segment.ids[0] <= last:
                raise IndexDamaged(f"{path.name} names segments whose ids do not increase")
            last = int(segment.ids[-1])
        return index

    def files(self, path: Path) -> list[str]:
        """Return names of the segments' files."""
        return [
            f"{segment.name}.{ending}" for segment in Note.read(path).segments for ending in ENDINGS
        ]

    def clear(self) -> None:
        """Do nothing: its files are all there is."""


class Compact:
    """Compact codes and a flat tail; implements `VectorIndex`."""

    kind = KIND
    warning = ""

    def __init__(
        self,
        engine: CompactEngine,
        dimension: int,
        truth: Truth,
        folder: Path | None,
        codec: Codec | None = None,
    ) -> None:
        self._engine, self.dimension, self._truth = engine, dimension, truth
        self._folder, self._codec = folder, codec
        self.segments: list[Segment] = []
        self._tail = FaissEngine().create(dimension, truth)
        self._removed = no_ids()
        self.trained_for = 0

    def __len__(self) -> int:
        return sum(map(len, self.segments)) + len(self._tail) - len(self._removed)

    def codec_or_fail(self) -> Codec:
        """Return the codec, which an index with segments has."""
        if self._codec is None:
            raise IndexDamaged("segments without the centroids that they were made with")
        return self._codec

    def ids(self) -> CropIds:
        """Return all stored ids, increasing."""
        coded = np.concatenate([no_ids(), *(segment.ids for segment in self.segments)])
        left = coded[~np.isin(coded, self._removed, assume_unique=True)]
        return np.concatenate([left, self._tail.ids()])

    def vectors(self, ids: CropIds) -> Vectors:
        """Return (n, d) float32 of stored ids, from the database.

        Raises:
            KeyError: an id is not stored.
        """
        wanted = np.unique(ids)
        stored = [segment.ids[segment.rows(wanted)] for segment in self.segments]
        coded = np.concatenate([no_ids(), *stored])
        coded = coded[~np.isin(coded, self._removed, assume_unique=True)]
        held, rows = self._truth(np.concatenate([coded, np.intersect1d(wanted, self._tail.ids())]))
        at = np.searchsorted(held, ids)
        lacking = np.append(held, -1)[at] != ids
        if lacking.any():
            raise KeyError(f"crop {ids[lacking][0]} is not in the index")
        return rows[at]

    def codes(self, ids: CropIds) -> Iterator[bytes]:
        """Yield the fine codes of those of increasing `ids` that have some, part by part."""
        for segment in self.segments:
            for row in segment.rows(ids).tolist():
                for part in (segment.codes.leading[row], segment.codes.rest[row]):
                    if len(part) >= FEWEST_BYTES:
                        yield part.tobytes()

    # -- changing ---------------------------------------------------------------------------

    def add(self, ids: CropIds, vectors: Vectors) -> None:
        """Take (n,) increasing ids above all stored, with their (n, d) unit vectors."""
        coded = int(self.segments[-1].ids[-1]) if self.segments else -1
        if (np.diff(ids, prepend=coded) <= 0).any():
            raise ValueError("ids must increase and lie above all stored")
        full = self._engine.tail_rows
        for start in range(0, len(ids), full):
            part = slice(start, start + full)
            if not len(self._tail) and len(ids[part]) == full:  # as a rebuild brings them
                self._code(ids[part], vectors[part])
                continue
            self._tail.add(ids[part], vectors[part])
            if len(self._tail) >= full:
                self._code_tail()

    def remove(self, ids: CropIds) -> None:
        """Forget ids at once; ids not stored are ignored."""
        self._tail.remove(ids)
        coded = [segment.ids[segment.rows(np.unique(ids))] for segment in self.segments]
        self._removed = np.unique(np.concatenate([self._removed, *coded]))

    def _code_tail(self) -> None:
        """Make codes of what waits in the tail."""
        ids = self._tail.ids()
        vectors = self._tail.vectors(ids)
        self._tail = FaissEngine().create(self.dimension, self._truth)
        if len(ids):
            self._code(ids, vectors)

    def _code(self, ids: CropIds, vectors: Vectors) -> None:
        """Make codes: in the last segment while it has room, then in new ones."""
        if self._codec is None:
            self.train(vectors)
            self.trained_for = len(vectors)
        codec = self.codec_or_fail()
        while len(ids):
            full = not self.segments or len(self.segments[-1]) >= self._engine.segment_rows
            last = Segment.of(codec) if full else self.segments.pop()
            room = self._engine.segment_rows - len(last)
            last = last.grown(ids[:room], vectors[:room])
            ids, vectors = ids[room:], vectors[room:]
            if self._folder is not None and len(last) >= self._engine.segment_rows:
                with writing(self._folder / "codes"):
                    last = written(last, self._folder)
            self.segments.append(last)

    def train(self, sample: Vectors) -> None:
        """Make the codec from (n, d) vectors like those that will be added."""
        every = np.linspace(0, len(sample) - 1, min(len(sample), self._engine.sample))
        self._codec = Codec.train(sample[every.astype(np.int64)])

    def needs_rebuild(self) -> bool:
        """Tell whether the codec was trained from a small part of what is stored now."""
        return len(self) > REBUILD_AT * max(self.trained_for, 1)

    def _compact(self) -> None:
        """Rewrite the segments that hold something removed."""
        kept = []
        for segment in self.segments:
            touched = len(segment.rows(self._removed)) > 0
            left = segment.without(self._removed) if touched else segment
            if len(left):
                kept.append(left)
        self.segments, self._removed = kept, no_ids()

    def save(self, path: Path) -> None:
        """Write what is not yet on disk beside `path`, and to `path` what belongs together."""
        self._code_tail()
        self._compact()
        self.segments = [
            segment if segment.on_disk(path.parent) else written(segment, path.parent)
            for segment in self.segments
        ]
        self.trained_for = self.trained_for or len(self)  # from a sample of all of it
        segments = tuple(segment.note for segment in self.segments if segment.note is not None)
        note = Note(self.dimension, self._codec, self.trained_for, segments)
        with own_files.create(path) as file:
            file.write(json.dumps(note.to_json()).encode("ascii"))

    def verify(self) -> None:
        """Read what was not yet read of the files. Raises IndexDamaged."""
        each(Segment.verify, self.segments)

    def differing(self, ids: CropIds, vectors: Vectors) -> CropIds:
        """Return those of (n,) stored ids that are farther from their codes than allowed."""
        found = [self._tail.differing(*_only(ids, vectors, np.isin(ids, self._tail.ids())))]
        for segment in self.segments:
            rows = segment.rows(ids)
            truth = vectors[np.isin(ids, segment.ids[rows])]
            found.append(segment.ids[rows[segment.far(rows, truth)]])
        return np.sort(np.concatenate(found))

    # -- searching --------------------------------------------------------------------------

    def plan(self, k: int, allowed: CropIds | None = None, *, exact: bool = False) -> Plan:
        """Return how `search` with these arguments will go."""
        if not self.segments:
            return self._tail.plan(k, allowed, exact=exact)
        candidates = len(self) if allowed is None else self._count(allowed)
        wanted, held = self._wanted(k), len(self)
        few = max(self._engine.own_rows, int(self._engine.own_share * held), wanted)
        if candidates <= few:
            why = f"the {candidates:,} candidates are few enough to be read one by one"
            return Plan("rows", True, candidates, candidates, candidates, why)
        why = ""
        if exact:
            why = "an exact answer was asked for"
        elif 4 * wanted > candidates:
            why = f"a shortlist of {wanted:,} would be a large part of the candidates"
        elif allowed is not None and held <= self._engine.proven_rows:
            why = (
                f"of filters no recall was measured, and {held:,} crops are few enough to verify it"
            )
        if why:
            return Plan("proof", True, candidates, held, k, why)
        why = f"{candidates:,} candidates are too many to be read one by one"
        return Plan("scan", False, candidates, held, wanted, why)

    def search(
        self,
        query: Vectors,
        k: int,
        allowed: CropIds | None = None,
        *,
        exact: bool = False,
        adjust: Adjustment | None = None,
    ) -> Hits:
        """Return the k best of all, or of `allowed`; see `VectorIndex.search`."""
        return self.search_many(query.reshape(1, -1), k, allowed, exact=exact, adjust=adjust)[0]

    def search_many(
        self,
        queries: Vectors,
        k: int,
        allowed: CropIds | None = None,
        *,
        exact: bool = False,
        adjust: Adjustment | None = None,
    ) -> list[Hits]:
        """Search for each row of (n, d) queries."""
        if k < 1 or not len(queries):
            return [no_hits()] * len(queries)
        queries = np.ascontiguousarray(queries, dtype=np.float32)
        plan = self.plan(k, allowed, exact=exact)
        asked = self._asked(queries)
        if plan.method == "rows":
            near = near_rows(self.segments, asked, self._own_rows(allowed), adjust)
        elif plan.method == "proof":
            passing = self._passing(allowed)
            each_one = map(asked.part, range(len(queries)))
            near = [near_by_proof(self.segments, one, k, passing, adjust) for one in each_one]
        else:
            passing = self._passing(allowed)
            quota = self._quota(k)
            near = near_by_scan(self.segments, asked, plan.shortlist, quota, passing, adjust)
        tails = self._tail.search_many(queries, k, allowed, adjust=adjust)
        if plan.method == "scan":
            # What is worst in every subvector, FAISS's scan never finds: filters may leave that.
            for i, (one, tail) in enumerate(zip(near, tails, strict=True)):
                if len(one.ids) + len(tail.ids) < min(k, plan.candidates):
                    near[i] = near_by_proof(self.segments, asked.part(i), k, passing, adjust)
        coded = best_of(self._truth, queries, k, near, adjust)
        return [merged(a, b, k, plan.exact) for a, b in zip(coded, tails, strict=True)]

    def above(
        self,
        query: Vectors,
        least: float,
        allowed: CropIds | None = None,
        *,
        adjust: Adjustment | None = None,
    ) -> Iterator[Hits]:
        """Yield everything that scores `least` or more, exactly, best first, in parts."""
        asked = self._asked(query.reshape(1, -1))
        near = near_above(self.segments, asked, least, self._passing(allowed), adjust)
        tail = [*self._tail.above(query, least, allowed, adjust=adjust)]
        ids = np.concatenate([near.ids, *(hits.ids for hits in tail)])
        bounds = np.concatenate([near.scores + near.error, *(hits.scores for hits in tail)])
        yield from in_parts(self._truth, query, least, Bounded(ids, bounds), adjust)

    def _asked(self, queries: Vectors) -> Asked:
        if not self.segments:
            return Asked.of_nothing(queries)
        return self.codec_or_fail().asked(queries)

    def _quota(self, k: int) -> int:
        return self._engine.shortlist + self._engine.per_match * k

    def _wanted(self, k: int) -> int:
        return int(self._quota(k) * max(1.0, math.sqrt(len(self) / SHORTLIST_FOR)))

    def _count(self, allowed: CropIds) -> int:
        coded = sum(segment.count(allowed) for segment in self.segments)
        gone = int(np.isin(self._removed, allowed, assume_unique=True).sum())
        return coded - gone + self._tail.plan(1, allowed).candidates

    def _passing(self, allowed: CropIds | None) -> NDArray[np.bool_] | None:
        """Which crop ids are candidates, as a mask over ids; None: all."""
        if allowed is None and not len(self._removed):
            return None
        last = int(self.segments[-1].ids[-1]) if self.segments else 0
        passing = np.full(last + 1, allowed is None)
        if allowed is not None:
            passing[allowed[: np.searchsorted(allowed, last, side="right")]] = True
        passing[self._removed] = False
        return passing

    def _own_rows(self, allowed: CropIds | None) -> list[Rows]:
        """Rows of the candidates, a segment each."""
        found = []
        for segment in self.segments:
            rows = np.arange(len(segment)) if allowed is None else segment.rows(allowed)
            if len(self._removed):
                rows = rows[~np.isin(segment.ids[rows], self._removed, assume_unique=True)]
            found.append(rows)
        return found


def _only(ids: CropIds, vectors: Vectors, which: NDArray[np.bool_]) -> tuple[CropIds, Vectors]:
    return ids[which], vectors[which]
