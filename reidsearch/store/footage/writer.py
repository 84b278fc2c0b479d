"""Writing footage: a source is begun, steps are committed whole, and it is finished.

A step is one transaction: tracklets with their crops, coverage, and the checkpoint from which the
next step goes on. So whatever kills the process, the archive holds just what the checkpoint says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, ScalarSelect, delete, exists, func, insert, select, update

from reidsearch.base.timecode import now, to_us
from reidsearch.domain.crops import Facts
from reidsearch.domain.footage import DISCONTINUITY, Clock, How, SourceFacts, VideoInfo
from reidsearch.domain.pending import Cause
from reidsearch.domain.renamed import current_names
from reidsearch.domain.steps import Begun, SourceFile, SourceStep
from reidsearch.store import tables
from reidsearch.store.crops.rows import forget_means
from reidsearch.store.crops.writer import Writer
from reidsearch.store.database.proofs import intact
from reidsearch.store.footage import erased
from reidsearch.store.footage import rows as footage_rows
from reidsearch.store.footage.clocks import moved_from, set_clock
from reidsearch.store.footage.places import show_at
from reidsearch.store.footage.recordings import join_recording
from reidsearch.store.footage.supersede import supersede
from reidsearch.store.footage.tracklet_means import renew_means
from reidsearch.store.footage.tracklet_writer import Target, insert_tracklets
from reidsearch.store.footage.unfinished import (
    forget_progress,
    keep_progress,
    restart,
    taken_up,
)
from reidsearch.store.location_keys import location_key
from reidsearch.store.pending import record_erasure
from reidsearch.store.pictures.going import let_go
from reidsearch.store.tables.footage import erased as erased_table
from reidsearch.store.tables.footage import (
    footage,
    footage_location,
    moment,
    span,
    tracklet_part,
)


class FootageWriter:
    """Writes sources of footage within one index run."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def begin(
        self, file: SourceFile, info: VideoInfo, facts: SourceFacts, settings: Mapping[str, Any]
    ) -> Begun:
        """Take up a source: new, or where an interrupted run with the same settings left it.

        What a run with other settings, or with another zero of media time, left unfinished is
        deleted first. A finished one, of which
        something was deleted since, is analysed again from its start; what is held stays.
        """
        with self._writer.transaction() as connection:
            held = connection.execute(
                select(
                    footage.c.source_id,
                    footage.c.settings,
                    footage.c.state,
                    (footage.c.first_pts == info.first_pts).label("same_zero"),
                )
                .join(tables.source)
                .where(tables.source.c.sha256 == file.sha256)
            ).one_or_none()
            resumed = held is not None and held.state == "running"
            same = held and same_analysis(held.settings, settings, resumed=resumed)
            if held and same and held.same_zero:
                self._place(connection, held.source_id, file, facts)
                connection.execute(
                    update(footage)
                    .where(footage.c.source_id == held.source_id)
                    .values(state="running", settings=dict(settings), run_id=self._writer.run_id)
                )
                return taken_up(connection, held.source_id)
            if held is not None:
                delete_source(connection, held.source_id)
            source_id = self._insert(connection, file, info, facts, settings)
            self._place(connection, source_id, file, facts)
        return Begun(source_id, None)

    def keep_notes(self, source_id: int, facts: SourceFacts) -> None:
        """Replace the remarks on camera and start of a stored source."""
        with self._writer.transaction() as connection:
            keep_notes(connection, source_id, facts)

    def restart(self, source_id: int) -> None:
        """Let a source that was taken up be analysed from its start; what is held stays."""
        with self._writer.transaction() as connection:
            restart(connection, source_id)

    def drop(self, source_id: int) -> None:
        """Delete a source that was begun, and all that was found in it.

        One that was analysed again for what was deleted of it only loses what this run found.
        """
        with self._writer.transaction() as connection:
            if connection.scalar(select(exists().where(erased_table.c.source_id == source_id))):
                self._abandon(connection, source_id)
            else:
                delete_source(connection, source_id)

    def _abandon(self, connection: Connection, source_id: int) -> None:
        of_run = tables.crop.c.source_id == source_id, tables.crop.c.run_id == self._writer.run_id
        touched = connection.scalars(
            select(moment.c.tracklet_id).join(tables.crop).where(*of_run).distinct()
        ).all()
        let_go(connection, *of_run)
        connection.execute(delete(tables.crop).where(*of_run))
        record_erasure(connection, Cause.ANALYSIS)
        renew_means(connection, self._writer.model_id, touched)
        forget_progress(connection, source_id)

    def _insert(
        self,
        connection: Connection,
        file: SourceFile,
        info: VideoInfo,
        facts: SourceFacts,
        settings: Mapping[str, Any],
    ) -> int:
        if file.grown_from is not None:
            before = connection.execute(_FACTS.where(footage.c.source_id == file.grown_from)).one()
            facts = _corrected(footage_rows.read_facts(before), facts)
        source_id = connection.execute(select(tables.archive.c.next_source_id)).scalar_one()
        connection.execute(update(tables.archive).values(next_source_id=source_id + 1))
        connection.execute(
            insert(tables.source).values(
                id=source_id,
                sha256=file.sha256,
                size_bytes=file.size_bytes,
                width_px=info.width_px,
                height_px=info.height_px,
            )
        )
        connection.execute(
            insert(footage).values(
                source_id=source_id,
                **footage_rows.info_values(info),
                **footage_rows.clock_values(facts.clock),
                facts_notes=footage_rows.notes_values(facts.notes),
                camera_id=self._writer.camera_id(connection, facts.camera),
                state="running",
                settings=dict(settings),
                duration_us=0,
                counts={},
                run_id=self._writer.run_id,
                indexed_us=to_us(now()),
                supersedes=file.grown_from,
            )
        )
        if file.grown_from is not None:
            erased.carry_over(connection, file.grown_from, source_id)
        return int(source_id)

    def place(
        self, source_id: int, file: SourceFile, facts: SourceFacts, *, moved: bool = False
    ) -> bool:
        """Record where a source that is stored lies too, and what is newly told of it.

        Camera and start are corrected when they are told from a place that is known already; a
        copy elsewhere changes nothing. An offset and drift that somebody set stay.

        Args:
            moved: nothing lies any more where it was shown to be: this is the place now.

        Returns:
            Whether facts were changed.
        """
        with self._writer.transaction() as connection:
            changed = self._place(connection, source_id, file, facts)
            if moved:
                show_at(connection, source_id, file.location)
        return changed

    def _place(
        self, connection: Connection, source_id: int, file: SourceFile, facts: SourceFacts
    ) -> bool:
        key = location_key(file.location)
        where = footage_location.c
        places = connection.execute(
            select(where.key, where.facts, where.own).where(where.source_id == source_id)
        ).all()
        here = next((place for place in places if place.key == key), None)
        digest = facts_digest(facts)
        told_anew = here is not None and here.facts not in {digest, ""}
        changed = told_anew and self._correct(connection, source_id, facts)
        if here is None or here.own:
            keep_notes(connection, source_id, facts)
        connection.execute(
            delete(footage_location).where(where.key == key, where.source_id == source_id)
        )
        connection.execute(
            update(footage_location)
            .where(where.key == key, where.replaced_us.is_(None))
            .values(replaced_us=to_us(now()))
        )
        connection.execute(
            insert(footage_location).values(
                key=key,
                source_id=source_id,
                text=file.location,
                fingerprint=file.fingerprint,
                facts=digest,
                own=here.own if here is not None else not places,
            )
        )
        self._writer.forget_failures(connection, [file.location])
        return changed

    def _correct(self, connection: Connection, source_id: int, told: SourceFacts) -> bool:
        """Store what is newly told. Returns whether that differs from what is held."""
        row = connection.execute(_FACTS.where(footage.c.source_id == source_id)).one()
        held = footage_rows.read_facts(row)
        facts = _corrected(held, told)
        if (facts.camera, facts.clock) == (held.camera, held.clock):
            return False
        camera_id = self._writer.camera_id(connection, facts.camera)
        connection.execute(
            update(footage).where(footage.c.source_id == source_id).values(camera_id=camera_id)
        )
        connection.execute(
            update(tables.crop)
            .where(tables.crop.c.source_id == source_id)
            .values(camera_id=camera_id)
        )
        if facts.camera != held.camera:
            forget_means(connection)
        set_clock(connection, source_id, facts.clock)
        join_recording(connection, source_id, self._writer.model_id)
        return True

    def commit(self, step: SourceStep) -> None:
        """Store a step, whole or not at all."""
        self._writer.stored(lambda: self._commit(step))

    def _commit(self, step: SourceStep) -> None:
        source_id = step.source_id
        with self._writer.transaction() as connection:
            if step.tracklets:
                facts = connection.execute(_FACTS.where(footage.c.source_id == source_id)).one()
                target = Target(source_id, facts, self._writer.run_id, self._writer.model_id)
                insert_tracklets(connection, target, step.tracklets)
            connection.execute(
                delete(span).where(span.c.source_id == source_id, span.c.number >= step.first_span)
            )
            rows = [
                {
                    "source_id": source_id,
                    "number": step.first_span + row,
                    **{**asdict(one), "how": one.how.value},
                }
                for row, one in enumerate(step.spans)
            ]
            if rows:
                connection.execute(insert(span), rows)
            keep_progress(connection, step)
            connection.execute(
                update(footage)
                .where(footage.c.source_id == source_id)
                .values(
                    state="running" if step.state is not None else "finished",
                    counts=dict(step.counts),
                    duration_us=step.duration_us,
                    measured_fps=step.measured_fps,
                    notes=list(step.notes),
                    clock_until_us=_jumped_us(source_id),
                    run_id=self._writer.run_id,
                )
            )
            if step.state is None:
                self._finish(connection, source_id)

    def _finish(self, connection: Connection, source_id: int) -> None:
        erased.close(connection, source_id)
        of_source = footage.c.source_id == source_id
        old_id = connection.scalar(select(footage.c.supersedes).where(of_source))
        if old_id is not None:
            connection.execute(update(footage).where(of_source).values(supersedes=None))
            if connection.scalar(select(exists().where(footage.c.source_id == old_id))):
                supersede(connection, old_id, source_id, self._writer.model_id)
                # Times of what was taken over follow this source's clock.
                set_clock(connection, source_id, self._clock_of(connection, source_id))
        join_recording(connection, source_id, self._writer.model_id)

    def _clock_of(self, connection: Connection, source_id: int) -> Clock:
        row = connection.execute(_FACTS.where(footage.c.source_id == source_id)).one()
        return footage_rows.read_clock(row)


