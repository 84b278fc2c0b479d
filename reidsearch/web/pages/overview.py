"""What the archive holds, and what of its footage was seen."""

from __future__ import annotations

import datetime as dt

from reidsearch.web.api import archive
from reidsearch.web.calendar import HOLES, days_of, months_of, on_day
from reidsearch.web.call import Call
from reidsearch.web.declared import Given, Nothing, Page, Values
from reidsearch.web.lanes import hole_id, lanes_of
from reidsearch.web.pages.jobs import running_values
from reidsearch.web.person import Role

MOST_LISTED = 200
FIRST_DAY, LAST_DAY = dt.date(1900, 1, 1), dt.date(9000, 1, 1)


class Asked(Given, frozen=True):
    """The day that is looked at; None: all of the time."""

    day: dt.date | None = None

    def __post_init__(self) -> None:
        if self.day is not None and not FIRST_DAY <= self.day <= LAST_DAY:
            raise ValueError(f"no footage is of {self.day}")


def overview(call: Call, asked: Asked) -> Values:
    """Return what the page shows."""
    whole = archive.coverage(call, archive.CoverageAsked())
    days = days_of(whole)
    told = whole if asked.day is None else on_day(whole, asked.day)
    holes = [
        {"source": source, "span": span, "id": hole_id(source["source_id"], span["from_s"])}
        for source in told["sources"]
        for span in source["spans"]
        if span["how"] in HOLES
    ]
    failed = archive.failures(call, Nothing())["failures"] if call.may(Role.ANALYST) else []
    return {
        "summary": archive.summary(call, Nothing()),
        "asked": asked,
        "months": months_of(days) if len(days) > 1 else [],
        "sources": told["sources"],
        "not_supplied": told["not_supplied"][:MOST_LISTED],
        "lanes": lanes_of(told),
        "holes": holes[:MOST_LISTED],
        "not_listed": max(0, len(holes) - MOST_LISTED)
        + max(0, len(told["not_supplied"]) - MOST_LISTED),
        "failures": failed[-MOST_LISTED:],
        "failed": len(failed),
        "check_clocks": call.cameras is None
        and len({one["camera"] for one in whole["sources"] if one["camera"]}) > 1,
        **running_values(call),
    }


PAGES = (Page("/", overview, "overview.html", takes=Asked, menu="overview"),)
