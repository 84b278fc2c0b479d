"""What the archive holds, and what of its footage was seen."""

from __future__ import annotations

from reidsearch.web.api import archive
from reidsearch.web.call import Call
from reidsearch.web.declared import Nothing, Page, Values
from reidsearch.web.lanes import lanes_of
from reidsearch.web.person import Role

UNSEEN = frozenset({"failed", "gap", "erased"})


def overview(call: Call, _: Nothing) -> Values:
    """Return what the page shows."""
    told = archive.coverage(call, archive.CoverageAsked())
    holes = [
        {"source": source, "span": span}
        for source in told["sources"]
        for span in source["spans"]
        if span["how"] in UNSEEN
    ]
    failed = archive.failures(call, Nothing())["failures"] if call.may(Role.ANALYST) else []
    return {
        "summary": archive.summary(call, Nothing()),
        "sources": told["sources"],
        "not_supplied": told["not_supplied"],
        "lanes": lanes_of(told),
        "holes": holes,
        "failures": failed,
    }


PAGES = (Page("/", overview, "overview.html", menu="overview"),)
