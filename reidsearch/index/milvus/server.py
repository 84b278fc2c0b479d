"""One collection of a Milvus server: the only file that knows the client library.

What is relied on: ids and vectors of rows are given back as they were inserted; a query with
`Strong` sees everything that was acknowledged before it; `count(*)` with a filter counts the rows
that a search with the same filter would score; a `FLAT` search scores every one of these. The last
two are looked at anew with every answer (`index.py`), and nothing else is believed.
"""

from __future__ import annotations

import contextlib
import logging
import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from reidsearch.base.errors import Kind, UsageError
from reidsearch.domain.crops import CropIds, Vectors
from reidsearch.index.contract import IndexAway, IndexIncomplete, no_ids

MOST_HITS = 16_384
"""Rows that one search or query may give; the server's own limit."""

STRETCH = MOST_HITS // 2  # of ids, some of which may be there twice
ROWS_AT_ONCE = 4096  # inserted, deleted or read: 4 MB of 256 floats, far below what gRPC carries
ANSWERS_WITHIN_S = 10.0
WRITES_WITHIN_S = 600.0
ID, VECTOR = "id", "vector"
SOON, NOW = "Eventually", "Strong"


@dataclass(frozen=True, slots=True)
class Where:
    """Which rows are meant: crop ids up to one, without some, in some spans.

    Args:
        up_to: the last crop id.
        but: increasing ids that are left out.
        spans: numbers of spans; None: all.
    """

    up_to: int
    but: CropIds
    spans: tuple[int, ...] | None = None

    @property
    def filter(self) -> str:
        """The same as an expression of Milvus, without the spans."""
        said = f"{ID} <= {self.up_to}"
        return f"{said} and {ID} not in {self.but.tolist()}" if len(self.but) else said


