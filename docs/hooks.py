"""MkDocs hook: add what lives outside docs/ to the site, and make the links to it work.

A link in a page is written as it works in the repository. Here it is turned into the address that
the same file has on the site.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
PAGES = {
    "CONTRIBUTING.md": "developing/contributing.md",
    "CHANGELOG.md": "developing/changelog.md",
    "changelog.d/README.md": "developing/changelog-fragments.md",
}
SCHEMAS = {
    path.relative_to(ROOT).as_posix(): f"reference/schemas/{path.name}"
    for path in sorted((ROOT / "reidsearch").rglob("schemas/*.json"))
}
RESULTS = {
    path.relative_to(ROOT).as_posix(): path.relative_to(ROOT / "benchmarks").as_posix()
    for path in sorted((ROOT / "benchmarks" / "results").rglob("*.csv"))
}
SITE = PAGES | SCHEMAS | RESULTS
LINK = re.compile(r"(\]\()([^)\s#]+)([^)\s]*\))")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the repository's own pages, the JSON schemas and the measured results."""
    for source, uri in SITE.items():
        files.append(File.generated(config, uri, abs_src_path=str(ROOT / source)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Rewrite links that leave docs/ or, in pages from outside, lead into it."""
    here = page.file.src_uri
    source = next((name for name, uri in PAGES.items() if uri == here), f"docs/{here}")

    def site_link(link: re.Match[str]) -> str:
        target = link[2]
        if re.match(r"[a-z]+:", target):
            return link[0]
        path = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
        uri = SITE.get(path, path.removeprefix("docs/"))
        return link[1] + posixpath.relpath(uri, posixpath.dirname(here)) + link[3]

    return LINK.sub(site_link, markdown)
