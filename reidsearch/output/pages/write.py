"""Make a page: one HTML file with everything inside, or a folder with pictures, clips and digests.

Pictures are the bytes that the archive holds, not encoded again, so that their digests say
something. What cannot be had (a crop deleted meanwhile, footage that is gone) is told in the page,
and the rest is written.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from PIL import Image

from reidsearch.base import atomic
from reidsearch.base.errors import (
    ArchiveError,
    NotFound,
    Refused,
    ReidsearchError,
    StorageError,
)
from reidsearch.base.progress import NO_PROGRESS, Progress
from reidsearch.base.reading import read_text
from reidsearch.domain.crops import Crop, Pixels
from reidsearch.domain.reports import ClipReport
from reidsearch.output.emit import dumps
from reidsearch.output.imprint import Imprint
from reidsearch.output.pages.evidence import (
    NAME,
    SUMS,
    Files,
    PageFile,
    clip_span,
    evidence_tables,
    manifest_json,
    sums,
)
from reidsearch.output.pages.html import Addresses, ClipShown, data_address, page_html
from reidsearch.output.shown import Shown
from reidsearch.output.visible import count

MOST_SUMS_BYTES = 1 << 28
QUALITY = 92  # of a query picture as JPEG; those of crops are as they are stored
Clipper = Callable[[int, Path], ClipReport]
"""Cuts the clip of a crop id to a file, as `archive.footage.clip`."""


class Held(Protocol):
    """What a page needs of an archive."""

    def crop(self, crop_id: int) -> Crop:
        """All that is known of a crop. Raises NotFound."""
        ...

    def picture(self, crop_id: int) -> bytes:
        """A crop's JPEG, verified. Raises NotFound, ArchiveError."""
        ...


@dataclass(frozen=True, slots=True)
class PageMade:
    """A page that was made.

    Args:
        sha256: of the HTML file; of a folder that of its `SHA256SUMS`, which seals all of it.
        size_bytes: of all its files.
        pictures, clips: how many of these it has.
        missing: what was not seen or searched, or could not be shown, in sentences.
        folder: it is a folder.
    """

    sha256: str
    size_bytes: int
    pictures: int
    clips: int
    missing: tuple[str, ...]
    folder: bool


def single_page(shown: Shown, held: Held, imprint: Imprint) -> tuple[bytes, PageMade]:
    """Make a page as one HTML file, with all pictures inside."""
    files = Files()
    place = _Inside(files)
    crops = _crops(shown, held, files, place.put)
    queries = _queries(shown, crops, files, place.put)
    page = page_html(
        shown,
        imprint,
        Addresses(crops, queries, {}, inside=True),
        missing=files.missing,
        evidence=evidence_tables(files),
    )
    made = PageFile.of("page.html", "page", page)
    return page, _made(shown, files, made.sha256, made.size_bytes, folder=False)


def write_folder(
    final: Path,
    shown: Shown,
    held: Held,
    imprint: Imprint,
    document: Mapping[str, Any],
    *,
    clip: Clipper | None = None,
    replace: bool = False,
    progress: Progress = NO_PROGRESS,
) -> PageMade:
    """Make a page as a folder, which appears whole or not at all.

    Args:
        document: the same as JSON, for `data.json`.
        clip: cuts clips; None: there are to be none.
        replace: put it in the place of an earlier page; of nothing else.

    Raises:
        StorageError: it cannot be written, or something else lies there.
    """
    if final.exists() and any(final.iterdir()) and not (replace and is_page(final)):
        raise StorageError(f"{final} holds something, and is not overwritten")
    files = Files()
    with atomic.new_folder(final, replace=replace) as folder:
        place = _Beside(folder, files)
        place.put("data.json", "document", dumps(document, indent=2).encode() + b"\n")
        crops = _crops(shown, held, files, place.put)
        queries = _queries(shown, crops, files, place.put)
        clips = {} if clip is None else _clips(shown, held, files, folder, clip, progress)
        page = page_html(
            shown,
            imprint,
            Addresses(crops, queries, clips, inside=False, listed_in=SUMS),
            missing=files.missing,
            evidence=evidence_tables(files),
        )
        place.put("index.html", "page", page)
        manifest = dumps(manifest_json(shown, imprint, files), indent=2).encode() + b"\n"
        place.put(NAME, "document", manifest)
        listed = sums([(one.path, one.sha256) for one in files.listed])
        (folder / SUMS).write_bytes(listed)
        sealed = PageFile.of(SUMS, "document", listed)
        size = sum(one.size_bytes for one in files.listed) + sealed.size_bytes
    return _made(shown, files, sealed.sha256, size, folder=True)


