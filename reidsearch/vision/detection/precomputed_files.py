"""Files of precomputed detections: MOT text files, CSV, CVAT XML, COCO JSON, folders of YOLO."""

from __future__ import annotations

import csv
import hashlib
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from reidsearch.base.errors import InputError, Refused
from reidsearch.base.reading import TABLE_BYTES, parse_json, read_bytes, require_columns
from reidsearch.base.said import said
from reidsearch.vision.detection.precomputed import Key, PrecomputedDetections, Row

LARGEST = 2**53  # exact as a float, and as an int64 of any unit
PEOPLE = frozenset(
    (
        *("person", "persons", "people", "pedestrian", "pedestrians", "human", "humans"),
        *("man", "woman", "boy", "girl", "child"),
    )
)
SHAPES = frozenset(
    ("box", "polygon", "polyline", "points", "cuboid", "ellipse", "mask", "skeleton")
)
_LAST_NUMBER = re.compile(r"(\d+)\D*$")
_FRAME_NAMES = ("frame_index", "frame_id", "frame")
_SIDE_NAMES = {"xmin": "x1", "ymin": "y1", "xmax": "x2", "ymax": "y2", "left": "x", "top": "y",
               "width": "w", "height": "h", "frame_id": "frame", "score": "confidence",
               "track_id": "id"}  # fmt: skip


@dataclass
class _Read:
    """What a reader has found so far."""

    rows: dict[Key, list[Row]] = field(default_factory=dict)
    by_time: bool = False
    normalised: bool = False
    size_px: tuple[int, int] | None = None
    left_out: Counter[str] = field(default_factory=Counter)
    stems: dict[str, Key] = field(default_factory=dict)


def read_precomputed(path: Path) -> PrecomputedDetections:
    """Read a file, or a folder, of detections; its content tells its kind.

    MOT (`det.txt`, `gt.txt`): frame from 1, id, x, y, w, h, confidence; in a ground truth a
    confidence of 0 means "not to be counted", elsewhere -1 that it is not known. CSV with a header:
    `frame` from 0 or `time_s`; `x1 y1 x2 y2` or `x y w h`; `confidence`, `id` if known. CVAT 1.1
    for video or images, polygons and the like as their boxes. COCO: annotations or results. A
    folder of YOLO labels, one file a frame, or one a picture of a folder of frames. Where classes
    have names and some are of people, only those are taken; of YOLO the class 0.

    Raises:
        InputError: naming file and line.
    """
    try:
        if path.is_dir():
            data, read = _yolo(path)
        else:
            data = read_bytes(path, TABLE_BYTES)
            read = _of_text(path, _decoded(path, data))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {said(error)}") from error
    except Refused as refused:
        raise InputError(f"{path} cannot be read: {refused.message}") from refused
    except csv.Error as error:
        raise InputError(f"{path} is no CSV: {error}") from error
    ids = [row[5] for rows in read.rows.values() for row in rows]
    has_ids = bool(ids) and min(ids) >= 0
    if has_ids:
        _require_one_place(path, read.rows)
    return PrecomputedDetections(
        name=path.name,
        text=f"given by {path.name} ({hashlib.sha256(data).hexdigest()[:12]})",
        rows=read.rows,
        by_time=read.by_time,
        has_ids=has_ids,
        size_px=read.size_px,
        normalised=read.normalised,
        left_out=dict(read.left_out),
        stems=read.stems,
    )


