"""Which engine an archive's index has: the size decides."""

from __future__ import annotations

import re

from reidsearch.index.compact.index import CompactEngine
from reidsearch.index.compact.note import SEGMENT_NAME
from reidsearch.index.compact.segment import ENDINGS
from reidsearch.index.contract import FileEngine
from reidsearch.index.flat import FaissEngine

FLAT = FaissEngine()
COMPACT = CompactEngine()

CODES = re.compile(f"{SEGMENT_NAME.pattern}\\.({'|'.join(ENDINGS)})")
"""The names of files that a generation may name."""

ENGINES: dict[str, FileEngine] = {FLAT.kind: FLAT, COMPACT.kind: COMPACT}
"""Every kind that a generation may be of."""

# Where the compact scan answers sooner than the flat one (benchmarks/scale.py): below, an exact
# answer costs nothing and nothing has to be said about recall.
TAKEOVER = 50_000


def engine_for(crops: int, kind: str | None = None) -> FileEngine:
    """Return the engine for an archive of so many crops.

    Args:
        kind: what it has now. A compact index stays one until half of the takeover is left, so
            that an archive at the border is not built anew again and again.
    """
    least = TAKEOVER // 2 if kind == COMPACT.kind else TAKEOVER
    return COMPACT if crops >= least else FLAT
