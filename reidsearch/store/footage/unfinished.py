"""How far an interrupted source was worked through: its checkpoint.

All of it is derived: what is damaged costs the time to analyse that source again from its start,
never the run, and never what is committed of the source.
"""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select

from reidsearch.base.timecode import now, to_us
from reidsearch.domain.steps import Begun, SourceStep
from reidsearch.store.crops.rows import sha256_of
from reidsearch.store.database.proofs import damaged
from reidsearch.store.footage.erased import meet_again
from reidsearch.store.tables.footage import checkpoint


def taken_up(connection: Connection, source_id: int) -> Begun:
    """Return where an interrupted source goes on; from its start when that is damaged."""
    of_source = checkpoint.c.source_id == source_id
    row = connection.execute(select(checkpoint).where(of_source)).one_or_none()
    if row is None:
        return Begun(source_id, None)
    if is_damaged(connection, source_id) or sha256_of(row.state) != row.sha256:
        restart(connection, source_id)
        return Begun(source_id, None, lost=True)
    return Begun(source_id, row.state)


def is_damaged(connection: Connection, source_id: int) -> bool:
    """Tell whether the row of a source's progress is not what was written."""
    odd = select(checkpoint).where(checkpoint.c.source_id == source_id, damaged(checkpoint))
    return connection.execute(odd).first() is not None


def keep_progress(connection: Connection, step: SourceStep) -> None:
    """Store where a source stands after a step; nothing is kept of a finished one."""
    source_id = step.source_id
    connection.execute(delete(checkpoint).where(checkpoint.c.source_id == source_id))
    if step.state is None:
        return
    connection.execute(
        insert(checkpoint).values(
            source_id=source_id,
            state=step.state,
            sha256=sha256_of(step.state),
            at_us=to_us(now()),
        )
    )


def forget_progress(connection: Connection, source_id: int) -> None:
    """Drop the checkpoint of a source."""
    connection.execute(delete(checkpoint).where(checkpoint.c.source_id == source_id))


def restart(connection: Connection, source_id: int) -> None:
    """Let a source be analysed from its start; what is committed of it stays, and is met again."""
    forget_progress(connection, source_id)
    meet_again(connection, source_id)
