"""The documentation site builds without warnings and loads nothing from other hosts."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import reidsearch

pytestmark = pytest.mark.full

ROOT = Path(__file__).resolve().parents[2]
LOADED = re.compile(
    r"<(?:script|img|iframe|source|video)\b[^>]*\ssrc=[\"']?([^\"' >]+)"
    r"|<link\b(?=[^>]*\srel=[\"']?(?:stylesheet|icon|preload|preconnect|manifest))"
    r"[^>]*\shref=[\"']?([^\"' >]+)"
)
"""What a browser fetches by itself when it opens a page; links that are clicked are not in it."""


pytestmark = pytest.mark.full  # builds the site


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if importlib.util.find_spec("mkdocs") is None or importlib.util.find_spec("material") is None:
        pytest.skip("needs the extra `docs`: pip install -e '.[dev]'")
    folder = tmp_path_factory.mktemp("site")
    subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", folder],
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        check=True,
    )
    return folder


def test_pages_load_nothing_from_other_hosts(site: Path) -> None:
    loaded = {
        "".join(found)
        for page in site.rglob("*.html")
        for found in LOADED.findall(page.read_text(encoding="utf-8"))
    }
    assert any("stylesheets" in one for one in loaded)
    assert {one for one in loaded if re.match(r"(?:[a-z]+:)?//", one)} == set()


def test_style_sheets_load_nothing_from_other_hosts(site: Path) -> None:
    fetched = re.compile(r"(?:url\(|@import\s+)[\"']?((?:https?:)?//[^\"')]+)")
    sheets = list(site.rglob("*.css"))
    assert sheets
    assert {url for sheet in sheets for url in fetched.findall(sheet.read_text("utf-8"))} == set()


def test_api_page_documents_every_exported_name(site: Path) -> None:
    page = (site / "reference" / "python.html").read_text(encoding="utf-8")
    public = [name for name in reidsearch.__all__ if not name.startswith("_")]
    missing = [name for name in public if f'id="reidsearch.{name}"' not in page]
    assert missing == []


def test_schemas_are_published(site: Path) -> None:
    schemas = {path.name for path in (ROOT / "reidsearch").rglob("schemas/*.json")}
    assert {path.name for path in (site / "reference" / "schemas").glob("*.json")} == schemas
