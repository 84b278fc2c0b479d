"""One long source cut at key frames, indexed as two files and joined: what differs from one run?

    python benchmarks/split_source.py CLIP --models DIR [--cuts 5]

Each cut makes two files without encoding anything anew, which are indexed as consecutive files of
one recording, so that tracklets at the border are joined as they are for recorders that cut every
hour. A tracklet of the unsplit run counts as equal when one of the split run has the same first and
last detection, as many detections, and the same boxes.
"""

from __future__ import annotations

import argparse
import datetime as dt
import tempfile
from fractions import Fraction
from pathlib import Path

import av
from sqlalchemy import text

from reidsearch import Archive, FootageOptions
from reidsearch.base.settings import PRESETS
from reidsearch.media.naming.source_facts import SourceNaming
from reidsearch.media.naming.source_list import read_source_list

NOON = dt.datetime(2024, 5, 31, 12, tzinfo=dt.UTC)
STEP_US = 1_000
"""Media times of a cut file count from its first frame; they are compared to a millisecond."""


def key_frames(clip: Path) -> list[Fraction]:
    """Return the times of key frames, seconds."""
    with av.open(str(clip)) as source:
        stream = source.streams.video[0]
        return sorted(
            packet.pts * packet.time_base
            for packet in source.demux(stream)
            if packet.pts is not None and packet.is_keyframe
        )


def cut(clip: Path, folder: Path, at_s: Fraction) -> list[tuple[Path, Fraction]]:
    """Write what lies before and after a key frame; return the files with their starts."""
    parts = [(folder / "before.mp4", Fraction(0)), (folder / "after.mp4", at_s)]
    with av.open(str(clip)) as source:
        stream = source.streams.video[0]
        outs = [av.open(str(path), "w") for path, _ in parts]
        streams = [out.add_stream_from_template(stream) for out in outs]
        for packet in source.demux(stream):
            if packet.dts is None:
                continue
            late = packet.pts * packet.time_base >= at_s
            if late:
                shift = int(at_s / packet.time_base)
                packet.pts -= shift
                packet.dts -= shift
            packet.stream = streams[late]
            outs[late].mux(packet)
        for out in outs:
            out.close()
    return parts


Found = dict[tuple[int, int], tuple[int, frozenset[tuple[int, ...]]]]


def tracklets(parts: list[tuple[Path, Fraction]], models: Path, folder: Path) -> Found:
    """Index files as one recording; return tracklets by first and last time, with their crops."""
    rows = ["path,camera,start"]
    rows += [
        f"{path},gate,{(NOON + dt.timedelta(seconds=float(at))).isoformat()}" for path, at in parts
    ]
    listed = folder / "list.csv"
    listed.write_text("\n".join(rows) + "\n")
    naming = SourceNaming(listed=read_source_list(listed))
    options = FootageOptions(naming=naming, settings=PRESETS["default"])
    with Archive.open(
        folder / "archive", create=True, model_path=[models], offline=True
    ) as archive:
        archive.index([path for path, _ in parts], footage=options)
        with archive._store.read() as connection:
            seen = connection.execute(
                text(
                    "SELECT p.tracklet_id, p.first_us, p.last_us, p.detections, f.start_us "
                    "FROM tracklet_part p JOIN footage f ON f.source_id = p.source_id"
                )
            ).all()
            crops = connection.execute(
                text(
                    "SELECT m.tracklet_id, m.media_us, f.start_us, c.x1, c.y1, c.x2, c.y2 "
                    "FROM crop c JOIN moment m ON m.crop_id = c.id "
                    "JOIN footage f ON f.source_id = c.source_id"
                )
            ).all()
    base = int(NOON.timestamp() * 1_000_000)
    spans: dict[int, list[int]] = {}
    for tracklet_id, first_us, last_us, detections, start_us in seen:
        span = spans.setdefault(tracklet_id, [2**62, 0, 0])
        span[0] = min(span[0], first_us + start_us - base)
        span[1] = max(span[1], last_us + start_us - base)
        span[2] += detections
    shots: dict[int, set[tuple[int, ...]]] = {one: set() for one in spans}
    for tracklet_id, media_us, start_us, *box in crops:
        shots[tracklet_id].add((round((media_us + start_us - base) / STEP_US), *box))
    return {
        (round(first / STEP_US), round(last / STEP_US)): (count, frozenset(shots[one]))
        for one, (first, last, count) in spans.items()
    }


def main() -> None:
    """Compare cuts with the unsplit run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clip", type=Path)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--cuts", type=int, default=5)
    told = parser.parse_args()
    keys = key_frames(told.clip)
    with tempfile.TemporaryDirectory() as room:
        whole = tracklets([(told.clip.resolve(), Fraction(0))], told.models, Path(room))
    print(f"unsplit: {len(whole)} tracklets, {sum(len(one[1]) for one in whole.values())} crops")
    for number in range(1, told.cuts + 1):
        at_s = keys[number * len(keys) // (told.cuts + 1)]
        with tempfile.TemporaryDirectory() as room:
            found = tracklets(cut(told.clip, Path(room), at_s), told.models, Path(room))
        same_time = whole.keys() & found.keys()
        same = [one for one in same_time if whole[one][0] == found[one][0]]
        equal = [one for one in same if whole[one][1] == found[one][1]]
        inside = [one for one in whole if one[0] < at_s * 1000 <= one[1]]
        print(
            f"cut at {float(at_s):.1f} s ({len(inside)} in view): {len(found)} tracklets; "
            f"{len(same_time)} of {len(whole)} with the same times, {len(same)} with as many "
            f"detections, {len(equal)} with the same crops"
        )


if __name__ == "__main__":
    main()
