"""Clocks of cameras, told by the people whom they saw: suggested, and set when somebody accepts."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from reidsearch.base.errors import ArchiveError, Kind, NotFound, UsageError
from reidsearch.base.progress import NO_PROGRESS, Progress, parts, step
from reidsearch.base.timecode import duration_text, from_us, iso, to_us
from reidsearch.domain.clock_suggestion import (
    CameraOffset,
    CameraPair,
    ClockSuggestion,
    HowPaired,
    Residuals,
    WhyNoOffset,
)
from reidsearch.domain.decisions import Identity, Presence
from reidsearch.domain.event_log import Event
from reidsearch.domain.footage import Clock, SourceCoverage
from reidsearch.linking.clock_checks import cycles, disagreements
from reidsearch.linking.seen_by_both import Sightings, seen_by_both
from reidsearch.services.search_log import entries_of
from reidsearch.store.cases import asked_for
from reidsearch.store.crops.store import Store
from reidsearch.store.footage import reader as footage_store
from reidsearch.store.footage.clocks import clock_of, record_clock

if TYPE_CHECKING:
    from reidsearch.linking.clock_fit import ClockFit, PairOfLags

WITHIN_S = 900.0


class ClockSuggestions:
    """Suggestions for the clocks of one archive's cameras.

    Args:
        actor: who accepts, for the record of corrections.
    """

    def __init__(self, store: Store, actor: str) -> None:
        self._store, self._actor = store, actor

    def by(self, actor: str) -> ClockSuggestions:
        """Return the same for another actor, such as the user of a web page."""
        return ClockSuggestions(self._store, actor)

    def suggest(
        self,
        reference: str,
        *,
        at_once: Collection[tuple[str, str]] = (),
        within_s: float = WITHIN_S,
        progress: Progress = NO_PROGRESS,
    ) -> ClockSuggestion:
        """Tell how far the clocks of all cameras are from that of the reference.

        From confirmed identities, and from sightings at two cameras that are each other's best
        match. Where people go between two cameras in both directions, half the difference of both
        is the offset, as far as both take equally long; in one direction alone a way's time
        cannot be told from an offset. Nothing is changed.

        Args:
            reference: a camera, whose clock is taken to be right.
            at_once: pairs of cameras that show one place, so that people are seen at once.
            within_s: sightings up to so far apart are compared; larger offsets are not found.

        Raises:
            ArchiveError: the archive holds no crops.
            NotFound: there is no such camera.
            UsageError: the reference has no clock; the time makes no sense; a pair is one camera;
                a case is needed.
        """
        if not 10 <= within_s <= 86_400:
            told = duration_text(within_s)
            raise UsageError(f"sightings within 10 s to a day are compared, not {told}")
        for camera, other in at_once:
            if camera == other:
                raise UsageError(f"{camera} and {other} are one camera: name two that show a place")
        asked_for(self._store)
        with parts(progress, "comparing clocks", [10, 50, 40]) as whole:
            with self._store.one_state(), step(whole, "reading sightings"):
                sources = footage_store.coverage(self._store)
                known = {one.facts.camera for one in sources} - {None}
                named = [reference, *itertools.chain.from_iterable(at_once)]
                for camera in named:
                    if camera not in known:
                        told = ", ".join(sorted(map(str, known))) or "none"
                        raise NotFound(
                            f"the archive has no footage of a camera {camera!r}",
                            f"cameras: {told}",
                        )
                if all(
                    one.facts.clock.start is None
                    for one in sources
                    if one.facts.camera == reference
                ):
                    raise UsageError(
                        f"the clock of {reference} is not known, so nothing is relative to it",
                        "name another camera, or set the start of its sources",
                    )
                seen, identities = self._sightings()
            found = self._suggestion(seen, identities, reference, at_once, within_s, sources, whole)
        detail = {
            "reference": reference,
            "within_s": within_s,
            "at_once": sorted(map(list, at_once)),
            "people": found.people,
            "offsets": {one.camera: one.offset_s for one in found.cameras},
        }
        (logged,) = entries_of(self._store, [detail], Event.CLOCK_SUGGEST)
        return replace(found, logged=logged.entry, why_not_logged=logged.why_not)

    def accept(self, found: ClockSuggestion, cameras: Sequence[str], why: str) -> ClockSuggestion:
        """Set the clocks of all sources of some cameras as suggested, each on record.

        Args:
            cameras: each with an offset.
            why: for the record, beside what the suggestion rests on.

        Raises:
            UsageError: nothing is suggested for a camera; a clock of it or of the reference was
                set since.
            ArchiveLocked: another process writes.
        """
        by_name = {one.camera: one for one in found.cameras}
        for name in cameras:
            if name not in by_name or by_name[name].offset_s is None or found.at is None:
                raise UsageError(f"nothing is suggested for the clock of {name}")
        sources = footage_store.coverage(self._store)
        sure = clock_uncertainty(sources, found.reference)
        with self._store.indexing(), self._store.write() as connection:
            for source in sources:
                if source.facts.camera not in (*cameras, found.reference):
                    continue
                # What was suggested is to be added to those clocks, and to no others.
                now = clock_of(connection, source.source_id)
                if not now == source.facts.clock == found.told_by.get(source.source_id):
                    raise UsageError(
                        f"the clock of {source.location} was set, or the source came, since this "
                        "was suggested",
                        "ask again",
                    )
            for name in cameras:
                one = by_name[name]
                told = _why(one, found, why)
                for source in sources:
                    if source.facts.camera != name or source.facts.clock.start is None:
                        continue
                    clock = suggested_clock(source.facts.clock, one, found, sure)
                    record_clock(connection, source.source_id, clock, self._actor, told)
        return replace(found, accepted=tuple(cameras))

    def _sightings(self) -> tuple[Sightings, list[Identity]]:
        from reidsearch.linking.adjust import adjusted
        from reidsearch.store.identities.candidates import linking_candidates
        from reidsearch.store.identities.store import identities

        model = self._store.model()
        if model is None:
            raise ArchiveError(
                f"{self._store.location} holds no crops yet",
                kind=Kind.ARCHIVE_EMPTY,
                archive=self._store.location,
            )
        with self._store.read() as connection:
            held = linking_candidates(connection, model.dimension)
            named = [one for one in identities(connection) if one.merged_into is None]
        whose = {member: one.identity_id for one in named for member in one.members}
        names = sorted({one.camera for one in held.presences if one.camera is not None})
        number = {name: at for at, name in enumerate(names)}
        every = np.array([number.get(one.camera or "", -1) for one in held.presences], np.int64)
        vectors = adjusted(held.vectors, every)
        rows = [
            row
            for row, one in enumerate(held.presences)
            if one.member.kind == "tracklet"
            and one.camera is not None
            and one.first_us is not None
            and one.last_us is not None
        ]
        rows.sort(key=lambda row: sum(_times(held.presences[row])))
        seen = tuple(held.presences[row] for row in rows)
        times = np.array([_times(one) for one in seen], np.int64).reshape(-1, 2)
        zero_us = int(times.min()) if len(times) else 0
        seconds = (times - zero_us) / 1e6
        return (
            Sightings(
                tuple(names),
                every[rows],
                seconds[:, 0],
                seconds[:, 1],
                vectors[rows],
                np.array([whose.get(one.member, -1) for one in seen], np.int64),
                seen,
                zero_us,
            ),
            named,
        )

    def _suggestion(
        self,
        seen: Sightings,
        identities: Sequence[Identity],
        reference: str,
        at_once: Collection[tuple[str, str]],
        within_s: float,
        sources: Sequence[SourceCoverage],
        progress: Progress,
    ) -> ClockSuggestion:
        from reidsearch.linking.clock_fit import fit_clocks

        both = seen_by_both(seen, at_once, within_s, progress)
        number = seen.names.index(reference) if reference in seen.names else -1
        fit = fit_clocks(both.pairs, number, within_s, progress)
        pairs = _pairs(seen.names, both.pairs, fit)
        at = None if fit is None else from_us(seen.zero_us + round(fit.at_s * 1e6))
        cameras = tuple(
            _offset(name, seen.names, fit, pairs, sources)
            for name in sorted({one.facts.camera for one in sources if one.facts.camera})
            if name != reference
        )
        found = ClockSuggestion(
            reference=reference,
            at=at,
            within_s=within_s,
            least_score=both.least,
            confirmed=both.confirmed,
            matched=both.matched,
            people=both.people,
            cameras=cameras,
            pairs=pairs,
            cycles=tuple(cycles(pairs, reference)),
            disagreements=(),
            disagreeing=0,
            residuals=_residuals(seen.names, both.pairs, fit),
            told_by={one.source_id: one.facts.clock for one in sources},
        )
        names = {one.identity_id: one.name for one in identities}
        listed, count = disagreements(seen, found, names, at_once)
        return replace(found, disagreements=listed, disagreeing=count)


def suggested_clock(
    clock: Clock, one: CameraOffset, found: ClockSuggestion, reference_s: float | None
) -> Clock:
    """Return the clock of a source as a suggestion would have it.

    Args:
        clock: with a start.
        reference_s: the uncertainty of the reference's clock; None: not known, so neither is that
            of the result.
    """
    begins_us = clock.at_us(Fraction(0))
    if begins_us is None or found.at is None or one.interval_s is None:
        raise UsageError(f"the clock of a source of {one.camera} is not known")
    after_s = (begins_us - to_us(found.at)) / 1e6
    low, high = one.interval_s
    unsure_s = (high - low) / 2
    if one.drift_ppm and one.drift_interval_ppm is not None:
        unsure_s += abs(after_s) * (one.drift_interval_ppm[1] - one.drift_interval_ppm[0]) / 2e6
    rate = (1 + clock.drift_ppm / 1e6) * (1 + one.drift_ppm / 1e6)
    return replace(
        clock,
        offset_s=clock.offset_s + Fraction(round(one.correction_s(after_s) * 1000), 1000),
        drift_ppm=round((rate - 1) * 1e6, 3),
        uncertainty_s=None if reference_s is None else round(unsure_s + reference_s, 3),
    )


def clock_uncertainty(sources: Sequence[SourceCoverage], camera: str) -> float | None:
    """Return the largest uncertainty of a camera's clocks; None: one is not known."""
    found = [
        one.facts.clock.uncertainty_s
        for one in sources
        if one.facts.camera == camera and one.facts.clock.start is not None
    ]
    known = [one for one in found if one is not None]
    return max(known) if known and len(known) == len(found) else None


