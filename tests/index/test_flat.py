"""The FAISS engine keeps the contract, and refuses files of another kind."""

from __future__ import annotations

import faiss
import pytest
from contract_vectors import DIMENSION, FileEngineContract

from reidsearch.base.errors import ArchiveError
from reidsearch.index.flat import FaissEngine


class TestFaiss(FileEngineContract):
    engine = FaissEngine()


@pytest.mark.parametrize(
    "other",
    [
        lambda: faiss.IndexFlatIP(DIMENSION),
        lambda: faiss.IndexIDMap(faiss.IndexFlatL2(DIMENSION)),
        lambda: faiss.IndexHNSWFlat(DIMENSION, 8),
    ],
    ids=["without ids", "another metric", "another method"],
)
def test_an_index_of_another_kind_is_refused(tmp_path, other):
    faiss.write_index(other(), str(tmp_path / "other"))
    with pytest.raises(ArchiveError, match=r"laid out|flat index with ids"):
        FaissEngine().load(tmp_path / "other")
