"""Machines that derive files of their own from a database, and how far those have caught up.

What a machine has on its disk is told by the rows that describe it: each generation of an index
says of which count of erasures it is.
"""

from __future__ import annotations

from sqlalchemy import select

from reidsearch.base.timecode import from_us
from reidsearch.domain.certificates import NodeFiles
from reidsearch.store import tables
from reidsearch.store.crops.store import Store
from reidsearch.store.tables.neighbours import neighbours


def node_files(store: Store, erasures: int) -> tuple[NodeFiles, ...]:
    """Return all machines that have derived files; none of an archive in a folder.

    Args:
        erasures: the count of erasures that files have to be of.
    """
    index, graph = tables.generation.c, neighbours.c
    with store.read() as connection:
        built = connection.execute(
            select(index.node, index.file, index.erasures, index.built_us)
            .where(index.node.is_not(None))
            .order_by(index.node, index.id)
        ).all()
        graphs = connection.execute(
            select(graph.node, graph.file).where(graph.node.is_not(None)).order_by(graph.id)
        ).all()
    nodes = sorted({row.node for row in (*built, *graphs)})
    found = []
    for node in nodes:
        mine = [row for row in built if row.node == node]
        files = [row.file for row in (*mine, *graphs) if row.node == node]
        found.append(
            NodeFiles(
                node=node,
                own=node == store.node,
                files=tuple(files),
                built_at=from_us(max(row.built_us for row in mine)) if mine else None,
                caught_up=bool(mine) and all(row.erasures >= erasures for row in mine),
            )
        )
    return tuple(found)
