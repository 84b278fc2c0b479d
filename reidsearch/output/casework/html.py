"""A report as one HTML file: no script, nothing from elsewhere, and a policy that forbids both."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from reidsearch.base.version import __version__
from reidsearch.output.casework.document import Report
from reidsearch.output.pages.html import data_address, policy, said, templates_in

if TYPE_CHECKING:
    from jinja2 import Template
    from markupsafe import Markup

TEMPLATES = Path(__file__).parent / "templates"


def report_html(report: Report) -> bytes:
    """Return a report as a page that stands alone and can be printed."""
    style = (TEMPLATES / "report.css").read_text(encoding="utf-8")
    page = _template().render(
        report=report.document,
        version=__version__,
        policy=policy(style, inside=True),
        style=style,
        pictures={sha: data_address(data) for sha, data in report.pictures.items()},
    )
    return page.encode()


@cache
def _template() -> Template:
    environment = templates_in(TEMPLATES)
    environment.filters["said"] = _said_lines
    return environment.get_template("report.html")


def _said_lines(text: str) -> Markup:
    """Return a text escaped, with the line breaks that it has."""
    from markupsafe import Markup

    return Markup("<br>").join(said(line) for line in text.splitlines())
