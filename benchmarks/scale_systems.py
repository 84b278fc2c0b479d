"""What `scale.py` compares: this program, FAISS's own indexes, and what a user would pick instead.

Each system is built from chunks of vectors, asked one query at a time, and tuned by its own knob:
the first setting of its ladder that finds 0.99 of the ten best is taken, or the last one.
Rows are numbered from 1. None of the packages of others is needed to run this program; what is not
installed is skipped.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from big_archive import big_archive
from measuring import DIMENSION, GeneratedEmbeddings
from numpy.typing import NDArray

from reidsearch.domain.crops import Vectors
from reidsearch.domain.request import SearchRequest
from reidsearch.index.flat import one_thread
from reidsearch.index.gallery import Gallery
from reidsearch.search.engine import search
from reidsearch.search.query import Query
from reidsearch.store.crops.store import Store

Ids = NDArray[np.int64]
SAMPLE = 65_536


class OutOfPatienceError(Exception):
    """Building takes longer than anybody would wait."""


class System:
    """One way to search. `build` is timed; `seconds` is what of it is not generating vectors."""

    name: ClassVar[str]
    ladder: ClassVar[tuple[int, ...]] = (0,)
    setting = ""

    def __init__(self, crops: int, folder: Path, patience_s: float) -> None:
        self.crops, self.folder, self.patience_s = crops, folder, patience_s
        self.seconds = 0.0

    def timed(self, chunks: Iterator[Vectors]) -> Iterator[tuple[int, Vectors]]:
        """(first row, chunk), adding up the time spent outside of generating them."""
        first, began = 1, time.perf_counter()
        for chunk in chunks:
            began = time.perf_counter()
            yield first, chunk
            self.seconds += time.perf_counter() - began
            first += len(chunk)
            if self.seconds > self.patience_s:
                share = (first - 1) / self.crops
                raise OutOfPatienceError(f"{share:.0%} after {self.seconds:.0f} s")

    def build(self, chunks: Iterator[Vectors]) -> None:
        raise NotImplementedError

    def tune(self, knob: int) -> None:
        """Take a setting of the ladder."""

    def search(self, query: Vectors, k: int) -> Ids:
        raise NotImplementedError

    def disk_bytes(self) -> int:
        return sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file())


class Ours(System):
    """The archive's index as a query uses it: scores from the database."""

    name = "ours"
    exact, builds = False, True

    def build(self, chunks: Iterator[Vectors]) -> None:
        made = self.folder.parent / f"archive-{self.crops}"
        big_archive(made, self.crops, GeneratedEmbeddings.identity, vectors=chunks)
        self.store = Store(made)
        if self.builds:
            began = time.perf_counter()
            Gallery(self.store).rebuild()
            self.seconds = time.perf_counter() - began
        self.gallery = Gallery(self.store)
        self.gallery.sync()
        assert self.gallery.index is not None
        recall = self.gallery.recall(10)
        told = (
            f"; states {recall.value:.4f} ({recall.low:.4f} to {recall.high:.4f})" if recall else ""
        )
        self.setting = f"{self.gallery.index.kind}{told}"

    def search(self, query: Vectors, k: int) -> Ids:
        assert self.gallery.index is not None
        return self.gallery.index.search(query, k, exact=self.exact).ids

    def disk_bytes(self) -> int:
        return sum(path.stat().st_size for path in (self.store.folder / "index").iterdir())


class OursExact(Ours):
    """The same with proof, of the index that is there."""

    name = "ours, exact"
    exact, builds = True, False


class OursWhole(Ours):
    """A whole query: filters, grouping, facts of the matches, the statement."""

    name = "ours, whole answer"
    builds = False

    def search(self, query: Vectors, k: int) -> Ids:
        question = Query(query, "drawn", SearchRequest(k=k))
        found = search(self.store, self.gallery, question, "none")
        return np.array([match.crop.crop_id for match in found.matches], dtype=np.int64)


class Faiss(System):
    """One of FAISS's own indexes, in memory."""

    def make(self) -> Any:
        raise NotImplementedError

    def build(self, chunks: Iterator[Vectors]) -> None:
        import faiss

        self.index = self.make()
        pending: list[Vectors] = []
        for _, chunk in self.timed(chunks):
            pending.append(chunk)
            if not self.index.is_trained:
                if sum(map(len, pending)) < min(SAMPLE, self.crops):
                    continue
                self.index.train(np.concatenate(pending))
            for rows in pending:
                self.index.add(rows)
            pending.clear()
        faiss.write_index(self.index, str(self.folder / "index"))

    def search(self, query: Vectors, k: int) -> Ids:
        one_thread()
        found: Ids = self.index.search(query[None], k)[1][0] + 1
        return found


