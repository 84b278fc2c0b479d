"""Precomputed detections of a video: MOT text files, CSV, CVAT XML."""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from reidsearch.base.errors import InputError
from reidsearch.domain.footage import Detections

LARGEST = 2**53  # exact as a float, and as an int64 of any unit
NEAREST_S = 0.02  # a time in a CSV belongs to the frame within this distance

Row = tuple[float, float, float, float, float, int]
"""x1, y1, x2, y2, confidence, id; an id of -1 is none."""


@dataclass(frozen=True)
class PrecomputedDetections:
    """What a file says, by frame number (from 0) or by media time in milliseconds.

    Args:
        text: names the file and its checksum, for records.
        by_time: keys are milliseconds, not frame numbers.
        has_ids: its rows carry track ids, so that no tracker is needed.
    """

    text: str
    rows: Mapping[int, list[Row]]
    by_time: bool
    has_ids: bool

    def at(self, number: int, media_s: Fraction, width_px: int, height_px: int) -> Detections:
        """Return the detections of a frame, clipped to its size; most confident first."""
        rows = self._rows(number, media_s)
        values = np.array([row[:5] for row in rows], np.float32).reshape(-1, 5)
        xyxy = np.clip(values[:, :4], 0, [width_px, height_px, width_px, height_px])
        xyxy = xyxy.astype(np.float32)
        inside = (xyxy[:, 2] - xyxy[:, 0] >= 1) & (xyxy[:, 3] - xyxy[:, 1] >= 1)
        ids = np.array([row[5] for row in rows], np.int64) if self.has_ids else None
        found = Detections(xyxy, np.clip(values[:, 4], 0, 1), ids)[inside]
        return found[np.argsort(-found.confidence, kind="stable")]

    def _rows(self, number: int, media_s: Fraction) -> list[Row]:
        if not self.by_time:
            return self.rows.get(number, [])
        here, reach = round(media_s * 1000), round(NEAREST_S * 1000)
        near = [key for key in range(here - reach, here + reach + 1) if key in self.rows]
        return self.rows[min(near, key=lambda key: abs(key - here))] if near else []


class PrecomputedIds:
    """A `Tracker` for detections that carry track ids."""

    def update(self, detections: Detections, time_us: int) -> NDArray[np.int64]:
        """See `Tracker.update`."""
        del time_us
        ids = detections.ids
        return np.full(len(detections), -1, np.int64) if ids is None else ids


