"""What a bundle shows of each finding: footage as it is, clip, full frame, crop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from reidsearch.base.errors import ReidsearchError, StorageError
from reidsearch.base.progress import Progress
from reidsearch.domain.crops import Crop, Pixels
from reidsearch.domain.footage import Clock
from reidsearch.domain.redaction import Part, Redaction, RedactionReport
from reidsearch.output.evidence.held import Held
from reidsearch.output.evidence.manifest import Borders, Bundle, Finding
from reidsearch.output.picture_file import encode
from reidsearch.output.redaction import redacted_text
from reidsearch.output.stills import ClipMargin, still
from reidsearch.output.visible import count

COPIED = (".mp4", ".mkv", ".mov", ".ts")
"""Containers that a stream is copied into under its own ending; others go into Matroska."""


def put_exhibits(bundle: Bundle, archive: Held, progress: Progress) -> None:
    """Put in all findings; what cannot be had is told of each, and the rest is put in."""
    _Exhibits(bundle, archive).put(progress)


class _Exhibits:
    def __init__(self, bundle: Bundle, archive: Held) -> None:
        self._bundle, self._archive = bundle, archive
        self._clocks: dict[int, Clock] = {
            one.source_id: one.facts.clock for one in archive.footage.coverage()
        }
        self._done: set[tuple[str, int, int]] = set()
        """What was put in, or tried, of a tracklet in a source; of a source as a whole."""

    def put(self, progress: Progress) -> None:
        ids = self._bundle.asked.crop_ids
        progress.begin("collecting evidence", len(ids), "findings")
        try:
            for crop_id in ids:
                progress.working_on(f"crop {crop_id}")
                self._finding(crop_id)
                progress.advance()
        finally:
            progress.end()

    def _finding(self, crop_id: int) -> None:
        asked = self._bundle.asked
        try:
            finding = Finding(self._archive.crop(crop_id))
        except ReidsearchError as error:
            self._bundle.missing.append(f"Crop {crop_id}: {error.message}.")
            return
        self._bundle.findings.append(finding)
        if asked.sources == "whole":
            self._attempt(finding, "source file", self._source)
        if finding.crop.moment is not None:
            if asked.sources == "copy":
                self._attempt(finding, "copied footage", self._copy)
            self._attempt(finding, "clip", self._clip)
            self._attempt(finding, "full frame", self._still)
        if asked.redact is None or asked.redact.part(exported=True) is Part.NONE:
            self._attempt(finding, "crop", self._crop)

    def _attempt(self, finding: Finding, what: str, put: Callable[[Crop], None]) -> None:
        try:
            put(finding.crop)
        except StorageError:
            raise
        except ReidsearchError as error:
            finding.missing.append(f"Crop {finding.crop.crop_id}: no {what}: {error.message}.")

    def _first(self, what: str, crop: Crop) -> bool:
        """Tell whether this is the first of a tracklet in a source, or of a source."""
        moment = crop.moment
        key = (what, crop.source_id, moment.tracklet_id if moment and what != "source" else 0)
        new = key not in self._done
        self._done.add(key)
        return new

    def _source(self, crop: Crop) -> None:
        if not self._first("source", crop):
            return
        if crop.moment is None:
            self._bundle.missing.append(
                f"Crop {crop.crop_id} was indexed as a picture: the file that it was is not put in."
            )
            return
        ending = Path(crop.location).suffix.lower()
        ending = ending if ending[1:].isalnum() and ending.isascii() else ".bin"
        path = f"originals/source-{crop.source_sha256[:16]}{ending}"
        self._archive.footage.original(crop.source_id, self._bundle.place(path))
        says = f"the whole source {Path(crop.location).name}, byte for byte"
        self._bundle.add(path, "source", says, source=crop.source_sha256)

    def _copy(self, crop: Crop) -> None:
        if not self._first("copy", crop):
            return
        ending = Path(crop.location).suffix.lower()
        path = f"originals/crop-{crop.crop_id}{ending if ending in COPIED else '.mkv'}"
        clip = self._archive.footage.clip(
            crop.crop_id,
            self._bundle.place(path),
            margin_s=self._bundle.asked.margin_s,
            box=False,
            as_it_is=True,
        )
        says = (
            f"the camera's own stream around crop {crop.crop_id}, copied without encoding: from"
            f" {float(clip.from_s):.3f} to {float(clip.to_s):.3f} s of the source, where"
            f" {float(clip.asked_from_s):.3f} to {float(clip.asked_to_s):.3f} s were asked for (a"
            " copy begins at a key frame; the clip in clips/ has just what was asked for)"
        )
        self._bundle.add(
            path, "original", says, crop_id=crop.crop_id, source=crop.source_sha256,
            borders=Borders.of(clip), altered=("put into a file of its own; no sound",),
        )  # fmt: skip

    def _clip(self, crop: Crop) -> None:
        if not self._first("clip", crop):
            return
        asked, path = self._bundle.asked, f"clips/crop-{crop.crop_id}.mp4"
        imprint, whom = self._bundle.imprint, asked.redact
        below = None
        if asked.caption:
            below = ClipMargin(crop, self._clocks[crop.source_id], imprint, whom)
        box = whom is not Redaction.ALL
        clip = self._archive.footage.clip(
            crop.crop_id,
            self._bundle.place(path),
            margin_s=asked.margin_s,
            box=box,
            as_it_is=False,
            redact=whom,
            below=below,
        )
        says = (
            f"the footage around crop {crop.crop_id}, from {float(clip.from_s):.3f} to"
            f" {float(clip.to_s):.3f} s of the source"
        )
        self._bundle.add(
            path, "clip", says, crop_id=crop.crop_id, source=crop.source_sha256,
            borders=Borders.of(clip), redaction=clip.redaction,
            altered=_altered("encoded anew, without sound", box=box, asked=self._bundle),
        )  # fmt: skip

    def _still(self, crop: Crop) -> None:
        asked = self._bundle.asked
        pixels, at, redacted = self._frame(crop)
        drawn = still(
            pixels,
            at,
            self._bundle.imprint,
            box=asked.redact is not Redaction.ALL,
            caption=asked.caption,
            redaction=asked.redact,
        )
        self._bundle.put(
            f"stills/crop-{crop.crop_id}.png", "still", f"the full frame of crop {crop.crop_id}",
            encode(drawn, ".png"), crop_id=crop.crop_id, source=crop.source_sha256,
            redaction=redacted,
            altered=_altered("", box=asked.redact is not Redaction.ALL, asked=self._bundle),
        )  # fmt: skip

    def _frame(self, crop: Crop) -> tuple[Pixels, Crop, RedactionReport | None]:
        whom = self._bundle.asked.redact
        if whom is None:
            return *self._archive.footage.frame(crop.crop_id), None
        pixels, at, report = self._archive.footage.redacted_frame(crop.crop_id, whom)
        return pixels, replace(at, location=crop.location), report

    def _crop(self, crop: Crop) -> None:
        whom = self._bundle.asked.redact
        if whom is not None and not self._shows_nobody_else(crop, whom):
            self._bundle.missing.append(
                f"Crop {crop.crop_id}: its picture is left out: it shows what is redacted in the"
                " full frame, or there is no footage that tells where other people are."
            )
            return
        jpeg = self._archive.picture(crop.crop_id)
        says = f"crop {crop.crop_id} as the archive holds it, byte for byte"
        path = f"crops/crop-{crop.crop_id}.jpg"
        facts = {"crop_id": crop.crop_id, "source": crop.source_sha256}
        self._bundle.put(path, "crop", says, jpeg, **facts)

    def _shows_nobody_else(self, crop: Crop, whom: Redaction) -> bool:
        """Tell whether a crop's place looks the same in the redacted frame."""
        if crop.moment is None:
            return False
        whole, _ = self._archive.footage.frame(crop.crop_id)
        hidden, _, _ = self._archive.footage.redacted_frame(crop.crop_id, whom)
        left, top, right, bottom = crop.box.as_list()
        part = np.s_[max(top, 0) : bottom, max(left, 0) : right]
        return bool(np.array_equal(whole[part], hidden[part]))


def _altered(first: str, *, box: bool, asked: Bundle) -> tuple[str, ...]:
    """Return what differs from the pictures of the source, in sentences."""
    told = [first] if first else []
    if asked.asked.redact is not None:
        told.append(f"{redacted_text(asked.asked.redact)} as far as the archive holds them")
    if box:
        told.append("the person's box is drawn over the picture")
    if asked.asked.caption:
        told.append("a margin below the picture says what it shows; it covers nothing of it")
    return tuple(told)


def summary_line(bundle: Bundle) -> str:
    """Return what a bundle has, in short."""
    kinds = ("source", "original", "clip", "still", "crop", "photograph", "answer")
    numbers = {kind: sum(one.shows == kind for one in bundle.files) for kind in kinds}
    has = ", ".join(count(number, kind) for kind, number in numbers.items() if number)
    return has or "nothing of what was found"
