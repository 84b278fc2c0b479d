"""Pages from templates: Jinja2 with escaping on, the words, and texts for values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup, escape

from reidsearch.base.timecode import iso
from reidsearch.output import times
from reidsearch.output.visible import duration, visible
from reidsearch.web.words import LANGUAGE, catalogue, word


@cache
def environment() -> Environment:
    """Return the one environment of all templates."""
    made = Environment(
        loader=PackageLoader("reidsearch.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(t=word, language=LANGUAGE, zone_name=times.zone_name)
    made.globals.update(data=data_block, words=words_block)
    made.filters.update(time=time_text, seconds=duration, visible=visible, number=number_text)
    return made


def render(template: str, values: Mapping[str, Any]) -> str:
    """Return a page."""
    return environment().get_template(template).render(values)


def time_text(value: str | None, *, day: bool = True) -> Markup:
    """Return an ISO time as `<time>` in the archive's zone, with UTC as its title.

    Args:
        day: with its date.
    """
    if value is None:
        return escape(word("app.unknown"))
    moment = dt.datetime.fromisoformat(value)
    told = times.clock(moment)
    shown = told if day else told.partition(" ")[2]
    return Markup('<time datetime="{0}" title="{0}">{1}</time>').format(iso(moment), shown)


def number_text(value: float, digits: int = 0) -> str:
    """Return a number with separators."""
    return f"{value:,.{digits}f}"


def data_block(name: str, value: Any) -> Markup:
    """Return values for the modules of a page, as a block that browsers do not run."""
    told = htmlsafe_json_dumps(value, allow_nan=False)
    return Markup('<script type="application/json" id="{}">{}</script>').format(name, told)


def words_block(*sections: str) -> Markup:
    """Return the words of some sections for the modules of a page: `words("decide")`."""
    return data_block("words", {name: catalogue()[name] for name in sections})
