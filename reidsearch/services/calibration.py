"""Making, showing and using the calibration of an archive: `Archive.calibration`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from reidsearch.base.errors import ArchiveError, Kind, NotFound, absent
from reidsearch.base.progress import NO_PROGRESS, Progress, parts, step
from reidsearch.base.timecode import now
from reidsearch.domain.adjustment import Adjustment, camera_means, centred
from reidsearch.domain.crops import Pixels, Vectors
from reidsearch.domain.models import ModelIdentity
from reidsearch.domain.scores import Calibration, Origin, Provenance, Tested
from reidsearch.index.gallery import Gallery
from reidsearch.store.calibration import forget, keep, stored_calibration
from reidsearch.store.crops.embeddings import embeddings_of
from reidsearch.store.crops.store import Store
from reidsearch.store.footage.presence import presences
from reidsearch.store.identities.store import identities

if TYPE_CHECKING:
    from reidsearch.calibration.apply import ScoreReader
    from reidsearch.calibration.comparisons import Comparisons
    from reidsearch.datasets.readers import DataSet
    from reidsearch.domain.figures import LabelledCrop
    from reidsearch.vision.embedding.embedder import Embedder


class CalibrationService:
    """The calibration of one archive: of the scores that its searches have, adjusted or plain.

    Args:
        embedder: gives the archive's embedder, loaded when it is first needed.
        version: of this program, for the provenance.
    """

    def __init__(
        self, store: Store, gallery: Gallery, embedder: Callable[[], Embedder], version: str
    ) -> None:
        self._store = store
        self._gallery = gallery
        self._embedder = embedder
        self._version = version

    def held(self) -> Calibration | None:
        """What was made last and not forgotten, perhaps for another model.

        Raises:
            ArchiveError: it is damaged.
        """
        found = stored_calibration(self._store)
        return found[0] if found else None

    def in_force(self) -> Calibration | None:
        """The calibration of the archive's model and scores; None: none, or it is of others."""
        return self._reader().calibration

    def status(self) -> str:
        """`calibrated ...`, or `uncalibrated` and why, as an answer's statement says it."""
        return self._reader().status

    def from_set(self, path: Path, *, progress: Progress = NO_PROGRESS) -> Calibration:
        """Calibrate on a labelled set: a folder in Market-1501 layout, or a manifest.

        Its pictures are embedded by the archive's model, prepared as the archive's own are. Where
        the archive's scores are camera-adjusted, the set's are, by the means of its own cameras.

        Raises:
            InputError, Refused: the set cannot be read.
            UsageError: too few people by two cameras, or scores that do not tell people apart.
            ArchiveLocked: another process writes.
        """
        model = self._require_model()
        with parts(progress, "calibrating", [70, 10, 20]) as whole:
            adjusted = self._adjustment() is not None
            compared, sha256, notes = self._of_set(path, whole, adjusted=adjusted)
            return self._make(compared, Origin.SET, _name(path), sha256, model, whole, notes)

    def from_labels(self, *, progress: Progress = NO_PROGRESS) -> Calibration:
        """Calibrate on the crops of the archive that carry a person and a camera.

        Raises:
            InputError: nothing is labelled.
            UsageError, ArchiveLocked: as `from_set`.
        """
        from reidsearch.datasets.readers import read_archive

        model = self._require_model()
        with parts(progress, "calibrating", [20, 30, 50]) as whole:
            with step(whole, "reading embeddings"):
                data = read_archive(self._store, "persons")
            if data.held is None:
                raise absent("the embeddings of labelled crops")
            compared = _compared(data, data.held.rows, whole, self._adjustment())
            return self._make(compared, Origin.LABELS, "labels", None, model, whole)

    def from_identities(self, *, progress: Progress = NO_PROGRESS) -> Calibration:
        """Calibrate on all views of what was confirmed, each identity being one person.

        Rejected matches are not compared as such: they were looked at because they score high, so
        that rates made from them would be those of the most alike, not of everybody. What was
        rejected for one identity and confirmed as another is compared like any other.

        Raises:
            UsageError, ArchiveLocked: as `from_set`.
        """
        model = self._require_model()
        with parts(progress, "calibrating", [50, 50]) as whole:
            with step(whole, "comparing"):
                compared = self._of_identities(model)
            return self._make(compared, Origin.IDENTITIES, "identities", None, model, whole)

    def _of_identities(self, model: ModelIdentity) -> Comparisons:
        from reidsearch.calibration.comparisons import across_cameras
        from reidsearch.calibration.fit import SEED

        with self._store.read() as connection:
            known = {
                member: one.identity_id for one in identities(connection) for member in one.members
            }
            seen = presences(connection, known)
        crops = [
            (crop_id, known[member], presence.camera)
            for member, presence in seen.items()
            for crop_id in presence.crop_ids
            if presence.camera is not None
        ]
        rows = embeddings_of(self._store, (crop_id for crop_id, *_ in crops))
        crops = [crop for crop in crops if crop[0] in rows]
        _, cameras = np.unique([str(camera) for *_, camera in crops], return_inverse=True)
        vectors = np.empty((len(crops), model.dimension), np.float32)
        for place, (crop_id, *_) in enumerate(crops):
            vectors[place] = rows[crop_id]
        if (adjust := self._adjustment()) is not None:
            vectors = adjust.queries(vectors, [camera for *_, camera in crops])
        return across_cameras(
            vectors,
            np.array([identity for _, identity, _ in crops], np.int64),
            cameras.astype(np.int64),
            seed=SEED,
        )

    def test(self, path: Path, *, progress: Progress = NO_PROGRESS) -> Tested:
        """Judge the calibration in force on a labelled set.

        Raises:
            NotFound: there is none in force.
            InputError, Refused, UsageError: as `from_set`.
        """
        from reidsearch.calibration.fit import CENTRES, soundness

        calibration = self._require()
        with parts(progress, "testing the calibration", [80, 20]) as whole:
            adjusted = calibration.provenance.adjusted
            compared, _, _ = self._of_set(path, whole, adjusted=adjusted)
        line_lr, _ = calibration.log10_lr(CENTRES)
        return Tested(
            source=_name(path),
            people=len(np.unique(np.concatenate([compared.person_a, compared.person_b]))),
            same_pairs=int(np.count_nonzero(compared.same)),
            different_pairs=int(np.count_nonzero(~compared.same)),
            soundness=soundness(line_lr, compared),
        )

    def forget(self) -> bool:
        """Remove it. Returns whether there was one. Raises ArchiveLocked."""
        return forget(self._store)

    def _reader(self) -> ScoreReader:
        from reidsearch.calibration.apply import ScoreReader

        reader = ScoreReader.of(self._store)
        if reader.calibration is None:
            return reader
        return reader.fitting(adjusted=self._adjustment() is not None)

    def _adjustment(self) -> Adjustment | None:
        """How the scores of the archive's searches are adjusted; None: they are plain."""
        self._gallery.sync()
        found = self._gallery.adjustment()
        return found if isinstance(found, Adjustment) else None

    def _require(self) -> Calibration:
        reader = self._reader()
        if reader.calibration is None:
            raise NotFound(
                f"{self._store.location} is {reader.status}",
                "calibrate the archive",
                kind=Kind.CALIBRATION_MISSING,
                archive=self._store.location,
            )
        return reader.calibration

    def _require_model(self) -> ModelIdentity:
        model = self._store.model()
        if model is None:
            raise ArchiveError(
                f"{self._store.location} holds no crops yet",
                kind=Kind.ARCHIVE_EMPTY,
                archive=self._store.location,
            )
        return model

    def _of_set(
        self, path: Path, progress: Progress, *, adjusted: bool
    ) -> tuple[Comparisons, str, tuple[str, ...]]:
        from reidsearch.datasets.embedded import embed_set
        from reidsearch.datasets.readers import read_data

        digests: list[bytes] = []
        data = read_data(path)
        # Two distractors may be the same person, so that nobody knows what their scores mean.
        known = tuple(_noted(crop, digests) for crop in data.crops if crop.person is not None)
        data = replace(data, query=known, gallery=known)
        rows = embed_set(data, self._embedder(), progress=progress)
        sha256 = hashlib.sha256(b"".join(sorted(digests))).hexdigest()
        compared = _compared(data, rows, progress, "own" if adjusted else None)
        return compared, sha256, data.notes

    def _make(
        self,
        compared: Comparisons,
        origin: Origin,
        source: str,
        sha256: str | None,
        model: ModelIdentity,
        progress: Progress,
        notes: tuple[str, ...] = (),
    ) -> Calibration:
        from reidsearch.calibration.fit import REPLICATES, SEED, fit

        fitted = fit(compared, progress=progress)
        made = Calibration(
            provenance=Provenance(
                origin=origin,
                source=source,
                sha256=sha256,
                people=fitted.people,
                cameras=fitted.cameras,
                crops=compared.crops,
                same_pairs=fitted.same_pairs,
                different_pairs=fitted.different_pairs,
                people_pairs=fitted.people_pairs,
                seed=SEED,
                replicates=REPLICATES,
                version=self._version,
                at=now(),
                notes=notes,
                adjusted=self._adjustment() is not None,
            ),
            digest=model.digest,
            preprocessing=model.preprocessing,
            intercept=fitted.line.intercept,
            slope=fitted.line.slope,
            lowest=fitted.lowest,
            highest=fitted.highest,
            soundness=fitted.soundness,
            curves=fitted.curves,
        )
        keep(self._store, made)
        return made