def _decoded(path: Path, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not text: {error.reason} at byte {error.start}") from error


def _of_text(path: Path, text: str) -> _Read:
    read = _Read()
    begins = text.lstrip()
    rows: Iterable[tuple[Key, Row]]
    if begins.startswith("<"):
        rows = _cvat(path, text, read)
    elif begins.startswith(("{", "[")):
        rows = _coco(path, text, read)
    else:
        first = begins.partition("\n")[0]
        rows = _csv(path, text, read) if _is_header(first) else _mot(path, text, read)
    _collect(path, rows, read)
    return read


def _require_one_place(path: Path, found: Mapping[Key, list[Row]]) -> None:
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


def _collect(path: Path, rows: Iterable[tuple[Key, Row]], read: _Read) -> None:
    for number, (key, row) in enumerate(rows, start=1):
        if not all(abs(value) <= LARGEST for value in row[:5]):  # what is no number is neither
            raise InputError(f"{path}, detection {number}: {row[:5]} are not the numbers of a box")
        if row[2] <= row[0] or row[3] <= row[1]:
            raise InputError(f"{path}, detection {number}: the box has no area")
        if (isinstance(key, int) and key < 0) or not -1 <= row[5] <= LARGEST:
            raise InputError(f"{path}, detection {number}: frames and ids count from 0")
        read.rows.setdefault(key, []).append(row)


def _mot(path: Path, text: str, read: _Read) -> Iterator[tuple[Key, Row]]:
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
            read.left_out["marked as not to be counted"] += 1
            continue
        yield key, (x, y, x + w, y + h, _confidence(confidence), owner)


def _confidence(told: float) -> float:
    """MOT writes -1 where it is not known: somebody was seen all the same."""
    return 1.0 if told == -1 else min(told, 1.0)


def _csv(path: Path, text: str, read: _Read) -> Iterator[tuple[Key, Row]]:
    reader = csv.DictReader(text.splitlines())
    given = [name.strip().lower() for name in reader.fieldnames or ()]
    require_columns(given)
    reader.fieldnames = [
        other if (other := _SIDE_NAMES.get(name)) and other not in given else name for name in given
    ]
    names = set(reader.fieldnames)
    corners = {"x1", "y1", "x2", "y2"} <= names
    if not ({"frame", "time_s"} & names) or not (corners or {"x", "y", "w", "h"} <= names):
        raise InputError(
            f"{path} lacks columns",
            "it needs frame (from 0) or time_s, and x1,y1,x2,y2 or x,y,w,h",
        )
    read.by_time = "frame" not in names
    for row in reader:
        try:
            key = round(float(row["time_s"]) * 1000) if read.by_time else int(row["frame"])
            if corners:
                x1, y1, x2, y2 = (float(row[name]) for name in ("x1", "y1", "x2", "y2"))
            else:
                x1, y1, w, h = (float(row[name]) for name in ("x", "y", "w", "h"))
                x2, y2 = x1 + w, y1 + h
            confidence = _confidence(float(row.get("confidence") or 1.0))
            who = max(int(row["id"]), -1) if row.get("id") else -1
        except (TypeError, ValueError, OverflowError) as error:
            raise InputError(f"{path}, line {reader.line_num}: {error}") from error
        yield key, (x1, y1, x2, y2, confidence, who)


def _wanted(labels: Iterable[str | None]) -> Callable[[str | None], bool]:
    """Tell which labels are taken: those of people, where there are any; else all."""
    if any((label or "").lower() in PEOPLE for label in labels):
        return lambda label: (label or "").lower() in PEOPLE
    return lambda label: True


def _cvat(path: Path, text: str, read: _Read) -> Iterator[tuple[Key, Row]]:
    try:
        root = ElementTree.fromstring(text)  # noqa: S314
    except ElementTree.ParseError as error:
        raise InputError(f"{path} is not well-formed XML: {error}") from error
    if root.tag != "annotations":
        raise InputError(f"{path} is not CVAT XML: its root is <{root.tag}>, not <annotations>")
    tracks, images = list(root.iter("track")), list(root.iter("image"))
    of_images = [(image, shape) for image in images for shape in image]
    wanted = _wanted(
        [track.get("label") for track in tracks] + [shape.get("label") for _, shape in of_images]
    )
    read.size_px = _cvat_size(root, images)
    try:
        for number, track in enumerate(tracks):
            for shape in track:
                if shape.get("outside") == "1":
                    continue
                if (row := _cvat_row(shape, number, wanted(track.get("label")), read)) is not None:
                    yield int(shape.attrib["frame"]), row
        for image in images:
            read.stems[Path(image.get("name", "")).stem] = int(image.attrib["id"])
        for image, shape in of_images:
            if (row := _cvat_row(shape, -1, wanted(shape.get("label")), read)) is not None:
                yield int(image.attrib["id"]), row
    except (KeyError, ValueError) as error:
        raise InputError(f"{path}: a shape has a missing or invalid {error}") from error


def _cvat_size(
    root: ElementTree.Element, images: list[ElementTree.Element]
) -> tuple[int, int] | None:
    size = root.find(".//original_size")
    told = [
        (size.findtext("width"), size.findtext("height")) if size is not None else (None, None),
        *((image.get("width"), image.get("height")) for image in images),
    ]
    sizes = {(int(w), int(h)) for w, h in told if w and h and w.isdigit() and h.isdigit()}
    return sizes.pop() if len(sizes) == 1 else None


def _cvat_row(shape: ElementTree.Element, who: int, wanted: bool, read: _Read) -> Row | None:
    """Return the box of a shape: of a polygon, ellipse, mask or skeleton what it lies in."""
    if shape.tag not in SHAPES:
        return None
    if not wanted:
        read.left_out["of other labels"] += 1
        return None
    return (*_cvat_box(shape), 1.0, who)


def _cvat_box(shape: ElementTree.Element) -> tuple[float, float, float, float]:
    told = shape.attrib
    if shape.tag == "box":
        x1, y1, x2, y2 = (float(told[name]) for name in ("xtl", "ytl", "xbr", "ybr"))
        return _turned(x1, y1, x2, y2, float(told.get("rotation") or 0))
    if shape.tag == "ellipse":
        cx, cy, rx, ry = (float(told[name]) for name in ("cx", "cy", "rx", "ry"))
        return _turned(cx - rx, cy - ry, cx + rx, cy + ry, float(told.get("rotation") or 0))
    if shape.tag == "mask":
        x, y, w, h = (float(told[name]) for name in ("left", "top", "width", "height"))
        return x, y, x + w, y + h
    if shape.tag == "cuboid":
        across = [float(told[name]) for name in told if re.fullmatch(r"x[tb][lr]\d", name)]
        down = [float(told[name]) for name in told if re.fullmatch(r"y[tb][lr]\d", name)]
    else:
        texts = [told["points"]] if "points" in told else [p.attrib["points"] for p in shape]
        pairs = [pair.split(",") for text in texts for pair in text.split(";") if pair]
        across, down = [float(x) for x, _ in pairs], [float(y) for _, y in pairs]
    return min(across), min(down), max(across), max(down)


def _turned(
    x1: float, y1: float, x2: float, y2: float, degrees: float
) -> tuple[float, float, float, float]:
    """Return the upright box around one that is turned about its centre."""
    if not degrees:
        return x1, y1, x2, y2
    cos, sin = abs(math.cos(math.radians(degrees))), abs(math.sin(math.radians(degrees)))
    half_w, half_h = (x2 - x1) / 2, (y2 - y1) / 2
    wide, high = half_w * cos + half_h * sin, half_w * sin + half_h * cos
    x, y = (x1 + x2) / 2, (y1 + y2) / 2
    return x - wide, y - high, x + wide, y + high


def _coco(path: Path, text: str, read: _Read) -> Iterator[tuple[Key, Row]]:
    try:
        told = parse_json(text)
        whole: dict[str, Any] = {"annotations": told} if isinstance(told, list) else told
        annotations = list(whole["annotations"])
        images = {image["id"]: image for image in whole.get("images", ())}
        labels = {one["id"]: str(one["name"]) for one in whole.get("categories", ())}
        keys = _coco_keys(images or {one["image_id"]: {} for one in annotations})
        read.stems = {
            Path(str(image["file_name"])).stem: keys[image_id]
            for image_id, image in images.items()
            if "file_name" in image
        }
        sizes = {(image.get("width"), image.get("height")) for image in images.values()}
        read.size_px = _one_size(sizes)
        categories = {one.get("category_id") for one in annotations}
        wanted = _wanted(labels.get(category) for category in categories)
        unnamed = not labels and len(categories) > 1  # COCO's own numbers: 1 is a person
        for one in annotations:
            category = one.get("category_id")
            if not wanted(labels.get(category)) or (unnamed and category != 1):
                read.left_out["of other categories"] += 1
                continue
            if one["image_id"] not in keys:
                read.left_out["of images that are not listed"] += 1
                continue
            x, y, w, h = (float(value) for value in one["bbox"])
            who = one.get("track_id", (one.get("attributes") or {}).get("track_id", -1))
            row = (x, y, x + w, y + h, min(float(one.get("score", 1.0)), 1.0), int(who))
            yield keys[one["image_id"]], row
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(
            f"{path} is no COCO file: {type(error).__name__} {error}",
            "it needs annotations with image_id and bbox",
        ) from error


def _one_size(sizes: set[tuple[Any, Any]]) -> tuple[int, int] | None:
    if len(sizes) != 1:
        return None
    width, height = sizes.pop()
    return (int(width), int(height)) if width and height else None


def _coco_keys(images: Mapping[Any, Mapping[str, Any]]) -> dict[Any, Key]:
    """Return the frame of each image: told as such, else by the number in its name, else its id."""
    numbers: dict[Any, int] = {}
    for image_id, image in images.items():
        told = next((image[name] for name in _FRAME_NAMES if name in image), None)
        name = Path(str(image.get("file_name", image_id))).stem
        number = _LAST_NUMBER.search(name)
        numbers[image_id] = int(told) if told is not None else int(number[1]) if number else -1
    if numbers and min(numbers.values()) < 0:
        return {image_id: Path(str(image["file_name"])).stem for image_id, image in images.items()}
    first = min(1, min(numbers.values(), default=0))  # frames count from 0 or from 1
    return {image_id: number - first for image_id, number in numbers.items()}


def _yolo(folder: Path) -> tuple[bytes, _Read]:
    """Read labels, `class x y w h [confidence] [id]` a line, in shares of the frame."""
    read = _Read(normalised=True)
    files = sorted(folder.glob("*.txt"))
    stems = [one.stem for one in files if one.stem != "classes"]
    numbers = [int(found[1]) if (found := _LAST_NUMBER.search(stem)) else None for stem in stems]
    counted = [number for number in numbers if number is not None]
    first = min(1, min(counted, default=0))
    whole = bytearray()
    for file in files:
        if file.stem == "classes":
            continue
        data = read_bytes(file)
        whole += file.name.encode("utf-8", "surrogateescape") + b"\0" + data
        found = _LAST_NUMBER.search(file.stem)
        key: Key = int(found[1]) - first if found and len(counted) == len(stems) else file.stem
        read.stems[file.stem] = key
        _collect(file, _yolo_rows(file, _decoded(file, data), key, read), read)
    if not files:
        raise InputError(
            f"{folder} holds no .txt files", "a folder of detections holds YOLO labels"
        )
    return bytes(whole), read


def _yolo_rows(file: Path, text: str, key: Key, read: _Read) -> Iterator[tuple[Key, Row]]:
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            kind, x, y, w, h, *rest = (float(part) for part in line.split())
        except ValueError as error:
            raise InputError(
                f"{file}, line {number}: not YOLO (class, x, y, w, h, confidence, id)"
            ) from error
        if kind != 0:
            read.left_out["of other classes than 0"] += 1
            continue
        confidence = rest[0] if rest else 1.0
        who = int(rest[1]) if len(rest) > 1 else -1
        yield key, (x - w / 2, y - h / 2, x + w / 2, y + h / 2, min(confidence, 1.0), who)
