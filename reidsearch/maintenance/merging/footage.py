"""One group of sources into the target, in one transaction: what it holds already is recognised.

A source is the same where the SHA-256 of its bytes is. Footage that the target holds keeps the
target's analysis: its crops and tracklets are found by place and trace. Of a picture, boxes that
the target lacks are added.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, select

from reidsearch.base.boxes import Box
from reidsearch.base.errors import ArchiveError, Kind
from reidsearch.base.timecode import now, to_us
from reidsearch.domain.merging import Merged
from reidsearch.maintenance.merging.rows import Values, add, rows_of, take_ids
from reidsearch.maintenance.merging.shared import Shared
from reidsearch.store import tables
from reidsearch.store.chunks import chunks
from reidsearch.store.crops.rows import existing_sources
from reidsearch.store.crops.store import Store
from reidsearch.store.database.proofs import intact
from reidsearch.store.footage.tracklet_means import renew_means
from reidsearch.store.keeping_out import which_kept_out
from reidsearch.store.pictures.putting import Keeping
from reidsearch.store.pictures.reading import pictures
from reidsearch.store.tables.attributes import attributes
from reidsearch.store.tables.footage import (
    erased,
    footage,
    footage_location,
    moment,
    span,
    tracklet,
    tracklet_embedding,
    tracklet_part,
)

Place = tuple[int, ...]  # source, pts, box


def merge_group(
    store: Store, source: Connection, into: Connection, ids: Sequence[int], shared: Shared
) -> Group:
    """Merge these sources, within a transaction of the target; return what became of them.

    Where that is rolled back, the same call does it again.

    Args:
        store, source: the archive that is merged, and a state of it.

    Raises:
        ArchiveError: something in it is damaged.
        StorageError: its pictures are in a store of objects, which cannot be used.
    """
    report = Merged(store.location, str(store.row.uuid))
    group = Group(store, source, into, shared, report)
    group.sources(ids)
    group.crops()
    group.tracklets()
    group.write()
    return group


@dataclass(slots=True)
class Group:
    """Sources on their way: what is new of them, and under which ids."""

    store: Store
    source: Connection
    into: Connection
    shared: Shared
    report: Merged
    ids: dict[int, int] = field(default_factory=dict)  # of sources
    fresh: list[Values] = field(default_factory=list)  # sources that the target lacks
    settled: set[int] = field(default_factory=set)  # footage that the target holds
    every_crop: list[Values] = field(default_factory=list)
    new_crops: list[Values] = field(default_factory=list)
    moments: dict[int, Values] = field(default_factory=dict)
    parts: list[Values] = field(default_factory=list)
    new_tracklets: list[int] = field(default_factory=list)
    cut: list[int] = field(default_factory=list)
    differing: set[int] = field(default_factory=set)  # settled, with another analysis
    taken: set[int] = field(default_factory=set)  # beside those of `shared`

    def sources(self, ids: Sequence[int]) -> None:
        """Find which sources the target holds, and give ids to the others."""
        rows = rows_of(self.source, tables.source.c.id, ids)
        held: dict[bytes, int] = {}
        for part in chunks([row["sha256"] for row in rows]):
            held |= existing_sources(self.into, part)
        self.fresh = [row for row in rows if row["sha256"] not in held]
        number = take_ids(self.into, "next_source_id", len(self.fresh))
        self.ids = {row["id"]: held[row["sha256"]] for row in rows if row["sha256"] in held}
        self.ids |= {row["id"]: number + place for place, row in enumerate(self.fresh)}
        known = [one for one in ids if one not in self._fresh_ids]
        of_footage = {row["source_id"] for row in rows_of(self.source, footage.c.source_id, known)}
        there = _footage_of(self.into, [self.ids[one] for one in known])
        self.settled = {one for one in known if one in of_footage or self.ids[one] in there}
        self.report.ids["source"].update(self.ids)
        self.report.count("sources", len(self.fresh))
        self.report.count("sources", len(known), held=True)

    @property
    def _fresh_ids(self) -> set[int]:
        return {row["id"] for row in self.fresh}

    def crops(self) -> None:
        """Find which crops the target holds, and give ids to the others."""
        self.every_crop = rows_of(self.source, tables.crop.c.source_id, [*self.ids])
        self.every_crop.sort(key=lambda row: row["id"])
        held = _crops_of(self.into, [self.ids[one] for one in self.ids.keys() - self._fresh_ids])
        found = {
            row["id"]: held[place] for row in self.every_crop if (place := self._place(row)) in held
        }
        lacking = [row for row in self.every_crop if row["id"] not in found]
        wanted = [row for row in lacking if row["source_id"] not in self.settled]
        out = self._kept_out(wanted)
        self.new_crops = [row for row in wanted if row["id"] not in out]
        number = take_ids(self.into, "next_crop_id", len(self.new_crops))
        new = {row["id"]: number + place for place, row in enumerate(self.new_crops)}
        self.report.ids["crop"].update({**found, **new})
        self.report.kept_out += len(out)
        self.report.count("crops", len(new))
        self.report.count("crops", len(found), held=True)
        self.differing = {row["source_id"] for row in lacking} & self.settled
        rows = rows_of(self.source, moment.c.crop_id, [row["id"] for row in self.every_crop])
        self.moments = {row["crop_id"]: row for row in rows}

    def _place(self, row: Values) -> Place:
        box = (row[name] for name in ("x1", "y1", "x2", "y2"))
        return (self.ids[row["source_id"]], row["pts"], *box)

    def _kept_out(self, rows: Sequence[Values]) -> set[int]:
        """Return the crops of pictures that the target keeps out for good."""
        sha256 = {row["id"]: row["sha256"] for row in self.fresh}
        for row in rows_of(self.source, tables.source.c.id, sorted(self.ids.keys() - sha256)):
            sha256[row["id"]] = row["sha256"]
        footages = {r["source_id"] for r in rows_of(self.source, footage.c.source_id, [*self.ids])}
        places = {
            row["id"]: (sha256[row["source_id"]], Box(*self._place(row)[2:]))
            for row in rows
            if row["source_id"] not in footages
        }
        out = which_kept_out(self.into, places.values())
        return {crop_id for crop_id, place in places.items() if place in out}

    def _names(self, ids: Sequence[int]) -> list[str]:
        rows = rows_of(self.source, footage_location.c.source_id, ids)
        names = {row["source_id"]: row["text"] for row in rows if row["own"]}
        return [names.get(one, f"source {one}") for one in ids]

    def tracklets(self) -> None:
        """Find which tracklets the target holds, and give ids to the others."""
        found = rows_of(self.source, tracklet_part.c.source_id, [*self.ids])
        held = _traces_of(self.into, [self.ids[one] for one in self.settled])
        ids = sorted({row["tracklet_id"] for row in found})
        there: dict[int, int] = {}
        for row in found:
            same = held.get((self.ids[row["source_id"]], row["sha256"]))
            mine = there.get(row["tracklet_id"], same)
            if row["source_id"] not in self.settled:
                continue
            # Where the target joined two tracklets into one, it is the first of both.
            free = row["tracklet_id"] in there or same not in self.shared.taken | self.taken
            if same is not None and mine == same and free:
                there[row["tracklet_id"]] = same
                self.taken.add(same)
            else:
                self.differing.add(row["source_id"])
        self.report.differing += self._names(sorted(self.differing))
        self.parts = [row for row in found if row["source_id"] not in self.settled]
        begun = {row["tracklet_id"] for row in self.parts}
        self.cut = sorted(
            {row["tracklet_id"] for row in found if row["source_id"] in self.settled} & begun
        )
        self.new_tracklets = [one for one in ids if one in begun]
        number = take_ids(self.into, "next_tracklet_id", len(self.new_tracklets))
        new = {one: number + place for place, one in enumerate(self.new_tracklets)}
        self.report.ids["tracklet"].update({**there, **new})
        self.report.cut += len(self.cut)
        self.report.count("tracklets", len(new))
        self.report.count("tracklets", len(there.keys() - new.keys()), held=True)

    def write(self) -> None:
        """Insert all that is new."""
        fresh, crops = sorted(self._fresh_ids), [row["id"] for row in self.new_crops]
        of_crop, of_tracklet = self.report.ids["crop"], self.report.ids["tracklet"]
        self._add(tables.source, [{**row, "id": self.ids[row["id"]]} for row in self.fresh])
        for table in (footage, span, erased):
            self._add(table, self._by_source(table, fresh))
        self._places(footage_location, "source_id", self.ids, fresh)
        runs = rows_of(self.source, tracklet.c.id, self.new_tracklets)
        self._add(tracklet, [{**row, "id": of_tracklet[row["id"]]} for row in runs])
        self._add(
            tracklet_part,
            [
                {
                    **row,
                    "source_id": self.ids[row["source_id"]],
                    "tracklet_id": of_tracklet[row["tracklet_id"]],
                }
                for row in self.parts
            ],
        )
        self._add(
            tables.crop,
            [
                {**row, "id": of_crop[row["id"]], "source_id": self.ids[row["source_id"]]}
                for row in self.new_crops
            ],
        )
        for part in chunks(crops):  # pictures of a long video are not in memory together
            self._of_crops(part, of_crop)
        self._places(tables.location, "crop_id", of_crop, crops)
        self._add(
            moment,
            [
                {**row, "crop_id": of_crop[crop_id], "tracklet_id": of_tracklet[row["tracklet_id"]]}
                for crop_id, row in self.moments.items()
                if crop_id in set(crops)
            ],
        )
        self._means(of_tracklet)

    def _of_crops(self, crops: Sequence[int], of_crop: dict[int, int]) -> None:
        self._pictures(crops, of_crop)
        for table in (tables.embedding, attributes):
            rows = rows_of(self.source, table.c.crop_id, crops)
            if table is tables.embedding:  # those of former models are of no use
                rows = [row for row in rows if row["model_id"] == self.shared.model[0]]
            self._add(table, [{**row, "crop_id": of_crop[row["crop_id"]]} for row in rows])

    def _pictures(self, crops: Sequence[int], of_crop: dict[int, int]) -> None:
        """Add pictures, each where the target keeps them, from where the source does."""
        keeping = Keeping(self.into)
        for crop_id, jpeg in pictures(self.store, crops):
            if jpeg is None:
                raise ArchiveError(
                    f"{self.store.location}: the picture of crop {crop_id} is damaged or missing",
                    kind=Kind.ARCHIVE_DAMAGED,
                    archive=self.store.location,
                )
            table, row = keeping.row(of_crop[crop_id], jpeg)
            add(self.into, table, [row])

    def _means(self, of_tracklet: dict[int, int]) -> None:
        whole = [one for one in self.new_tracklets if one not in self.cut]
        rows = [
            {**row, "tracklet_id": of_tracklet[row["tracklet_id"]]}
            for row in rows_of(self.source, tracklet_embedding.c.tracklet_id, whole)
            if row["model_id"] == self.shared.model[0]
        ]
        self._add(tracklet_embedding, rows)
        if self.cut:  # its mean is of the views that were taken
            renew_means(self.into, self.shared.model[1], [of_tracklet[one] for one in self.cut])

    def _by_source(self, table: Any, ids: Sequence[int]) -> list[Values]:
        rows = rows_of(self.source, table.c.source_id, ids)
        return [{**row, "source_id": self.ids[row["source_id"]]} for row in rows]

    def _places(self, table: Any, owner: str, ids: dict[int, int], new: Sequence[int]) -> None:
        """Add the places where things were found; the target's own words on a place stand.

        What lies at a place of that name in the target is other footage, unless it is the same.
        """
        mine = ids if owner == "source_id" else {r["id"]: ids[r["id"]] for r in self._mapped(ids)}
        rows = rows_of(self.source, table.c[owner], sorted(mine))
        there: set[tuple[bytes, int]] = set()
        taken: set[bytes] = set()
        for part in chunks([row["key"] for row in rows]):
            chosen = select(table.c.key, table.c[owner], table.c.replaced_us)
            for key, held, replaced in self.into.execute(chosen.where(table.c.key.in_(part))):
                there.add((key, held))
                if replaced is None:
                    taken.add(key)
        fresh, added = set(new), list[Values]()
        for row in rows:
            if (row["key"], mine[row[owner]]) in there:
                continue
            values = {**row, owner: mine[row[owner]], "own": row["own"] and row[owner] in fresh}
            if row["key"] in taken and row["replaced_us"] is None:
                values["replaced_us"] = to_us(now())
            added.append(values)
        self._add(table, added)

    def _mapped(self, ids: dict[int, int]) -> list[Values]:
        return [row for row in self.every_crop if row["id"] in ids]

    def _add(self, table: Any, rows: Sequence[Values]) -> None:
        for part in chunks(rows):
            add(self.into, table, map(self.shared.moved, part))


def _footage_of(connection: Connection, ids: Sequence[int]) -> set[int]:
    found: set[int] = set()
    for part in chunks(ids):
        held = select(footage.c.source_id).where(footage.c.source_id.in_(part))
        found |= set(connection.scalars(held))
    return found


def _crops_of(connection: Connection, source_ids: Sequence[int]) -> dict[Place, int]:
    c, found = tables.crop.c, dict[Place, int]()
    for part in chunks(source_ids):
        places = select(c.id, c.source_id, c.pts, c.x1, c.y1, c.x2, c.y2)
        for crop_id, *place in connection.execute(places.where(c.source_id.in_(part))):
            found[tuple(place)] = crop_id
    return found


def _traces_of(connection: Connection, source_ids: Sequence[int]) -> dict[tuple[int, bytes], int]:
    """Return the tracklet of each trace, by its source and the trace's SHA-256."""
    p, found = tracklet_part.c, dict[tuple[int, bytes], int]()
    for part in chunks(source_ids):
        traces = select(p.source_id, p.sha256, p.tracklet_id)
        for source_id, sha256, tracklet_id in connection.execute(
            traces.where(p.source_id.in_(part), intact(tracklet_part))
        ):
            found[source_id, sha256] = tracklet_id
    return found