def read_precomputed(path: Path) -> PrecomputedDetections:
    """Read a file of detections; its content tells its kind.

    MOT (`det.txt`, `gt.txt`): frame from 1, id, x, y, w, h, confidence; in a ground truth a
    confidence of 0 means "not to be counted". CSV with a header: `frame` from 0 or `time_s`;
    `x1 y1 x2 y2` or `x y w h`; `confidence`, `id` if known. CVAT 1.1 for video or images.

    Raises:
        InputError: naming file and line.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    text = f"given by {path.name} ({hashlib.sha256(data).hexdigest()[:12]})"
    try:
        lines = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not text: {error.reason} at byte {error.start}") from error
    if lines.lstrip().startswith("<"):
        found, by_time = _collected(path, _cvat(path, lines)), False
    else:
        first = lines.lstrip().partition("\n")[0]
        names = next(csv.reader([first]), [])
        by_time = "time_s" in names and "frame" not in names
        found = _collected(path, _csv(path, lines) if _is_header(first) else _mot(path, lines))
    ids = [row[5] for rows in found.values() for row in rows]
    has_ids = bool(ids) and min(ids) >= 0
    if has_ids:
        _require_one_place(path, found)
    return PrecomputedDetections(text, found, by_time, has_ids)


def _require_one_place(path: Path, found: Mapping[int, list[Row]]) -> None:
    for key, rows in found.items():
        (who, count), *_ = Counter(row[5] for row in rows).most_common(1)
        if count > 1:
            raise InputError(
                f"{path}: id {who} is in {count} places at once ({key})",
                "an id is one person; use -1 for boxes without an id",
            )


def _is_header(line: str) -> bool:
    try:
        float(line.partition(",")[0] or 0)
    except ValueError:
        return True
    return False


def _collected(path: Path, rows: Iterator[tuple[int, Row]]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = {}
    for number, (key, row) in enumerate(rows, start=1):
        if not all(abs(value) <= LARGEST for value in row[:5]):  # what is no number is neither
            raise InputError(f"{path}, detection {number}: {row[:5]} are not the numbers of a box")
        if row[2] <= row[0] or row[3] <= row[1]:
            raise InputError(f"{path}, detection {number}: the box has no area")
        if key < 0 or not -1 <= row[5] <= LARGEST:
            raise InputError(f"{path}, detection {number}: frames and ids count from 0")
        found.setdefault(key, []).append(row)
    return found


def _mot(path: Path, text: str) -> Iterator[tuple[int, Row]]:
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            frame, who, x, y, w, h, *rest = (float(part) for part in line.split(","))
            key, owner = int(frame) - 1, max(int(who), -1)
        except (ValueError, OverflowError) as error:
            raise InputError(
                f"{path}, line {number}: not MOT (frame, id, x, y, w, h, confidence)"
            ) from error
        confidence = rest[0] if rest else 1.0
        ground_truth = len(rest) >= 3 and rest[1] >= 0
        if key < 0:
            raise InputError(f"{path}, line {number}: MOT counts frames from 1, not {frame:g}")
        if ground_truth and confidence == 0:
            continue
        yield key, (x, y, x + w, y + h, min(confidence, 1.0), owner)


def _csv(path: Path, text: str) -> Iterator[tuple[int, Row]]:
    reader = csv.DictReader(text.splitlines())
    names = set(reader.fieldnames or ())
    corners = {"x1", "y1", "x2", "y2"} <= names
    if not ({"frame", "time_s"} & names) or not (corners or {"x", "y", "w", "h"} <= names):
        raise InputError(
            f"{path} lacks columns",
            "it needs frame (from 0) or time_s, and x1,y1,x2,y2 or x,y,w,h",
        )
    for row in reader:
        try:
            key = int(row["frame"]) if "frame" in names else round(float(row["time_s"]) * 1000)
            if corners:
                x1, y1, x2, y2 = (float(row[name]) for name in ("x1", "y1", "x2", "y2"))
            else:
                x1, y1, w, h = (float(row[name]) for name in ("x", "y", "w", "h"))
                x2, y2 = x1 + w, y1 + h
            confidence = float(row.get("confidence") or 1.0)
            who = max(int(row["id"]), -1) if row.get("id") else -1
        except (TypeError, ValueError, OverflowError) as error:
            raise InputError(f"{path}, line {reader.line_num}: {error}") from error
        yield key, (x1, y1, x2, y2, confidence, who)


def _cvat(path: Path, text: str) -> Iterator[tuple[int, Row]]:
    try:
        root = ElementTree.fromstring(text)  # noqa: S314
    except ElementTree.ParseError as error:
        raise InputError(f"{path} is not well-formed XML: {error}") from error
    if root.tag != "annotations":
        raise InputError(f"{path} is not CVAT XML: its root is <{root.tag}>, not <annotations>")
    try:
        for number, track in enumerate(root.iter("track")):
            for box in track.iter("box"):
                if box.get("outside") != "1":
                    yield int(box.attrib["frame"]), _cvat_row(box, number)
        for image in root.iter("image"):
            for box in image.iter("box"):
                yield int(image.attrib["id"]), _cvat_row(box, -1)
    except (KeyError, ValueError) as error:
        raise InputError(f"{path}: a box has a missing or invalid {error}") from error


def _cvat_row(box: ElementTree.Element, who: int) -> Row:
    x1, y1, x2, y2 = (float(box.attrib[name]) for name in ("xtl", "ytl", "xbr", "ybr"))
    return x1, y1, x2, y2, 1.0, who
