"""Fixtures that every test can use."""

from __future__ import annotations

from pathlib import Path

import pytest

import reidsearch  # noqa: F401 (before any test imports OpenVINO: keeps it silent)

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real models, footage and labelled crops beside the project."""
    if not (SHARED / "models").is_dir():
        pytest.skip("needs ../shared (real models and labelled crops; see CONTRIBUTING.md)")
    return SHARED
