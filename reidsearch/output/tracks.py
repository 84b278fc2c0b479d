"""Tracklets of a source as files that scorers and annotation tools read: MOT, CVAT, JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import quoteattr

from reidsearch.base.errors import absent
from reidsearch.domain.footage import SourceState, Stamps
from reidsearch.domain.tracks import SourceTracks, Track
from reidsearch.output.emit import dumps
from reidsearch.output.visible import count, visible

NUMBERED = (".txt", ".xml")
"""Endings of the formats that know boxes by their frame alone."""
LABEL = "person"


def encode(tracks: SourceTracks, ending: str) -> bytes:
    """Return the file of this ending: `.txt` MOT, `.xml` CVAT 1.1 for video, `.json`."""
    return _ENCODERS[ending.lower()](tracks)


ENDINGS = (".txt", ".xml", ".json")


def mot(tracks: SourceTracks) -> bytes:
    """Return MOTChallenge's text: a line a box, by frame, then by tracklet.

    Frame (from 1), tracklet, left, top, width, height, confidence, and -1 for each of the three
    world coordinates, which are not known.
    """
    rows = []
    for one in tracks.tracks:
        for frame, box, confidence in zip(
            _frames(one).tolist(), one.xyxy.tolist(), one.confidence.tolist(), strict=True
        ):
            x1, y1, x2, y2 = box
            told = f"{x1:.3f},{y1:.3f},{x2 - x1:.3f},{y2 - y1:.3f},{confidence:.4f},-1,-1,-1\n"
            rows.append((frame, one.tracklet_id, told))
    return "".join(f"{frame + 1},{who},{told}" for frame, who, told in sorted(rows)).encode()


def cvat(tracks: SourceTracks) -> bytes:
    """Return CVAT's XML 1.1 for video: a track a tracklet, its number as the track's id.

    Measured boxes are key frames, between which CVAT draws others itself; interpolated ones are
    none. A box that is `outside` ends what is drawn: after the last one, and where a gap is too
    long. The tracklet's number is an attribute too, because CVAT numbers tracks anew.
    """
    if tracks.frame_count is None:
        raise absent("the number of frames")
    lines = [
        "<?xml version='1.0' encoding='utf-8'?>\n<annotations>\n  <version>1.1</version>\n",
        _cvat_meta(tracks, tracks.frame_count),
    ]
    for one in tracks.tracks:
        lines.append(f'  <track id="{one.tracklet_id}" label="{LABEL}" source="auto">\n')
        lines += _cvat_boxes(one, tracks.frame_count)
        lines.append("  </track>\n")
    return "".join([*lines, "</annotations>\n"]).encode()


def _cvat_meta(tracks: SourceTracks, frame_count: int) -> str:
    meta = ElementTree.Element("meta")
    task = ElementTree.SubElement(meta, "task")
    for name, text in (
        ("name", visible(tracks.source.location)),
        ("size", str(frame_count)),
        ("mode", "interpolation"),
        ("start_frame", "0"),
        ("stop_frame", str(frame_count - 1)),
    ):
        ElementTree.SubElement(task, name).text = text
    label = ElementTree.SubElement(ElementTree.SubElement(task, "labels"), "label")
    ElementTree.SubElement(label, "name").text = LABEL
    attribute = ElementTree.SubElement(ElementTree.SubElement(label, "attributes"), "attribute")
    for name, text in (
        ("name", "tracklet"),
        ("mutable", "False"),
        ("input_type", "text"),
        ("default_value", ""),
        ("values", ""),
    ):
        ElementTree.SubElement(attribute, name).text = text
    size = ElementTree.SubElement(task, "original_size")
    info = tracks.source.info
    ElementTree.SubElement(size, "width").text = str(info.width_px)
    ElementTree.SubElement(size, "height").text = str(info.height_px)
    ElementTree.indent(meta, level=1)
    return "  " + ElementTree.tostring(meta, encoding="unicode") + "\n"


def _cvat_boxes(one: Track, frame_count: int) -> Iterator[str]:
    frames = _frames(one).tolist()
    ends = [*one.open_after.tolist()[:-1], True]
    for frame, box, measured, over in zip(
        frames, one.xyxy.tolist(), one.measured.tolist(), ends, strict=True
    ):
        yield _cvat_box(one.tracklet_id, frame, box, outside=False, key=measured)
        if over and frame + 1 < frame_count:
            yield _cvat_box(one.tracklet_id, frame + 1, box, outside=True, key=True)


def _cvat_box(tracklet_id: int, frame: int, box: list[float], *, outside: bool, key: bool) -> str:
    sides = " ".join(
        f"{name}={quoteattr(f'{value:.3f}')}"
        for name, value in zip(("xtl", "ytl", "xbr", "ybr"), box, strict=True)
    )
    return (
        f'    <box frame="{frame}" outside="{outside:d}" occluded="0" keyframe="{key:d}" {sides} '
        f'z_order="0">\n      <attribute name="tracklet">{tracklet_id}</attribute>\n    </box>\n'
    )


def as_json(tracks: SourceTracks) -> bytes:
    """Return the document `reidsearch/tracks/1`; frames are null where they are not known."""
    return (dumps(tracks_document(tracks)) + "\n").encode()


def tracks_document(tracks: SourceTracks) -> dict[str, Any]:
    """Return all boxes of a source."""
    source = tracks.source
    return {
        "schema": "reidsearch/tracks/1",
        "source_id": source.source_id,
        "location": source.location,
        "sha256": source.sha256,
        "camera": source.facts.camera,
        "width_px": source.info.width_px,
        "height_px": source.info.height_px,
        "frames": tracks.frame_count,
        "time_base": [source.info.time_base.numerator, source.info.time_base.denominator],
        "finished": source.state is SourceState.FINISHED,
        "interpolated": tracks.interpolated,
        "tracklets": [
            {"tracklet_id": one.tracklet_id, "boxes": list(_boxes(tracks, one))}
            for one in tracks.tracks
        ],
    }


def _boxes(tracks: SourceTracks, one: Track) -> Iterator[dict[str, Any]]:
    frames = [None] * len(one.pts) if one.frames is None else (one.frames + 1).tolist()
    for pts, frame, box, confidence, measured in zip(
        one.pts.tolist(),
        frames,
        one.xyxy.tolist(),
        one.confidence.tolist(),
        one.measured.tolist(),
        strict=True,
    ):
        yield {
            "frame": frame,
            "pts": pts,
            "media_s": round(float(tracks.source.info.media_s(pts)), 6),
            "box": [round(side, 3) for side in box],
            "confidence": round(confidence, 4),
            "interpolated": not measured,
        }


def _frames(one: Track) -> Stamps:
    if one.frames is None:
        raise absent("the frames of a tracklet")
    return one.frames


_ENCODERS: dict[str, Callable[[SourceTracks], bytes]] = {
    ".txt": mot,
    ".xml": cvat,
    ".json": as_json,
}


def exported_json(tracks: SourceTracks, file: str) -> dict[str, Any]:
    """What was written, in numbers."""
    return {
        "schema": "reidsearch/tracks-export/1",
        "file": file,
        "source_id": tracks.source.source_id,
        "location": tracks.source.location,
        "frames": tracks.frame_count,
        "tracklets": len(tracks.tracks),
        "boxes": tracks.boxes,
        "interpolated": tracks.added if tracks.interpolated else None,
        "left_open": tracks.left_open if tracks.interpolated else None,
    }


def exported_text(tracks: SourceTracks, file: str) -> str:
    """What was written, and what a reader of it must know."""
    boxes = count(tracks.boxes, "box", "boxes")
    lines = [f"{count(len(tracks.tracks), 'tracklet')}, {boxes}: {visible(file)}"]
    if tracks.interpolated:
        gaps = count(tracks.left_open, "longer gap")
        lines.append(f"{tracks.added:,} of the boxes are interpolated; {gaps} left open")
    if tracks.source.state is not SourceState.FINISHED:
        lines.append("the source is not analysed to its end: those in sight there are not yet held")
    if tracks.frame_count is None:
        lines.append("frames are not numbered: the footage was not found; boxes are told by time")
    return "\n".join(lines)
