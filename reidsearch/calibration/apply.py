"""Answers with every score read by the archive's calibration."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reidsearch.base.errors import Kind, UsageError
from reidsearch.calibration.reference import Impostors, reference_of
from reidsearch.domain.answers import Answer
from reidsearch.domain.scores import REFINED, UNCALIBRATED, Calibration, Origin, Provenance
from reidsearch.store.calibration import stored_calibration

if TYPE_CHECKING:
    from reidsearch.domain.audit import Refused
    from reidsearch.domain.models import ModelIdentity
    from reidsearch.domain.request import SearchRequest
    from reidsearch.store.crops.store import Store

SOURCES = {
    Origin.SET: "on other footage",
    Origin.LABELS: "on this archive's own labels",
    Origin.IDENTITIES: "on what was confirmed in this archive",
}
REFERENCE = f"{UNCALIBRATED}; read by a reference, not from your footage"
# How far off these are: docs/accuracy.md, by benchmarks/calibration.py.
MEANS = (
    "the query has {} pictures; the calibration compares one crop with one: expect up to twice "
    "as many false alarms"
)
BEST = (
    "matches are the best of several crops of a tracklet, which raises scores of other people too: "
    "their probabilities read somewhat too high, their false alarms are counted for every crop"
)
MISLEADING = (0.65, 0.9)
SAME_CAMERA = (
    "{} by the query's own camera {} {} to {}, which different people in similar clothes reach "
    "there too: look at the pictures"
)
LIMITED = (
    "the scores of {} matches lie beyond the range of the calibration and are read at its limit"
)


@dataclass(frozen=True, slots=True, eq=False)
class ScoreReader:
    """Reads the scores of answers by the calibration in force; says so where there is none.

    Args:
        calibration: of the archive's model; None: uncalibrated.
        status: `calibrated ...`, or `uncalibrated` and why, as a statement says it.
        archive: where it is, for messages.
        model: whose scores are read; None: there is none yet.
        refused: gives the cameras at which it does not hold; None: nobody looks.
    """

    calibration: Calibration | None
    status: str
    archive: str
    model: ModelIdentity | None = None
    refused: Callable[[Calibration], tuple[Refused, ...]] | None = None

    @classmethod
    def of(cls, store: Store) -> ScoreReader:
        """Return the reader of an archive's scores.

        Raises:
            ArchiveError: its calibration is damaged.
        """
        found, model = stored_calibration(store), store.model()
        if found is None:
            return cls(None, UNCALIBRATED, store.location, model)
        calibration, made_for = found
        if model is None or not model.matches(made_for):
            status = (
                f"{UNCALIBRATED}: its calibration was made for another model, {made_for.text}, and "
                "says nothing of these scores"
            )
            return cls(None, status, store.location)
        return cls(calibration, described(calibration.provenance), store.location)

    def fitting(self, *, adjusted: bool) -> ScoreReader:
        """Return the reader of scores that are camera-adjusted, or plain."""
        if self.calibration is None or self.calibration.provenance.adjusted == adjusted:
            return self
        kinds = ("plain cosine similarity", "camera-adjusted scores")
        status = (
            f"{UNCALIBRATED}: its calibration was made from {kinds[not adjusted]} and says nothing "
            f"of {kinds[adjusted]}"
        )
        return ScoreReader(None, status, self.archive)

    def by_reference(
        self, impostors: Callable[[], Impostors | None], *, adjusted: bool
    ) -> ScoreReader:
        """Return the reader by the model's reference where the archive has no calibration.

        Args:
            impostors: what different people score in the archive, which the reference is fitted
                to; None: not known, so there is no reading.
            adjusted: of camera-adjusted scores, or of plain ones.
        """
        if self.calibration is not None or self.status != UNCALIBRATED or self.model is None:
            return self
        reference = reference_of(self.model, adjusted=adjusted)
        found = impostors() if reference else None
        if reference is None or found is None:
            return self
        fitted = reference.fitted(found)
        return ScoreReader(fitted, described(fitted.provenance), self.archive, self.model)

    def but_where(self, refused: Callable[[Calibration], tuple[Refused, ...]]) -> ScoreReader:
        """Return the reader that reads no score at cameras where its calibration does not hold."""
        return self if self.calibration is None else replace(self, refused=refused)

    def require(self, request: SearchRequest) -> None:
        """Refuse a request that needs a calibration where there is none.

        Raises:
            UsageError: it asks for a prior, a number of false alarms, or both kinds of evidence.
        """
        made = self.calibration.provenance.origin if self.calibration else None
        for name, given, enough in (
            # How rare wrong matches are here, another's footage cannot promise.
            ("a limit on false alarms", request.max_false_alarms, made is not Origin.REFERENCE),
            ("a prior", request.prior, True),
            ("an order by both kinds of evidence", request.combined or None, True),
        ):
            if given is not None and not (made and enough):
                raise UsageError(
                    f"{name} needs a calibration: {self.archive} is {self.status}",
                    "calibrate the archive",
                    kind=Kind.CALIBRATION_MISSING,
                    archive=self.archive,
                )

    def least_score(self, request: SearchRequest) -> Callable[[int], float] | None:
        """Return crops searched -> the score that so many wrong ones are expected to reach.

        None: the request limits no false alarms.
        """
        calibration, most = self.calibration, request.max_false_alarms
        if most is None or calibration is None:
            return None
        return lambda searched: calibration.score_for(most, max(searched, 1))

    def read(
        self,
        answer: Answer,
        request: SearchRequest,
        pictures: int,
        cameras: Sequence[str | None] = (),
    ) -> Answer:
        """Return the answer to a request of so many query pictures, its scores read.

        Args:
            cameras: that took the query's pictures; None: not known.

        Without a calibration, and for a query that feedback refined, the statement says so.
        """
        answer = _doubted(answer, cameras)
        if self.calibration is None or request.refined:
            status = REFINED if request.refined else self.status
            return Answer(replace(answer.statement, calibration=status), answer.matches)
        read = read_answer(
            answer,
            self.calibration,
            prior=request.prior,
            max_false_alarms=request.max_false_alarms,
            pictures=pictures,
        )
        return unread_at(read, self.refused(self.calibration)) if self.refused else read


def unread_at(answer: Answer, refused: Sequence[Refused]) -> Answer:
    """Return the answer without the readings of matches at cameras where calibration fails.

    Each such camera among the matches has a warning with its figures.
    """
    cameras = {one.camera: one for one in refused}
    matches = tuple(
        replace(match, reading=None) if match.crop.facts.camera in cameras else match
        for match in answer.matches
    )
    named = {match.crop.facts.camera for match in answer.matches}
    told = [
        f"{one.sentence}: its matches have no probability" for one in refused if one.camera in named
    ]
    if not told:
        return answer
    statement = replace(answer.statement, warnings=(*answer.statement.warnings, *told))
    return Answer(statement, matches)


def _doubted(answer: Answer, cameras: Sequence[str | None]) -> Answer:
    """Return the answer, warning of matches whose scores are known to mislead."""
    known = {*cameras} - {None}
    doubtful = sum(
        match.own is None  # the query itself is no finding, whatever its score
        and match.crop.facts.camera in known
        and MISLEADING[0] <= match.score <= MISLEADING[1]
        for match in answer.matches
    )
    if not doubtful:
        return answer
    statement = answer.statement
    told = ("1 match", "scores") if doubtful == 1 else (f"{doubtful:,} matches", "score")
    warnings = (*statement.warnings, SAME_CAMERA.format(*told, *MISLEADING))
    return Answer(replace(statement, warnings=warnings), answer.matches)


def read_answer(
    answer: Answer,
    calibration: Calibration,
    *,
    prior: float | None = None,
    max_false_alarms: float | None = None,
    pictures: int = 1,
) -> Answer:
    """Return the same matches in the same order, each with its reading; perhaps fewer.

    A reading is one of the score, whatever put the match at its rank. False alarms are counted in
    comparisons: every crop searched is one, also where only the best view of a tracklet is shown.

    Args:
        prior: probability, before its score is known, that a crop searched shows the person;
            None: 1 in the crops searched, as if one of them did.
        max_false_alarms: leave out matches with a score that more wrong ones than that would
            reach.
        pictures: how many the query was made from.

    Raises:
        UsageError: so few false alarms were not measured.
    """
    statement = answer.statement
    searched = max(statement.crops_searched, 1)
    # Were one crop searched, 1 in 1 would be certainty before it was looked at.
    prior = 1.0 / max(searched, 2) if prior is None else prior
    min_score, kept = statement.min_score, answer.matches
    if max_false_alarms is not None:
        min_score = calibration.score_for(max_false_alarms, searched)
        kept = tuple(match for match in kept if match.score >= min_score)
    read = tuple(
        replace(match, reading=calibration.read(match.score, prior=prior, comparisons=searched))
        for match in kept
    )
    warnings = [MEANS.format(pictures)] if pictures > 1 else []
    if any(match.tracklet and len(match.tracklet.crop_ids) > 1 for match in read):
        warnings.append(BEST)
    if limited := sum(match.reading.limited for match in read if match.reading):
        warnings.append(LIMITED.format(limited))
    statement = replace(
        statement,
        min_score=min_score,
        calibration=described(calibration.provenance),
        calibrated_by=calibration.provenance,
        calibration_sha256=calibration.sha256,
        prior=prior,
        max_false_alarms=max_false_alarms,
        warnings=(*statement.warnings, *warnings),
    )
    return Answer(statement, read)


def described(provenance: Provenance) -> str:
    """Return where a calibration comes from, in half a sentence."""
    if provenance.origin is Origin.REFERENCE:
        return f"{REFERENCE}: {provenance.source}"
    named = f": {provenance.source}" if provenance.origin is Origin.SET else ""
    return (
        f"calibrated {SOURCES[provenance.origin]}{named} ({provenance.people:,} people, "
        f"{provenance.cameras:,} cameras, {provenance.at:%Y-%m-%d}"
        f"{', camera-adjusted scores' if provenance.adjusted else ''})"
    )