_FACTS = (
    select(footage, tables.source.c.width_px, tables.source.c.height_px)
    .add_columns(tables.camera.c.name.label("camera"))
    .select_from(footage)
    .join(tables.source)
    .outerjoin(tables.camera, tables.camera.c.id == footage.c.camera_id)
    .where(intact(footage))
)


def _corrected(kept: SourceFacts, told: SourceFacts) -> SourceFacts:
    """Unknown never wipes what is known, nor does a new start what somebody set later."""
    clock = kept.clock
    if clock.origin == "hand":
        clock = moved_from(clock, told.clock)
    elif told.clock.start is not None:
        clock = Clock(
            told.clock.start,
            told.clock.origin,
            told.clock.uncertainty_s,
            kept.clock.offset_s or told.clock.offset_s,
            kept.clock.drift_ppm or told.clock.drift_ppm,
        )
    camera = told.camera if told.camera is not None else kept.camera
    return SourceFacts(camera, clock, told.notes)


def same_analysis(stored: Mapping[str, Any], settings: Mapping[str, Any], *, resumed: bool) -> bool:
    """Tell whether a run with `settings` can go on with what is stored of a source.

    Args:
        resumed: from a checkpoint, which holds embeddings; otherwise the model may be another one.

    What a first pass chose follows from the rest.
    """
    but = {"tiles_chosen"} if resumed else {"tiles_chosen", "model"}

    def of(all_settings: Mapping[str, Any]) -> dict[str, Any]:
        known = {"tiles": 1, **all_settings}  # older archives know no tiles
        return {name: value for name, value in known.items() if name not in but}

    return of(current_names(stored)) == of(settings)


