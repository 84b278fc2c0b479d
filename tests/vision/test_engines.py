"""Models that are loaded ahead: they are there when they are asked for, and errors come then."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from reidsearch.base.errors import ModelError
from reidsearch.base.progress import NO_PROGRESS
from reidsearch.base.settings import RuntimeSettings
from reidsearch.vision.engines import Engines


def engines(model: str | None, *, offline: bool = True) -> Engines:
    return Engines(
        model=model,
        flip=None,
        model_path=(),
        offline=offline,
        runtime=RuntimeSettings(cache=False),
        progress=NO_PROGRESS,
    )


@pytest.fixture(autouse=True)
def no_models(tmp_path, monkeypatch):
    monkeypatch.setenv("REIDSEARCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("REIDSEARCH_MODELS", raising=False)


@pytest.mark.full
def test_what_embeds_is_loaded_ahead():
    models = engines("builtin")
    models.load_ahead(detector=False)
    models.close()
    assert models.text() != "stored embeddings only"
    picture = np.zeros((64, 32, 3), np.uint8) + np.arange(32, dtype=np.uint8)[:, None]
    alone = engines("builtin")
    assert (models.embed([picture]) == alone.embed([picture])).all()


@pytest.mark.full
def test_the_archive_has_another_model_than_was_loaded(tmp_path):
    models = engines("builtin")
    models.load_ahead(detector=False)
    other = replace(models.embedder().identity, digest="0" * 96)
    models.serve(tmp_path, lambda: other)
    models.close()
    with pytest.raises(ModelError):
        models.embedder()


def test_nothing_is_fetched_ahead_and_its_absence_is_told_when_it_is_asked_for(monkeypatch):
    asked = []
    monkeypatch.setattr(
        "reidsearch.vision.models.download.install", lambda *_: asked.append(1) or 1 / 0
    )
    models = engines(None, offline=False)
    models.load_ahead(detector=True)
    models.close()
    assert not asked
    assert models.text() == "stored embeddings only"
    with pytest.raises(ZeroDivisionError):
        models.embedder()
    with pytest.raises(ZeroDivisionError):
        models.detector()