def _why(one: CameraOffset, found: ClockSuggestion, why: str) -> str:
    low, high = one.interval_s or (0.0, 0.0)
    at = iso(found.at) if found.at else ""
    told = (
        f"as suggested from {one.people} people against {found.reference}: "
        f"{one.offset_s:+.2f} s ({low:+.2f} to {high:+.2f}) at {at}, {one.drift_ppm:+.1f} ppm"
    )
    return f"{why}; {told}" if why else told


def _times(one: Presence) -> tuple[int, int]:
    if one.first_us is None or one.last_us is None:
        raise ValueError("the time of a sighting is not known")
    return one.first_us, max(one.last_us, one.first_us)


def _pairs(
    names: Sequence[str], pairs: Sequence[PairOfLags], fit: ClockFit | None
) -> tuple[CameraPair, ...]:
    from reidsearch.linking.lags import AT_ONCE, BACKWARD, FORWARD

    found = []
    for number, one in enumerate(pairs):
        group = one.groups.group
        own = fit.pairs[number] if fit is not None else None
        found.append(
            CameraPair(
                names[one.a],
                names[one.b],
                one.groups.how,
                len(one.lags),
                int((group == FORWARD).sum()),
                int((group == BACKWARD).sum()),
                int((group == AT_ONCE).sum()),
                len(np.unique(one.lags.people)),
                own.transit_s if own else None,
                own.residual_s if own else None,
                own.residual_sd_s if own else None,
            )
        )
    return tuple(found)


