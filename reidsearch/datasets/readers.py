"""Labelled crops, as the evaluation protocol needs them: Market-1501 folders, manifests, archives.

Only names of Market-1501 know junk (person -1) and distractors (person 0). Elsewhere a person is a
text like any other, and a crop whose person or camera is not known is left out: it may show
anybody, so that it would be neither right nor wrong.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np

from reidsearch.base.errors import ArchiveError, InputError, Kind, UsageError
from reidsearch.base.locations import location_text
from reidsearch.base.settings import PictureLimits
from reidsearch.datasets.labels import DISTRACTOR, Labelled
from reidsearch.domain.crops import CropInput, Pixels, Rejected, Vectors
from reidsearch.domain.figures import LabelledCrop
from reidsearch.domain.models import ModelIdentity
from reidsearch.media.files.manifest import Manifest
from reidsearch.media.files.paths import kind_of
from reidsearch.media.naming.patterns import Naming
from reidsearch.media.pictures import cut, decode, read_picture
from reidsearch.store.crops.embeddings import embeddings_of
from reidsearch.store.crops.labelled import confirmed_crops, labelled_crops
from reidsearch.store.crops.store import Store

# Who says whom an archive's crop shows, and what that means for figures.
_SAID = {
    "persons": "whom a crop shows is what came with it while indexing (labels: persons)",
    "identities": "whom a crop shows is what users of this archive confirmed (labels: "
    "identities), mostly of matches that a search had found: people who are hard to find are "
    "missing, so the figures are too good",
}
_MARKET = re.compile(r"(-?\d+)_c(\d+).*\.[^.]+", re.IGNORECASE)
_NAMED_AT_MOST = 3
_UNLABELLED = "no crop of {} has both a person and a camera"
_AS_MARKET = re.compile(r"-1|0+")


@dataclass(frozen=True, slots=True)
class Held:
    """Embeddings that an archive holds already.

    Args:
        rows: name of a crop -> (d,) float32 of unit length.
    """

    model: ModelIdentity
    rows: Mapping[str, Vectors]


@dataclass(frozen=True, slots=True)
class DataSet:
    """What is searched for, and what is searched in.

    Args:
        name: what it was read from.
        notes: what was left out, and why, in sentences.
        held: embeddings that need not be computed.
    """

    name: str
    query: tuple[LabelledCrop, ...]
    gallery: tuple[LabelledCrop, ...]
    notes: tuple[str, ...] = ()
    held: Held | None = field(default=None, compare=False, repr=False)

    @property
    def cameras(self) -> tuple[str, ...]:
        """All of them, numbers in the order of numbers."""
        return tuple(sorted({crop.camera for crop in self.query + self.gallery}, key=_natural))

    @property
    def crops(self) -> tuple[LabelledCrop, ...]:
        """Those of query and gallery, each once."""
        return tuple({crop.name: crop for crop in self.query + self.gallery}.values())

    def of_cameras(self, query: Collection[str] = (), gallery: Collection[str] = ()) -> DataSet:
        """Queries of some cameras only, gallery of some only; no name means all.

        Raises:
            UsageError: there is no such camera.
        """
        for camera in (*query, *gallery):
            if camera not in self.cameras:
                raise UsageError(
                    f"{self.name} has no camera {camera!r}", f"cameras: {', '.join(self.cameras)}"
                )
        return replace(
            self,
            query=tuple(crop for crop in self.query if not query or crop.camera in query),
            gallery=tuple(crop for crop in self.gallery if not gallery or crop.camera in gallery),
        )

    def labelled(self, rows: Mapping[str, Vectors]) -> tuple[Labelled, Labelled]:
        """Query and gallery for `protocol.evaluate`.

        Persons are numbered from 1, distractors are 0; cameras are numbered as in `cameras`.

        Args:
            rows: name of a crop -> (d,) float32 of unit length.
        """
        people = {crop.person for crop in self.query + self.gallery} - {None}
        number = {person: place for place, person in enumerate(sorted(map(str, people)), start=1)}
        camera = {name: place for place, name in enumerate(self.cameras)}

        def side(crops: tuple[LabelledCrop, ...]) -> Labelled:
            persons = [DISTRACTOR if c.person is None else number[c.person] for c in crops]
            return Labelled(
                np.stack([rows[crop.name] for crop in crops]),
                np.array(persons, np.int64),
                np.array([camera[crop.camera] for crop in crops], np.int64),
            )

        return side(self.query), side(self.gallery)


def read_data(path: Path) -> DataSet:
    """Read a folder in Market-1501 layout or a manifest, whichever it is.

    Raises:
        InputError: it is neither.
    """
    if path.is_dir():
        return read_market(path)
    return read_manifest(path)


def read_market(folder: Path) -> DataSet:
    """Read the layout of Market-1501: `query/`, `bounding_box_test/`, names `PPPP_cC...jpg`.

    Person -1, junk, is left out; person 0 is a distractor.

    Raises:
        InputError: a folder is missing or holds no picture of such a name.
    """
    passed: list[str] = []
    query, gallery = (
        tuple(_market_crops(folder / name, passed)) for name in ("query", "bounding_box_test")
    )
    junk = sum(crop.person == "-1" for crop in query + gallery)
    unknown = sum(crop.person is None for crop in query)
    notes = []
    if passed:
        shown = ", ".join(passed[:_NAMED_AT_MOST]) + (", ..." if passed[_NAMED_AT_MOST:] else "")
        notes.append(
            f"{len(passed):,} of {len(passed) + len(query) + len(gallery):,} pictures were left "
            f"out, their names are not PPPP_cC...: {shown}; the figures are of the others"
        )
    if junk:
        notes.append(f"{junk:,} crops of person -1 (junk) were left out")
    if unknown:
        notes.append(f"{unknown:,} queries of person 0 (distractors) were left out")
    return _require_both(
        DataSet(
            str(folder),
            tuple(crop for crop in query if crop.person not in {"-1", None}),
            tuple(crop for crop in gallery if crop.person != "-1"),
            tuple(notes),
        )
    )


def _market_crops(folder: Path, passed: list[str]) -> Iterator[LabelledCrop]:
    """Yield the crops of a folder; the names of its other pictures and folders go to `passed`."""
    if not folder.is_dir():
        raise InputError(
            f"{folder} does not exist",
            "a data set in Market-1501 layout has the folders query and bounding_box_test; "
            "other crops are named by a manifest: CSV with path, person_id, camera_id",
        )
    found = False
    for path in sorted(folder.iterdir()):
        kind = kind_of(path.name)
        if kind == "other" and path.is_dir():
            inside = [one for one in path.rglob("*") if kind_of(one.name) == "picture"]
            passed += [location_text(str(one.relative_to(folder.parent))) for one in inside]
        if kind != "picture":
            continue
        match = _MARKET.fullmatch(path.name)
        if match is None:
            passed.append(location_text(f"{folder.name}/{path.name}"))
        else:
            person = int(match[1])
            read = partial(read_picture, path, PictureLimits())
            name = f"{folder.name}/{path.name}"
            yield LabelledCrop(name, None if person == 0 else str(person), str(int(match[2])), read)
            found = True
    if not found:
        raise InputError(
            f"{folder} holds no picture named PPPP_cC...jpg",
            "PPPP is the person's number, C the camera's",
        )


def read_manifest(path: Path) -> DataSet:
    """Read a manifest as indexing does: path, person_id, camera_id, perhaps box.

    Every crop is in the query and in the gallery; `DataSet.of_cameras` parts them.

    Raises:
        InputError: it cannot be read, a row is bad, a picture is missing, or nothing is labelled.
    """
    crops = []
    limits = PictureLimits()
    rows = 0
    table = os.path.abspath(path)  # noqa: PTH100 - as pictures are looked for, no resolve
    within = location_text(f"{os.path.dirname(table)}{os.sep}")  # noqa: PTH120
    for item in Manifest.open(table).crop_inputs(Naming()):
        if isinstance(item, Rejected):
            raise InputError(
                f"{item.location}: {item.cause.message}",
                "every crop must be readable: correct the manifest, or remove the row",
            )
        rows += 1
        if item.facts.person is not None and item.facts.camera is not None:
            read = partial(_read, item, limits)
            name = item.key.removeprefix(within)
            crops.append(LabelledCrop(name, item.facts.person, item.facts.camera, read))
    if not crops:
        raise InputError(_UNLABELLED.format(path), "give the columns path, person_id, camera_id")
    return _of_all(str(path), tuple(crops), rows)


def _read(item: CropInput, limits: PictureLimits) -> Pixels:
    return cut(decode(item.locator.read(limits), limits), item.box, limits)


def read_archive(store: Store, labels: str | None = None) -> DataSet:
    """Read the crops of an archive that carry a person and a camera, with their embeddings.

    Every crop is in the query and in the gallery; a note tells where persons come from.

    Args:
        labels: `persons` or `identities`; None: persons, where none came with any crop identities.

    Raises:
        ArchiveError: the archive holds no crops.
        InputError: nothing in it is labelled.
        UsageError: there are no such labels.
    """
    if labels is not None and labels not in _SAID:
        raise UsageError(f"labels are {' or '.join(_SAID)}, not {labels!r}")
    model = store.model()
    if model is None:
        raise ArchiveError(
            f"{store.location} holds no crops yet", kind=Kind.ARCHIVE_EMPTY, archive=store.location
        )
    found, held = ([], 0) if labels == "identities" else labelled_crops(store)
    if labels != "persons" and not found:
        confirmed, held = confirmed_crops(store)
        if confirmed or labels is not None:
            found, labels = confirmed, "identities"
    rows = embeddings_of(store, [crop_id for crop_id, _, _ in found])
    crops = tuple(
        LabelledCrop(f"crop {crop_id}", person, camera, partial(_stored, store, crop_id))
        for crop_id, person, camera in found
        if crop_id in rows
    )
    if not crops:
        raise InputError(
            _UNLABELLED.format(store.location),
            "identities come from decisions"
            if labels == "identities"
            else "persons come from file names or manifests while indexing, identities from "
            "decisions",
            kind=Kind.LABELS_MISSING,
            labels=labels or "persons",
        )
    data = _of_all(store.location, crops, held)
    named = {f"crop {crop_id}": row for crop_id, row in rows.items()}
    said = _SAID[labels or "persons"]
    return replace(data, held=Held(model, named), notes=(*data.notes, said))


def _stored(store: Store, crop_id: int) -> Pixels:
    return decode(store.picture(crop_id), PictureLimits())


def _of_all(name: str, crops: tuple[LabelledCrop, ...], rows: int) -> DataSet:
    """All crops are searched for and searched in."""
    left_out = rows - len(crops)
    notes = []
    if left_out:
        notes.append(
            f"{left_out:,} of {rows:,} crops were left out: their person or camera is not known"
        )
    if market := sorted({c.person for c in crops if c.person and _AS_MARKET.fullmatch(c.person)}):
        notes.append(
            f"{' and '.join(market)} was taken for a person; only in a folder of Market-1501 "
            "names does it mean junk or distractors"
        )
    return DataSet(name, crops, crops, tuple(notes))


def _require_both(data: DataSet) -> DataSet:
    if not data.query or not data.gallery:
        raise InputError(f"{data.name} has no queries or no gallery once junk is left out")
    return data


def _natural(text: str) -> tuple[bool, int, str]:
    return (not text.isdecimal(), int(text) if text.isdecimal() else 0, text)
