"""Which engine an archive's index has: the settings decide, and of those in files the size."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

from reidsearch.base.errors import UsageError
from reidsearch.base.settings_file import read_settings
from reidsearch.index.compact.index import CompactEngine
from reidsearch.index.compact.note import SEGMENT_NAME
from reidsearch.index.compact.segment_files import ENDINGS
from reidsearch.index.contract import FileEngine
from reidsearch.index.flat import FaissEngine
from reidsearch.index.milvus import KIND as MILVUS
from reidsearch.store.crops.store import Store

FLAT = FaissEngine()
COMPACT = CompactEngine()

CODES = re.compile(f"{SEGMENT_NAME.pattern}\\.({'|'.join(ENDINGS)})")
"""The names of files that a generation may name."""

ENGINES: dict[str, FileEngine] = {FLAT.kind: FLAT, COMPACT.kind: COMPACT}
"""Every kind that is made without settings, by kind."""

KINDS = frozenset({*ENGINES, MILVUS})
"""Every kind that a generation may be of."""

Choose: TypeAlias = Callable[[int, str | None], FileEngine]
"""(crops, the kind now) -> the engine for an archive of that size."""

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


def choice_for(store: Store) -> Choose:
    """Return what chooses the engine of an archive, as its settings have it.

    Raises:
        UsageError: they name an engine without what it needs.
    """
    settings = read_settings(store.address).index
    if settings.engine == "files":
        return engine_for
    url = settings.milvus_url
    if url is None:
        raise UsageError(
            "the settings put the index on a Milvus server and do not say where it is",
            'write milvus_url = "http://host:19530" below [index]',
        )
    from reidsearch.index.milvus.engine import MilvusEngine

    without = settings.when_away == "exact"

    def choose(crops: int, kind: str | None = None) -> FileEngine:
        return MilvusEngine(url, str(store.row.uuid), store.state().model_id or 0, without)

    return choose


def loader_of(kind: str, choose: Choose, crops: int) -> FileEngine | None:
    """Return the engine that loads a generation of a kind; None: the settings have none."""
    chosen = choose(crops, kind)
    return chosen if chosen.kind == kind else ENGINES.get(kind)


def elsewhere(kind: str, crops: int, choose: Choose) -> bool:
    """Tell whether the settings have the index on a server and it is in files, or the reverse."""
    chosen = choose(crops, kind).kind
    return chosen != kind and not {chosen, kind} <= ENGINES.keys()


def on_server(kind: str) -> bool:
    """Tell whether an index of some kind has its vectors on a server, which machines share."""
    return kind == MILVUS


def server_of(store: Store, kind: str) -> str | None:
    """Return the address of the server that an index of some kind is on; None: it is in files."""
    return read_settings(store.address).index.milvus_url if on_server(kind) else None
