"""What a page that stands alone has to keep: no script, no request, names that stay names."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

ALONE = frozenset({"meta", "img", "br", "col"})
KNOWN = frozenset(
    {
        "html", "head", "meta", "title", "style", "body", "header", "h1", "h2", "h3", "p",
        "code", "div", "aside", "section", "figure", "img", "figcaption", "main", "article",
        "span", "video", "a", "table", "thead", "tbody", "tr", "th", "td", "footer", "bdi",
        "br", "dl", "dt", "dd", "svg", "rect", "colgroup", "col",
    }
)  # fmt: skip
ATTRIBUTES = frozenset(
    {
        "lang", "charset", "http-equiv", "content", "name", "class", "aria-label", "alt",
        "loading", "decoding", "src", "title", "href", "controls", "preload", "poster",
        "scope", "role", "tabindex", "muted", "width", "height", "x", "y", "viewbox",
        "preserveaspectratio", "shape-rendering",
    }
)  # fmt: skip


class Page(HTMLParser):
    """A page as a browser would take it apart.

    Attributes:
        addresses: of everything that it loads or links to.
        policy: its content security policy.
        text: all that it says, in lines.
    """

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.odd: list[str] = []
        self.addresses: list[str] = []
        self.policy = self.style = ""
        self.open: list[str] = []
        self.said: list[str] = []
        self.feed(page)
        self.close()

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.said).split()).replace("\u00a0", " ")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in ALONE:
            self.open.append(tag)
        facts = dict(attrs)
        self.odd += [tag] if tag not in KNOWN else []
        self.odd += [f"{tag} {name}" for name in facts if name not in ATTRIBUTES]
        self.addresses += [str(facts[name]) for name in ("src", "href", "poster") if name in facts]
        if facts.get("http-equiv") == "Content-Security-Policy":
            self.policy = facts["content"] or ""
        self.said += [facts["alt"] or ""] if "alt" in facts else []

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.odd.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "style":
            self.style += data
        else:
            self.said.append(data)


def require_alone(page: str, folder: Path | None = None) -> Page:
    """Fail where a page runs, asks or holds what it should not; return it taken apart.

    Args:
        folder: where it lies with its files; None: everything is inside.
    """
    read = Page(page)
    assert read.odd == []
    assert read.open == []
    style = base64.b64encode(hashlib.sha256(read.style.encode()).digest()).decode()
    assert "default-src 'none'" in read.policy
    assert f"style-src 'sha256-{style}'" in read.policy
    assert "unsafe" not in read.policy
    assert "http" not in read.policy
    assert not re.search(r"url\(|@import|expression", read.style)
    for address in read.addresses:
        if folder is None:
            assert address.startswith("data:image/jpeg;base64,"), address[:80]
        else:
            assert re.fullmatch(r"[\w./-]+", address), address
            assert (folder / address).is_file()
            assert ".." not in address
    return read