class Collection:
    """A collection, which may be absent.

    Rows lie in partitions by spans of crop ids: footage is indexed file by file, so that a span is
    some days of some cameras, and unlike times and camera names, which are corrected in the
    database, an id never changes.

    Args:
        url: of the server.
        archive_id: of the archive.
        model_id: of the embeddings.
        span: crop ids a partition.
    """

    def __init__(self, url: str, archive_id: str, model_id: int, span: int) -> None:
        # All that such a name may consist of, whatever an archive from elsewhere says its id is.
        self._prefix = f"reidsearch_{re.sub('[^0-9A-Za-z]', '', archive_id)}_"
        self.url, self.name, self.span = url, f"{self._prefix}{model_id}", span
        self._connecting = threading.Lock()
        self._held: Any = None

    @property
    def _client(self) -> Any:
        with self._connecting:
            if self._held is None:
                self._held = _connected(self.url)
            return self._held

    def exists(self) -> bool:
        """Tell whether there is such a collection."""
        with self._asking():
            return bool(self._client.has_collection(self.name, timeout=ANSWERS_WITHIN_S))

    def make(self, dimension: int) -> None:
        """Make it, empty, and have it searched in memory; where it exists, have it searched."""
        from pymilvus import DataType

        client = self._client
        with self._asking():
            if not client.has_collection(self.name, timeout=ANSWERS_WITHIN_S):
                schema = client.create_schema(auto_id=False, enable_dynamic_field=False)
                schema.add_field(ID, DataType.INT64, is_primary=True)
                schema.add_field(VECTOR, DataType.FLOAT_VECTOR, dim=dimension)
                client.create_collection(self.name, schema=schema, timeout=WRITES_WITHIN_S)
            if not client.list_indexes(self.name, VECTOR, timeout=ANSWERS_WITHIN_S):
                index = client.prepare_index_params()
                index.add_index(VECTOR, index_type="FLAT", metric_type="IP")
                client.create_index(self.name, index, timeout=WRITES_WITHIN_S)
            client.load_collection(self.name, timeout=WRITES_WITHIN_S)

    def drop(self) -> None:
        """Leave nothing of it; of an absent one too."""
        with self._asking():
            self._client.drop_collection(self.name, timeout=WRITES_WITHIN_S)

    def drop_others(self) -> None:
        """Drop the archive's other collections: of earlier models."""
        with self._asking():
            for name in self._client.list_collections(timeout=ANSWERS_WITHIN_S):
                if name.startswith(self._prefix) and name != self.name:
                    self._client.drop_collection(name, timeout=WRITES_WITHIN_S)

    # -- writing ----------------------------------------------------------------------------

    def insert(self, ids: CropIds, vectors: Vectors) -> None:
        """Take (n,) increasing ids and their (n, d) vectors, which it must not hold yet."""
        spans = ids // self.span
        with self._asking():
            held = set(self._client.list_partitions(self.name, timeout=ANSWERS_WITHIN_S))
            for span in np.unique(spans).tolist():
                partition, rows = _partition(span), np.flatnonzero(spans == span)
                if partition not in held:
                    self._client.create_partition(self.name, partition, timeout=WRITES_WITHIN_S)
                for start in range(0, len(rows), ROWS_AT_ONCE):
                    part = rows[start : start + ROWS_AT_ONCE]
                    numbers = ids[part].tolist()
                    data = [
                        {ID: crop_id, VECTOR: vector}
                        for crop_id, vector in zip(numbers, vectors[part], strict=True)
                    ]
                    self._client.insert(
                        self.name, data, partition_name=partition, timeout=WRITES_WITHIN_S
                    )

    def delete(self, ids: CropIds) -> None:
        """Forget ids; others are ignored."""
        with self._asking():
            for start in range(0, len(ids), ROWS_AT_ONCE):
                part = ids[start : start + ROWS_AT_ONCE].tolist()
                self._client.delete(self.name, ids=part, timeout=WRITES_WITHIN_S)

    def settle(self, *, deleted: bool) -> None:
        """Have all that was written on the server's storage; begin to rewrite what was deleted."""
        with self._asking():
            self._client.flush(self.name, timeout=WRITES_WITHIN_S)
            if deleted:
                self._client.compact(self.name, timeout=WRITES_WITHIN_S)

    # -- reading ----------------------------------------------------------------------------

    def ids(self, above: int, up_to: int, level: str = NOW) -> CropIds:
        """Return the ids above one, up to another, increasing; each once.

        They are asked for by stretches of ids that cannot hold more than the server gives.
        """
        found = [no_ids()]
        for said in _stretches(above, up_to):
            rows = self._query(said, [ID], level)
            found.append(np.unique(np.array([row[ID] for row in rows], dtype=np.int64)))
        return np.concatenate(found)

    def doubled(self, ids: CropIds, above: int, up_to: int) -> CropIds:
        """Return those of the ids above one, up to another, that may be there more than once.

        The server gives equal ids once and counts them twice: what is known is the stretch.
        """
        found = [no_ids()]
        for start, said in zip(range(above, up_to, STRETCH), _stretches(above, up_to), strict=True):
            here = ids[(ids > start) & (ids <= start + STRETCH)]
            if int(self._query(said, ["count(*)"], NOW)[0]["count(*)"]) != len(here):
                found.append(here)
        return np.concatenate(found)

    def beyond(self, crop_id: int) -> CropIds:
        """Return ids above one: all, or `MOST_HITS` of them."""
        rows = self._query(f"{ID} > {crop_id}", [ID], NOW, limit=MOST_HITS)
        return np.unique(np.array([row[ID] for row in rows], dtype=np.int64))

    def count(self, where: Where, level: str = SOON) -> int:
        """Return how many rows there are."""
        return int(self._query(where.filter, ["count(*)"], level, where.spans)[0]["count(*)"])

    def vectors(self, ids: CropIds) -> tuple[CropIds, Vectors]:
        """Return those of increasing `ids` that it holds, and their (n, d) vectors."""
        numbers, vectors = [no_ids()], []
        for start in range(0, len(ids), ROWS_AT_ONCE):
            part = ids[start : start + ROWS_AT_ONCE].tolist()
            rows = sorted(self._query(f"{ID} in {part}", [ID, VECTOR], NOW), key=lambda r: r[ID])
            if rows:
                numbers.append(np.array([row[ID] for row in rows], dtype=np.int64))
                vectors.append(np.array([row[VECTOR] for row in rows], dtype=np.float32))
        if not vectors:
            return no_ids(), np.empty((0, 0), dtype=np.float32)
        return np.concatenate(numbers), np.concatenate(vectors)

    def search(
        self, queries: Vectors, most: int, where: Where, level: str = SOON
    ) -> list[tuple[CropIds, Vectors]]:
        """Return the ids and inner products of the best of each of (n, d) queries, best first."""
        with self._asking():
            answer = self._client.search(
                self.name,
                list(queries),
                filter=where.filter,
                limit=most,
                search_params={"metric_type": "IP"},
                partition_names=_partitions(where.spans),
                consistency_level=level,
                timeout=WRITES_WITHIN_S,
            )
        return [
            (
                np.array([hit[ID] for hit in hits], dtype=np.int64),
                np.array([hit["distance"] for hit in hits], dtype=np.float32),
            )
            for hits in answer
        ]

    def _query(
        self,
        said: str,
        fields: Sequence[str],
        level: str,
        spans: tuple[int, ...] | None = None,
        **options: int,
    ) -> list[dict[str, Any]]:
        with self._asking():
            return list(
                self._client.query(
                    self.name,
                    filter=said,
                    output_fields=list(fields),
                    partition_names=_partitions(spans),
                    consistency_level=level,
                    timeout=ANSWERS_WITHIN_S,
                    **options,
                )
            )

    @contextlib.contextmanager
    def _asking(self) -> Iterator[None]:
        """Tell of whatever goes wrong in the words of this program.

        Raises:
            IndexAway: the server does not answer.
            IndexIncomplete: it answers, and has not what was asked for.
        """
        from grpc import RpcError
        from pymilvus import MilvusException

        try:
            yield
        except (MilvusException, RpcError) as error:
            if self._missing():
                raise self.incomplete("has no collection of it") from error
            raise away(self.url, error) from error

    def _missing(self) -> bool:
        from grpc import RpcError
        from pymilvus import MilvusException

        try:
            return not self._client.has_collection(self.name, timeout=ANSWERS_WITHIN_S)
        except (MilvusException, RpcError, IndexAway):
            return False

    def incomplete(self, why: str) -> IndexIncomplete:
        """Return the error for a server that answers but not with the whole archive."""
        return IndexIncomplete(
            f"the Milvus server at {self.url} cannot answer for this archive: it {why}",
            "have its collection made anew from the database",
            kind=Kind.INDEX_INCOMPLETE,
            url=self.url,
        )