def _offset(
    name: str,
    names: Sequence[str],
    fit: ClockFit | None,
    pairs: Sequence[CameraPair],
    sources: Sequence[SourceCoverage],
) -> CameraOffset:
    from reidsearch.linking.clock_fit import quantile_t

    clocks = [one.facts.clock for one in sources if one.facts.camera == name]
    timed = sum(one.start is not None for one in clocks)
    number = names.index(name) if name in names else -1
    if fit is None or number not in fit.offsets:
        hows = {one.how for one in pairs if name in (one.a, one.b)}
        if not timed:
            why = WhyNoOffset.NO_CLOCK
        elif hows <= {HowPaired.TOO_FEW}:
            why = WhyNoOffset.NOBODY
        elif hows <= {HowPaired.TOO_FEW, HowPaired.ONE_WAY}:
            why = WhyNoOffset.ONE_WAY
        else:
            why = WhyNoOffset.NOT_CONNECTED
        return CameraOffset(name, None, None, 0.0, None, 0, 0, timed, why)
    factor = quantile_t(fit.freedom) * fit.widened
    offset, deviation = fit.offsets[number]
    drift, unsure = fit.drifts.get(number, (0.0, fit.tried.get(number, (0.0, 0.0))[1]))
    told = None
    if number in fit.tried:
        centre = drift if number in fit.drifts else fit.tried[number][0]
        told = ((centre - factor * unsure) * 1e6, (centre + factor * unsure) * 1e6)
    lags, people = fit.rows[number]
    return CameraOffset(
        name,
        offset,
        (offset - factor * deviation, offset + factor * deviation),
        drift * 1e6,
        told,
        people,
        lags,
        timed,
    )


def _residuals(
    names: Sequence[str], pairs: Sequence[PairOfLags], fit: ClockFit | None
) -> tuple[Residuals, ...]:
    if fit is None:
        return ()
    return tuple(
        Residuals(
            names[one.a],
            names[one.b],
            tuple((own.after_s / 3600).tolist()),
            tuple(own.seconds.tolist()),
            tuple(own.forward.tolist()),
        )
        for one, own in zip(pairs, fit.pairs, strict=True)
        if own is not None
    )
