"""Index sources of footage one after the other: which need work, what failed."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

from reidsearch.base.errors import InputError, Reason, Refused, out_of_memory
from reidsearch.base.locations import location_text
from reidsearch.domain.crops import Rejected
from reidsearch.domain.footage import Detections, SourceFacts
from reidsearch.domain.reports import FootageReport
from reidsearch.domain.steps import CropStep, SourceFile
from reidsearch.ingest.footage.ahead import Ahead, Prepared, with_following
from reidsearch.ingest.footage.checkpoint import FORMAT
from reidsearch.ingest.footage.detections import (
    DetectionSource,
    WithDetector,
    WithPrecomputed,
)
from reidsearch.ingest.footage.first_pass import TilesChosen, choose_tiles
from reidsearch.ingest.footage.losses import loss_of
from reidsearch.ingest.footage.run import index_source
from reidsearch.ingest.footage.sampled_frames import Seen
from reidsearch.ingest.footage.source_place import SourcePlace
from reidsearch.ingest.footage.source_run import SourceRun, begun_ahead, detections_of
from reidsearch.ingest.progress import SourceBytes
from reidsearch.media.files.inventory import Entry
from reidsearch.media.video.frames import Footage
from reidsearch.media.video.open import Digest, digest_of, open_footage
from reidsearch.store.footage.reader import KnownSource, source, source_at, source_of
from reidsearch.store.footage.writer import facts_digest, same_analysis
from reidsearch.vision.detection.precomputed import Applied, PrecomputedDetections
from reidsearch.vision.detection.precomputed_files import read_precomputed

TILES_UNUSED = "tiles were asked for, but not used: its detections are precomputed"
NAMED_AT_MOST = 20  # losses in the report
IN_OTHER_RUNS = "in_other_runs"


def index_sources(sources: Iterable[Entry], run: SourceRun, *, count: int) -> FootageReport:
    """Index videos and folders of frames.

    When `run.stop` is set, what was worked through is committed, and the rest is left. What another
    run works on is left to it, and looked at again in the end: that run may have been killed.

    Args:
        sources: of an inventory.
        count: how many there are, for progress.

    Returns:
        Counts of what became of every source. What fails is in the failures ledger.
    """
    tally = _Tally(run)
    left: list[tuple[Entry, SourceBytes]] = []
    following = begun_ahead(None, run)
    try:
        for number, (entry, after) in enumerate(with_following(sources), start=1):
            if run.stop.is_set():
                break
            title = f"{number} of {count}: {location_text(Path(entry.path).name)}"
            share = SourceBytes(run.progress, title, entry.size_bytes)
            ahead, following = following, begun_ahead(after, run)
            with contextlib.closing(ahead):
                outcome = tally.outcome(entry, share, ahead, following)
            if IN_OTHER_RUNS in outcome:
                left.append((entry, share))
            else:
                tally.add(outcome)
    finally:
        following.close()
    for entry, share in left:
        if run.stop.is_set():
            break
        nothing = begun_ahead(None, run)
        outcome = tally.outcome(entry, share, nothing, nothing)
        share.finish()
        tally.add(outcome)
    return tally.report()


class _Tally:
    """Takes in sources and counts what became of them."""

    def __init__(self, run: SourceRun) -> None:
        self._run = run
        self._counts: dict[str, Any] = dict.fromkeys(asdict(FootageReport()), 0)
        self._losses: list[str] = []
        self._began = time.monotonic()

    def outcome(
        self, entry: Entry, share: SourceBytes, ahead: Ahead, following: Ahead
    ) -> dict[str, float]:
        """Take in a source; return what became of it. What fails goes into the ledger."""
        run = self._run
        try:
            one = _Source(entry.path, run, share, ahead, following)
            outcome = one.take_in()
            if one.loss is not None:
                run.sink.commit(CropStep([Rejected(entry.location, one.loss)]))
                self._losses.append(f"{entry.location}: {one.loss.message}")
                outcome["partly"] = 1
        except Refused as refused:
            run.sink.commit(CropStep([Rejected(entry.location, refused)]))
            outcome = {"failed": 1}
        except MemoryError:  # what was worked through stays, and the next run goes on from there
            run.sink.commit(CropStep([Rejected(entry.location, out_of_memory())]))
            outcome = {"failed": 1}
        if not run.stop.is_set() and IN_OTHER_RUNS not in outcome:
            share.finish()
        return outcome

    def add(self, outcome: Mapping[str, float]) -> None:
        """Count one more source."""
        for name, value in outcome.items():
            self._counts[name] += value if name == "footage_s" else int(value)
        self._counts["offered"] += 1

    def report(self) -> FootageReport:
        """Return what became of all."""
        rest = {"footage_s", "seconds", "losses", "facts"}
        return FootageReport(
            **{name: value for name, value in self._counts.items() if name not in rest},
            footage_s=float(self._counts["footage_s"]),
            seconds=time.monotonic() - self._began,
            losses=tuple(self._losses[:NAMED_AT_MOST]),
        )


class _Source:
    """One source on its way into the archive.

    Args:
        ahead: what of it was begun before its turn.
        following: is begun while it ends.

    Attributes:
        loss: what of it was not read, as a failure; None: nothing, or it is not known yet.
    """

    def __init__(
        self, path: str, run: SourceRun, share: SourceBytes, ahead: Ahead, following: Ahead
    ) -> None:
        self._place = SourcePlace(path, run.store)
        self._run = run
        self._share = share
        self._ahead, self._following = ahead, following
        self.loss: Refused | None = None

    def take_in(self) -> dict[str, float]:
        """Index it; return what became of it as counts of a `FootageReport`.

        Raises:
            Refused: it cannot be read at all.
        """
        fingerprint = self._place.fingerprint()
        known = source_at(self._run.store, self._place.location)
        naming = self._run.naming
        restored = known is not None and known.erased and not known.permanently
        if known and known.finished and not restored and known.fingerprint == fingerprint:
            told = None if naming.container_time else naming.facts(self._place.location, None).facts
            same = (
                () if told is None else (facts_digest(told), facts_digest(_at_assumed_rate(told)))
            )
            if known.facts in same:
                self.loss = loss_of(known.counts, known.remarks)
                if known.notes is not None and told is not None and told.notes != known.notes:
                    self._run.sink.keep_notes(known.source_id, told)
                return {"unchanged": 1, **self._other_settings(known)}
        with contextlib.ExitStack() as claims:
            begun = known and not known.finished and known.fingerprint == fingerprint
            # Before its bytes are read: another run may be at it.
            if known and begun and not self._claims(claims, known.sha256):
                return {IN_OTHER_RUNS: 1}
            fetching = self._place.fetching_digest(fingerprint)
            if fetching and not self._claims(claims, fetching):
                return {IN_OTHER_RUNS: 1}
            return self._claimed(fingerprint, known, claims)

    def _claimed(
        self, fingerprint: str, known: KnownSource | None, claims: contextlib.ExitStack
    ) -> dict[str, float]:
        # What lay there before may be continued, which the digest that was taken ahead cannot tell.
        ahead = self._ahead.taken(fingerprint) if known is None else None
        with self._place.at_hand(), self._opened(ahead) as footage:
            start_bytes = known.size_bytes if known else None
            progress = self._share.progress
            digest = ahead.digest if ahead else digest_of(self._place.file, progress, start_bytes)
            self._place.require_unchanged(fingerprint)
            if not self._claims(claims, digest.sha256):
                return {IN_OTHER_RUNS: 1}
            # Of the file that has grown to this one: it goes when the whole is there.
            grown = known is not None and _grown_from(known, digest) is not None
            if known and grown and not self._claims(claims, known.sha256):
                return {IN_OTHER_RUNS: 1}
            # Until now another run may have been at them, and have ended.
            known = source_at(self._run.store, self._place.location)
            file = SourceFile(
                self._place.location,
                fingerprint,
                digest.sha256,
                digest.size_bytes,
                grown_from=_grown_from(known, digest),
            )
            return self._take_in(file, footage, known, ahead.detected if ahead else None)

    def _opened(self, ahead: Prepared | None) -> Footage:
        if ahead is not None:
            return ahead.footage
        run = self._run
        return open_footage(self._place.file, frames_fps=run.frames_fps, decoder=run.decoder)

    def _claims(self, claims: contextlib.ExitStack, sha256: bytes) -> bool:
        return claims.enter_context(self._run.sink.claim_source(sha256))

    def _take_in(
        self,
        file: SourceFile,
        footage: Footage,
        known: KnownSource | None,
        detected: Iterator[tuple[Seen, Detections | None]] | None,
    ) -> dict[str, float]:
        held = source_of(self._run.store, file.sha256)
        first_stamp = getattr(footage, "first_stamp", None)
        picture = footage.picture_at(footage.info.first_pts)
        told = self._run.naming.facts(self._place.location, footage.info, first_stamp, picture)
        facts = _at_assumed_rate(told.facts) if footage.clock_assumed else told.facts
        sink = self._run.sink
        precomputed = self._precomputed()
        if held is not None and held.finished and not self._brings_back(held, precomputed):
            shown = source(self._run.store, held.source_id).location
            moved = not self._place.lies(shown)
            changed = sink.place_source(held.source_id, file, facts, moved=moved)
            self.loss = loss_of(held.counts, held.remarks)
            if known is None or known.source_id != held.source_id:
                return {"duplicates": 1, **self._other_settings(held)}
            return {"updated" if changed else "unchanged": 1, **self._other_settings(held)}
        if precomputed:
            info = footage.info
            precomputed = precomputed.fitted(info.width_px, info.height_px)
        settings = self._settings(precomputed)
        analysis = replace(self._run.settings, tiles=settings["tiles"])
        if analysis.tiles == "auto":
            chosen = _chosen_before(held, settings) or self._choose_tiles()
            if chosen is None:
                return {}
            settings["tiles_chosen"] = chosen.stored()
            analysis = replace(analysis, tiles=chosen.tiles)
        begun = sink.begin_source(file, footage.info, facts, settings)
        detections: DetectionSource
        applied = Applied(precomputed) if precomputed else None
        if precomputed and applied:
            detections = WithPrecomputed(precomputed, footage, analysis, applied)
        else:
            detections = WithDetector(self._run.detector(), analysis)
            self._ahead.ending.then(self._following.begin)
        self._share.declare(footage.info.declared_s)
        try:
            outcome = index_source(
                footage,
                begun,
                source=detections,
                embedder=self._run.embedder,
                sink=sink,
                settings=analysis,
                share=self._share,
                ending=self._ahead.ending,
                detected=detected,
                stop=self._run.stop,
                require_unchanged=lambda met: self._require_sound(file.fingerprint, applied, met),
                notes=partial(self._notes, applied),
            )
        except Refused:
            # Other bytes lie there now than those that were analysed, or it was not about them.
            sink.drop_source(begun.source_id)
            raise
        if not outcome.finished:
            return {}
        found = outcome.counts or {}
        self.loss = loss_of(found, footage.lacking.streams)
        kept = ("sampled_frames", "tracklets", "best_shots")
        names = (*kept, "small", "brief", "unlike", "divided", "doubts")
        return {
            "indexed": 1,
            "tiled": int(analysis.grid > 1),
            "resumed": int(outcome.resumed),
            "restarted": int(outcome.restarted),
            "frames": outcome.frames,
            "footage_s": outcome.duration_us / 1e6,
            **{name: found.get(name, 0) for name in names},
            **(_rows_of(applied) if applied else {}),
        }

    def _choose_tiles(self) -> TilesChosen | None:
        run = self._run
        with self._opened(None) as footage:
            return choose_tiles(footage, run.detector(), run.settings, run.stop)

    def _notes(self, applied: Applied | None) -> Sequence[str]:
        told = self._run.notes
        if applied is None:
            return told
        unused = self._run.settings.tiles != 1
        return (*told, *applied.notes(), *([TILES_UNUSED] if unused else []))

    def _require_sound(self, fingerprint: str, applied: Applied | None, met: int) -> None:
        """Ask before the last step is committed. Raises Refused.

        Args:
            met: detections, by the interrupted runs before this one too, which has not applied
                those.
        """
        self._place.require_unchanged(fingerprint)
        if applied is not None and not met:
            applied.require_some()

    def _precomputed(self) -> PrecomputedDetections | None:
        file = self._detections_file()
        if file is None or file == self._run.detections:
            return read_precomputed(file) if file else None
        try:
            return read_precomputed(file)
        except InputError as error:  # of one source among many
            raise Refused(Reason.DETECTIONS_UNUSED, error.message, error.hint) from error

    def _detections_file(self) -> Path | None:
        return detections_of(self._place.path, self._run)

    def _brings_back(self, held: KnownSource, precomputed: PrecomputedDetections | None) -> bool:
        """Tell whether to analyse a finished source again, since some of it was deleted.

        What other settings would find could not be told from what is held.
        """
        if not held.erased or held.permanently:
            return False
        if held.emptied:
            return True
        return same_analysis(held.settings, self._settings(precomputed), resumed=False)

    def _settings(self, precomputed: PrecomputedDetections | None) -> dict[str, Any]:
        """Return what has to be equal for a run to go on from another's checkpoint."""
        run = self._run
        detected_by = precomputed.text if precomputed else run.detector().identity.text
        return {
            **asdict(run.settings),
            "tiles": 1 if precomputed else run.settings.tiles,
            "detector": detected_by,
            "model": run.embedder.identity.text,
            "format": FORMAT,
        }

    def _other_settings(self, known: KnownSource) -> dict[str, float]:
        run, stored = self._run.settings, known.settings
        tiles = run.tiles if self._detections_file() is None else 1
        same = (stored.get("preset"), stored.get("tiles", 1)) == (run.preset, tiles)
        return {} if same else {"other_settings": 1}


def _at_assumed_rate(facts: SourceFacts) -> SourceFacts:
    """Return facts of a source whose media time nobody measured: no time of it is known well."""
    return replace(facts, clock=replace(facts.clock, uncertainty_s=None))


def _chosen_before(held: KnownSource | None, settings: dict[str, Any]) -> TilesChosen | None:
    """Return what an interrupted run with the same settings chose; None: there was none."""
    if held is None or not same_analysis(held.settings, settings, resumed=False):
        return None
    return TilesChosen.of(held.settings)


def _rows_of(applied: Applied) -> dict[str, float]:
    """How many precomputed detections were read, and how many met a frame."""
    return {"precomputed": applied.detections.count, "precomputed_used": applied.used}


def _grown_from(known: KnownSource | None, digest: Digest) -> int | None:
    """Return the source that was here before, if its bytes are the first of the file's."""
    if known is None or digest.sha256 == known.sha256 or digest.start_sha256 != known.sha256:
        return None
    return known.source_id
