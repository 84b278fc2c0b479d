"""Retention: how many days crops of each camera are kept, and deleting what is older.

archive.retention.set("gate", 30)
for rule, planned in archive.retention.plan():
    print(rule.text, len(planned.ids))
archive.retention.run()
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING

from reidsearch.base.errors import UsageError
from reidsearch.base.progress import NO_PROGRESS, Progress
from reidsearch.base.timecode import now
from reidsearch.domain.event_log import Event
from reidsearch.domain.holds import Due, RetentionRule
from reidsearch.domain.request import Filters
from reidsearch.services.maintenance import MaintenanceService
from reidsearch.store import retention as held
from reidsearch.store.crops.store import Store
from reidsearch.store.log_reading import record
from reidsearch.store.selection import camera_names, require_cameras

if TYPE_CHECKING:
    from reidsearch.maintenance.erase import Erasure

MOST_DAYS = 36_500


def due(planned: Iterable[tuple[RetentionRule, Erasure]]) -> list[Due]:
    """Return what was planned, as it is told."""
    return [
        Due(rule, tuple(erasure.ids.tolist()), erasure.by_indexing, erasure.held)
        for rule, erasure in planned
    ]


class RetentionService:
    """The retention rules of one archive. Every change has an entry of the event log."""

    def __init__(self, store: Store, maintenance: MaintenanceService) -> None:
        self._store, self._maintenance = store, maintenance

    def rules(self) -> list[RetentionRule]:
        """Return the rules by camera, that of all others last."""
        with self._store.read() as connection:
            return held.rules(connection)

    def set(self, camera: str | None, days: int) -> RetentionRule:
        """Keep crops of a camera so many days; None: of all cameras without a rule of their own.

        Raises:
            UsageError: the number of days makes no sense.
            NotFound: the archive has no such camera.
        """
        if not 1 <= days <= MOST_DAYS:
            raise UsageError(f"crops are kept 1 to {MOST_DAYS} days, not {days}")
        with self._store.write() as connection:
            if camera is not None:
                require_cameras(connection, (camera,))
            return held.set_rule(connection, camera, days)

    def clear(self, camera: str | None) -> RetentionRule:
        """Remove the rule of a camera, or of all others.

        Raises:
            NotFound: there is none.
        """
        with self._store.write() as connection:
            return held.clear_rule(connection, camera)

    def plan(self) -> list[tuple[RetentionRule, Erasure]]:
        """Return what each rule would delete now: what is older by the time that footage shows,
        or of indexing where that is not known. What is on hold is left out, and told.

        Raises:
            UsageError: there are no rules.
        """
        rules, at = self.rules(), now()
        if not rules:
            raise UsageError("there is no retention rule yet")
        own = tuple(rule.camera for rule in rules if rule.camera is not None)
        with self._store.read() as connection:
            known = frozenset(camera_names(connection))
        return [
            (rule, self._plan(rule, own, known, at))
            for rule in rules
            if rule.camera is None or rule.camera in known
        ]

    def run(
        self,
        planned: list[tuple[RetentionRule, Erasure]] | None = None,
        progress: Progress = NO_PROGRESS,
    ) -> list[tuple[RetentionRule, Erasure]]:
        """Delete for good what was planned, and return it; an entry of the event log says what.

        Raises:
            UsageError: there are no rules; a hold was set since.
            ArchiveLocked: another process writes.
        """
        planned = self.plan() if planned is None else planned
        for _, erasure in planned:
            if not erasure.empty:
                self._maintenance.delete(erasure, progress)
        rules = [
            {
                "camera": rule.camera,
                "days": rule.days,
                "crops": len(erasure.ids),
                "on_hold": sorted({one.hold_id for one in erasure.held}),
            }
            for rule, erasure in planned
        ]
        record(self._store, Event.RETENTION, {"change": "run", "rules": rules})
        return planned

    def _plan(
        self, rule: RetentionRule, own: tuple[str, ...], known: frozenset[str], at: dt.datetime
    ) -> Erasure:
        from reidsearch.maintenance.erase import Wanted, plan

        older = at - dt.timedelta(days=rule.days)
        if rule.camera is not None:
            filters = Filters(cameras=(rule.camera,))
            return plan(self._store, Wanted(filters, older_than=older, permanent=True))
        others = tuple(one for one in own if one in known)
        return plan(self._store, Wanted(older_than=older, permanent=True, not_of=others))
