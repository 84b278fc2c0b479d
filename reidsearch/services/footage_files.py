"""The files of an archive's footage: where they lie now, proven to be those that were indexed."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from reidsearch.base.errors import InputError, Kind, NotFound, Refused, absent
from reidsearch.base.said import said
from reidsearch.domain.crops import Crop, Pixels
from reidsearch.domain.reports import Relocated
from reidsearch.store.crops.store import Store
from reidsearch.store.footage import places
from reidsearch.store.footage import reader as footage_store
from reidsearch.store.footage.places import Relocation, SourceBytes

if TYPE_CHECKING:
    from reidsearch.media.video.frames import Footage
    from reidsearch.media.video.views import View

T = TypeVar("T")


def open_indexed(store: Store, source_id: int, *, verify: bool) -> tuple[Path, Footage]:
    """Open a source of footage, at the first of its known places that holds its bytes.

    Args:
        verify: hash the bytes, even if they were hashed before and cannot have changed.

    Raises:
        InputError: (footage-missing, footage-differs) no place holds them.
    """
    from reidsearch.media.video.open import open_footage

    path = indexed_file(store, source_id, verify=verify)
    info = footage_store.source(store, source_id).info
    rate = info.declared_fps if info.kind == "frames" else None
    return path, open_footage(path, frames_fps=Fraction(rate) if rate else None)


def indexed_file(store: Store, source_id: int, *, verify: bool) -> Path:
    """Return the first of a source's known places that holds its bytes.

    Args:
        verify: as `open_indexed`.

    Raises:
        InputError: (footage-missing, footage-differs) no place holds them.
    """
    from reidsearch.media.video.open import lies_there, path_of

    (known,) = places.bytes_of(store, source_id)
    others: list[InputError] = []
    for place in known.places:
        path = path_of(place)
        if not lies_there(path):
            continue
        try:
            _require_same(path, known, verify=verify)
        except InputError as error:
            others.append(error)
            continue
        return path
    if others:
        raise others[0]
    source = footage_store.source(store, source_id)
    tried = ", ".join(known.places[:5])
    raise InputError(
        f"{source.location} is no longer there"
        + (f" (tried: {tried})" if len(known.places) > 1 else ""),
        "put it back, or index its folder again: a moved file is recognised by its bytes",
        kind=Kind.FOOTAGE_MISSING,
        location=source.location,
        archive=store.location,
    )


def _require_same(path: Path, known: SourceBytes, *, verify: bool) -> None:
    from reidsearch.media.video.open import digest_of, known_digest

    try:
        same_size = not path.is_file() or path.stat().st_size == known.size_bytes
        digest = None if verify else known_digest(path)
        if same_size and (digest or digest_of(path).sha256.hex()) == known.sha256:
            return
    except OSError as error:
        raise InputError(f"{path} cannot be read: {said(error)}") from error
    except Refused as refused:
        raise refused.reworded(f"{path}: {refused.message}", InputError) from refused
    raise InputError(
        f"{path} is no longer the footage that was indexed: its SHA-256 differs",
        kind=Kind.FOOTAGE_DIFFERS,
    )


def relocate(store: Store, moved: Relocation, *, who: str, why: str, dry_run: bool) -> Relocated:
    """Record that a folder was moved, and show its footage where it is found now.

    Sizes are compared here; bytes are when a file is first used.

    Args:
        who, why: for the record.
        dry_run: record nothing.

    Raises:
        NotFound: no known place begins so.
        UsageError: who or why cannot be stored.
        ArchiveLocked: another process writes.
    """
    from reidsearch.media.video.open import lies_there, path_of

    found: dict[int, str] = {}
    missing: list[str] = []
    differing: list[str] = []
    for known in places.bytes_of(store):
        now = next((new for place in known.places if (new := moved.of(place))), None)
        if now is None:
            continue
        path = path_of(now)
        if not lies_there(path):
            missing.append(now)
        elif path.is_file() and path.stat().st_size != known.size_bytes:
            differing.append(now)
        else:
            found[known.source_id] = now
    if not found and not missing and not differing:
        raise NotFound(
            f"no footage of {store.location} lies in {moved.old}",
            kind=Kind.RELOCATION_OF_NOTHING,
            archive=store.location,
        )
    if not dry_run:
        with store.indexing():
            places.record_relocation(store, moved, found, who, why)
    return Relocated(moved.old, moved.new, len(found), tuple(missing), tuple(differing))


def view_of(store: Store, crop: Crop) -> View:
    """What is stored of a crop's moment, to be compared with its frame."""
    from reidsearch.base.settings import PictureLimits
    from reidsearch.media.pictures import decode
    from reidsearch.media.video.views import View

    if crop.moment is None:
        raise absent("the moment of a crop of footage")
    limits = PictureLimits(min_width_px=1, min_height_px=1)
    return View(crop.moment.pts, crop.box, decode(store.picture(crop.crop_id), limits))


def no_footage(crop: Crop) -> NotFound:
    """Return the error of a crop that came from no footage."""
    return NotFound(
        f"crop {crop.crop_id} was indexed as a picture ({crop.location}); it has no footage",
        kind=Kind.CROP_WITHOUT_FOOTAGE,
        crop=crop.crop_id,
    )


def require_crops_shown(store: Store, path: Path, pts: int, pixels: Pixels) -> None:
    """Refuse a frame of any video that is not what the archive holds of its moment.

    A video that is not held, or was not hashed since it last changed, is not looked at.

    Raises:
        Differs: a crop of this frame is stored, and it does not show it.
    """
    from reidsearch.media.video.open import known_digest
    from reidsearch.media.video.views import require_shown

    sha256 = known_digest(path)
    for crop_id in places.crops_at(store, sha256, pts) if sha256 else ():
        require_shown(pixels, view_of(store, store.crop(crop_id)))


def proven(footage: Footage, show: Callable[[], T]) -> T:
    """Show footage that has to agree with what is stored; where it does not, read from its start.

    Raises:
        Differs: it does not agree then either.
    """
    from reidsearch.media.video.views import Differs

    try:
        return show()
    except Differs:
        footage.read_linearly()
        return show()