def away(url: str, error: Exception) -> IndexAway:
    """Return the error for a server that does not answer."""
    lines = str(getattr(error, "message", "") or error).splitlines() or [""]
    return IndexAway(
        f"the Milvus server at {url} does not answer: {lines[0][:200]}",
        "start it and do the same again",
        kind=Kind.INDEX_AWAY,
        url=url,
    )


def _connected(url: str) -> Any:
    try:
        from grpc import RpcError
        from pymilvus import MilvusClient, MilvusException
    except ImportError as error:
        raise UsageError(
            f"the index is on a Milvus server, whose client pymilvus cannot be loaded: {error}",
            "install reidsearch[milvus]",
        ) from error
    # What it has to say is in the errors that it raises.
    logging.getLogger("pymilvus").setLevel(logging.CRITICAL + 1)
    try:
        return MilvusClient(uri=url, timeout=ANSWERS_WITHIN_S)
    except (MilvusException, RpcError) as error:
        raise away(url, error) from error


def _stretches(above: int, up_to: int) -> Iterator[str]:
    """Yield expressions for the ids above one, up to another."""
    for start in range(above, up_to, STRETCH):
        yield f"{ID} > {start} and {ID} <= {min(start + STRETCH, up_to)}"


def _partition(span: int) -> str:
    return f"span_{span}"


def _partitions(spans: tuple[int, ...] | None) -> list[str] | None:
    return None if spans is None else [_partition(span) for span in spans]