def _compared(
    data: DataSet,
    rows: Mapping[str, Vectors],
    progress: Progress,
    adjust: Adjustment | Literal["own"] | None,
) -> Comparisons:
    """Compare the crops of a set; `own`: adjusted by the means of its own cameras."""
    from reidsearch.calibration.comparisons import across_cameras
    from reidsearch.calibration.fit import SEED

    _, labelled = data.labelled(rows)
    vectors, cameras = labelled.vectors, labelled.cameras
    with step(progress, "comparing"):
        if isinstance(adjust, Adjustment):
            vectors = adjust.queries(vectors, [data.cameras[place] for place in cameras.tolist()])
        elif adjust is not None:
            means = camera_means(vectors, cameras, len(data.cameras)).means
            vectors = centred(vectors, means[1 + cameras])
        return across_cameras(vectors, labelled.persons, cameras, seed=SEED)


def _name(path: Path) -> str:
    """A folder's own name; of a table also that of its folder."""
    whole = path.resolve()
    return whole.name if whole.is_dir() else f"{whole.parent.name}/{whole.name}"


def _noted(crop: LabelledCrop, digests: list[bytes]) -> LabelledCrop:
    """The same crop; reading it notes what it was: its pixels, its person, its camera."""

    def read() -> Pixels:
        pixels = crop.read()
        known = hashlib.sha256(repr((pixels.shape, crop.person, crop.camera)).encode())
        known.update(np.ascontiguousarray(pixels).tobytes())
        digests.append(known.digest())
        return pixels

    return replace(crop, read=read)
