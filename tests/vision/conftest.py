"""A server of models, its one model, and an empty cache for it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from model_server import Server, entry_at

from reidsearch.vision.models.catalogue import ModelEntry


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server
        server.release.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    """Where the model of `entry` is installed; no proxy of the machine is used."""
    monkeypatch.setenv("REIDSEARCH_CACHE", str(tmp_path / "cache"))
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return tmp_path / "cache" / "models" / "m" / "FP16"


@pytest.fixture
def entry(server, cache) -> ModelEntry:
    return entry_at(f"http://127.0.0.1:{server.server_port}")