def delete_source(connection: Connection, source_id: int) -> None:
    """Delete everything of one source: crops, tracklets, coverage, checkpoint."""
    shown = select(tracklet_part.c.tracklet_id).where(tracklet_part.c.source_id == source_id)
    ids = connection.scalars(shown).all()
    let_go(connection, tables.crop.c.source_id == source_id)
    connection.execute(delete(tables.crop).where(tables.crop.c.source_id == source_id))
    connection.execute(delete(tables.source).where(tables.source.c.id == source_id))
    model_id = connection.execute(select(tables.archive.c.model_id)).scalar_one()
    renew_means(connection, model_id, ids)
    record_erasure(connection, Cause.ANALYSIS)


def keep_notes(connection: Connection, source_id: int, facts: SourceFacts) -> None:
    """Store what must be said of a source's camera and start, in place of what was said."""
    connection.execute(
        update(footage)
        .where(footage.c.source_id == source_id)
        .values(facts_notes=footage_rows.notes_values(facts.notes))
    )


def _jumped_us(source_id: int) -> ScalarSelect[Any]:
    """Select the media time at which the recording's own clock first jumped."""
    return (
        select(func.min(span.c.from_us))
        .where(span.c.source_id == source_id, span.c.how == How.GAP.value)
        .where(span.c.detail.startswith(DISCONTINUITY))
        .scalar_subquery()
    )


def facts_digest(facts: SourceFacts) -> str:
    """Return a text that changes when any given fact of a source changes."""
    clock = facts.clock
    told = {"uncertainty_s": clock.uncertainty_s, "origin": clock.origin}
    told |= {"offset_s": str(clock.offset_s), "drift_ppm": clock.drift_ppm}
    return Facts(camera=facts.camera, time=clock.start, extra=told).digest()