def is_page(folder: Path) -> bool:
    """Tell whether a folder is a page that was written before, and holds nothing else."""
    try:
        lines = read_text(folder / SUMS, MOST_SUMS_BYTES).splitlines()
    except (Refused, OSError):
        return False
    ours = {line.partition("  ")[2] for line in lines} | {SUMS}
    return all(
        not path.is_symlink() and (path.is_dir() or path.relative_to(folder).as_posix() in ours)
        for path in folder.rglob("*")
    )


def _made(shown: Shown, files: Files, sha256: str, size_bytes: int, *, folder: bool) -> PageMade:
    return PageMade(
        sha256,
        size_bytes,
        len(files.some("crop")) + len(files.some("query")),
        len(files.some("clip")),
        (*shown.missing, *files.missing),
        folder,
    )


class _Inside:
    """Puts pictures inside the page."""

    def __init__(self, files: Files) -> None:
        self._files = files

    def put(self, path: str, shows: str, data: bytes, **facts: Any) -> str:
        self._files.listed.append(PageFile.of(path, shows, data, **facts))
        return data_address(data)


class _Beside:
    """Puts files beside the page, in its folder."""

    def __init__(self, folder: Path, files: Files) -> None:
        self._folder, self._files = folder, files

    def put(self, path: str, shows: str, data: bytes, **facts: Any) -> str:
        target = self._folder / path
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(data)
        self._files.listed.append(PageFile.of(path, shows, data, **facts))
        return path


Put = Callable[..., str]


def _crops(shown: Shown, held: Held, files: Files, put: Put) -> dict[int, str]:
    """Put in the pictures of crops, and tell which could not be had."""
    found: dict[int, str] = {}
    gone = []
    for crop_id in shown.crop_ids:
        try:
            crop, jpeg = held.crop(crop_id), held.picture(crop_id)
        except NotFound:
            gone.append(crop_id)
            continue
        except (ArchiveError, StorageError) as error:
            files.missing.append(f"The picture of crop {crop_id}: {error.message}.")
            continue
        found[crop_id] = put(f"pictures/crop-{crop_id}.jpg", "crop", jpeg, crop=crop)
    if gone:
        few = ", ".join(map(str, gone[:20])) + (" and others" if len(gone) > 20 else "")
        files.missing.append(
            f"{count(len(gone), 'picture')} of crops that the archive no longer holds: {few}."
        )
    return found


def _queries(shown: Shown, crops: Mapping[int, str], files: Files, put: Put) -> list[str]:
    return [
        put(f"query/{number}.jpg", "query", _jpeg(one.pixels), query=one)
        if one.pixels is not None
        else crops.get(one.crop_id or 0, "")
        for number, one in enumerate(shown.queries_on_page, start=1)
    ]


def _jpeg(pixels: Pixels) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels[..., ::-1].copy()).save(out, "JPEG", quality=QUALITY, subsampling=0)
    return out.getvalue()


def _clips(
    shown: Shown, held: Held, files: Files, folder: Path, clip: Clipper, progress: Progress
) -> dict[int, ClipShown]:
    """Cut a clip for the first crop of each card, one for each tracklet and source."""
    (folder / "clips").mkdir()
    wanted: dict[tuple[int, int], Crop] = {}
    pictures = 0
    for crop_id in [card.crop_ids[0] for card in shown.cards if card.crop_ids]:
        try:
            crop = held.crop(crop_id)
        except ReidsearchError:  # told among the pictures
            continue
        if crop.moment is None:
            pictures += 1
        else:
            wanted.setdefault((crop.moment.tracklet_id, crop.source_id), crop)
    if pictures:
        told = count(pictures, "crop was indexed as a picture", "crops were indexed as pictures")
        files.missing.append(f"{told}, of which there is no clip.")
    found: dict[int, ClipShown] = {}
    progress.begin("cutting clips", len(wanted), "clips")
    try:
        for crop in wanted.values():
            found |= _clip(crop, files, folder, clip)
            progress.advance()
    finally:
        progress.end()
    return found


def _clip(crop: Crop, files: Files, folder: Path, clip: Clipper) -> dict[int, ClipShown]:
    path = f"clips/crop-{crop.crop_id}.mp4"
    try:
        report = clip(crop.crop_id, folder / path)
    except StorageError:
        raise
    except ReidsearchError as error:
        files.missing.append(f"The clip of crop {crop.crop_id}: {error.message}.")
        return {}
    data = (folder / path).read_bytes()
    files.listed.append(PageFile.of(path, "clip", data, crop=crop, clip=report))
    return {crop.crop_id: ClipShown(path, f"clip, {clip_span(report)} of the footage")}