class FaissFlat(Faiss):
    name = "faiss IndexFlatIP"

    def make(self) -> Any:
        import faiss

        return faiss.IndexFlatIP(DIMENSION)


class FaissIvf(Faiss):
    name = "faiss IVF"
    ladder = (16, 32, 64, 128, 256, 512, 1024)

    def make(self) -> Any:
        import faiss

        lists = int(4 * self.crops**0.5) if self.crops < SAMPLE * 16 else 1024
        self.lists = min(lists, SAMPLE // 40)
        flat = faiss.IndexFlatIP(DIMENSION)
        return faiss.IndexIVFFlat(flat, DIMENSION, self.lists, faiss.METRIC_INNER_PRODUCT)

    def tune(self, knob: int) -> None:
        self.index.nprobe = min(knob, self.lists)
        self.setting = f"{self.lists} lists, nprobe {self.index.nprobe}"


class FaissHnsw(Faiss):
    name = "faiss HNSW"
    ladder = (64, 128, 256, 512, 1024, 2048)

    def make(self) -> Any:
        import faiss

        index = faiss.IndexHNSWFlat(DIMENSION, 32, faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction = 200
        return index

    def tune(self, knob: int) -> None:
        self.index.hnsw.efSearch = knob
        self.setting = f"M 32, efConstruction 200, efSearch {knob}"


class Usearch(System):
    name = "usearch"
    ladder = (64, 128, 256, 512, 1024, 2048)

    def build(self, chunks: Iterator[Vectors]) -> None:
        from usearch.index import Index

        # With connectivity 32 and expansion_add 200, 100 000 took four minutes (busy machine).
        self.index = Index(ndim=DIMENSION, metric="ip", dtype="f32")
        for first, chunk in self.timed(chunks):
            self.index.add(np.arange(first, first + len(chunk)), chunk)
        self.index.save(str(self.folder / "index"))

    def tune(self, knob: int) -> None:
        self.index.expansion_search = knob
        self.setting = f"f32, built as it comes, expansion_search {knob}"

    def search(self, query: Vectors, k: int) -> Ids:
        return np.asarray(self.index.search(query, k).keys, dtype=np.int64)


class Hnswlib(System):
    name = "hnswlib"
    ladder = (64, 128, 256, 512, 1024, 2048)

    def build(self, chunks: Iterator[Vectors]) -> None:
        import hnswlib

        self.index = hnswlib.Index("ip", DIMENSION)
        self.index.init_index(self.crops, M=32, ef_construction=200)
        for first, chunk in self.timed(chunks):
            self.index.add_items(chunk, np.arange(first, first + len(chunk)))
        self.index.save_index(str(self.folder / "index"))

    def tune(self, knob: int) -> None:
        self.index.set_ef(knob)
        self.setting = f"M 32, ef_construction 200, ef {knob}"

    def search(self, query: Vectors, k: int) -> Ids:
        return self.index.knn_query(query, k, num_threads=1)[0][0].astype(np.int64)


class SqliteVec(System):
    name = "sqlite-vec"
    setting = "float[256], exhaustive"

    def build(self, chunks: Iterator[Vectors]) -> None:
        import apsw  # Python's own sqlite3 is often built without extensions
        import sqlite_vec

        self.db = apsw.Connection(str(self.folder / "index.db"))
        self.db.enable_load_extension(True)
        self.db.load_extension(sqlite_vec.loadable_path())
        self.db.execute(f"create virtual table v using vec0(e float[{DIMENSION}])")
        for first, chunk in self.timed(chunks):
            rows = ((first + i, row.tobytes()) for i, row in enumerate(chunk))
            with self.db:
                self.db.executemany("insert into v(rowid, e) values (?, ?)", rows)

    def search(self, query: Vectors, k: int) -> Ids:
        # L2, which ranks vectors of unit length as the inner product does.
        asked = "select rowid from v where e match ? and k = ? order by distance"
        return np.array([row[0] for row in self.db.execute(asked, (query.tobytes(), k))])


class Lance(System):
    name = "lancedb"
    ladder = (10, 40, 100, 400)
    knob = ladder[0]

    def build(self, chunks: Iterator[Vectors]) -> None:
        import lancedb
        import pyarrow as pa

        def batch(first: int, chunk: Vectors) -> Any:
            values = pa.FixedSizeListArray.from_arrays(pa.array(chunk.ravel()), DIMENSION)
            numbers = pa.array(np.arange(first, first + len(chunk)))
            return pa.Table.from_arrays([numbers, values], names=["id", "vector"])

        database, self.table = lancedb.connect(str(self.folder)), None
        for first, chunk in self.timed(chunks):
            if self.table is None:
                self.table = database.create_table("v", batch(first, chunk))
            else:
                self.table.add(batch(first, chunk))
        began = time.perf_counter()
        assert self.table is not None
        self.table.create_index(metric="dot", vector_column_name="vector", index_type="IVF_PQ")
        self.seconds += time.perf_counter() - began

    def tune(self, knob: int) -> None:
        self.knob = knob
        self.setting = f"IVF_PQ as it comes, nprobes {knob}, refine_factor 20"

    def search(self, query: Vectors, k: int) -> Ids:
        assert self.table is not None
        asked = self.table.search(query).distance_type("dot").nprobes(self.knob).refine_factor(20)
        return asked.limit(k).select(["id"]).to_arrow()["id"].to_numpy()


class Chroma(System):
    name = "chromadb"
    setting = "built as it comes, search_ef 400"

    def build(self, chunks: Iterator[Vectors]) -> None:
        import chromadb

        client = chromadb.PersistentClient(str(self.folder))
        hnsw = {"space": "ip", "ef_search": 400}
        self.collection = client.create_collection("vectors", configuration={"hnsw": hnsw})
        for first, chunk in self.timed(chunks):
            for start in range(0, len(chunk), 5000):
                part = chunk[start : start + 5000]
                numbers = range(first + start, first + start + len(part))
                self.collection.add(ids=[str(n) for n in numbers], embeddings=part)

    def search(self, query: Vectors, k: int) -> Ids:
        found = self.collection.query(query_embeddings=query[None], n_results=k, include=[])
        return np.array([int(i) for i in found["ids"][0]])


class Qdrant(System):
    name = "qdrant-client, local"
    setting = "exhaustive"

    def build(self, chunks: Iterator[Vectors]) -> None:
        from qdrant_client import QdrantClient, models

        self.client = QdrantClient(path=str(self.folder))
        params = models.VectorParams(size=DIMENSION, distance=models.Distance.DOT)
        self.client.create_collection("v", vectors_config=params)
        for first, chunk in self.timed(chunks):
            numbers = range(first, first + len(chunk))
            self.client.upload_collection("v", vectors=chunk, ids=numbers, batch_size=1000)

    def search(self, query: Vectors, k: int) -> Ids:
        found = self.client.query_points("v", query=query.tolist(), limit=k).points
        return np.array([point.id for point in found])


class Milvus(System):
    name = "milvus-lite"
    setting = "FLAT"

    def build(self, chunks: Iterator[Vectors]) -> None:
        from pymilvus import MilvusClient

        self.client = MilvusClient(str(self.folder / "index.db"))
        self.client.create_collection("v", dimension=DIMENSION, metric_type="IP", auto_id=False)
        for first, chunk in self.timed(chunks):
            for start in range(0, len(chunk), 5000):
                part = chunk[start : start + 5000]
                rows = [
                    {"id": first + start + i, "vector": row.tolist()} for i, row in enumerate(part)
                ]
                self.client.insert("v", rows)

        self.client.flush("v")
        self.client.load_collection("v")

    def search(self, query: Vectors, k: int) -> Ids:
        found = self.client.search("v", data=[query.tolist()], limit=k)[0]
        return np.array([hit["id"] for hit in found])


SYSTEMS: dict[str, type[System]] = {
    system.name: system
    for system in (
        Ours, OursExact, OursWhole, FaissFlat, FaissIvf, FaissHnsw, Usearch, Hnswlib, SqliteVec,
        Lance, Chroma, Qdrant, Milvus,
    )
}  # fmt: skip


def fresh(folder: Path) -> Path:
    """An empty folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
