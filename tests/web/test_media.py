"""Pictures and footage over HTTP: proven, by ranges, as a stream, only of cameras in sight."""

from __future__ import annotations

import io
import time
from pathlib import Path

import av
import numpy as np
import pytest
from json_schemas import require_valid
from PIL import Image

from reidsearch.domain.event_log import Event
from reidsearch.web.person import Person, Role

API = "/api/v1"


@pytest.fixture
def gate(served):
    """The source of the camera gate, and its first crop."""
    source = served.archive.footage.find("gate.mp4")
    crop_id = served.archive.footage.tracklets(source.source_id)[0].crop_ids[0]
    return source, crop_id


@pytest.fixture
def moved(served, gate):
    """The file of the camera gate, put back at the end."""
    path = Path(gate[0].location)
    kept = path.read_bytes()
    yield path
    path.write_bytes(kept)


def test_a_crop_is_sent_once_and_then_kept(served, gate) -> None:
    got = served.client.get(f"{API}/crops/{gate[1]}/picture")
    assert got.headers["content-type"] == "image/jpeg"
    assert got.content == served.archive.picture(gate[1])
    assert "private" in got.headers["cache-control"]
    again = served.client.get(
        f"{API}/crops/{gate[1]}/picture", headers={"If-None-Match": got.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.full
def test_the_frame_of_a_crop_is_the_still_of_its_moment(served, gate) -> None:
    crop = served.archive.crop(gate[1])
    frame = served.client.get(f"{API}/crops/{gate[1]}/frame")
    at = float(crop.moment.media_s)
    still = served.client.get(f"{API}/sources/{crop.source_id}/still?at={at}")
    assert frame.content == still.content
    assert float(frame.headers["x-frame-s"]) == pytest.approx(at)


@pytest.mark.full
def test_a_file_that_browsers_play_comes_by_ranges(served, gate) -> None:
    source, _ = gate
    url = f"{API}/sources/{source.source_id}/video"
    data = Path(source.location).read_bytes()
    whole = served.client.get(url)
    assert (whole.headers["content-type"], whole.content) == ("video/mp4", data)
    part = served.client.get(url, headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, data[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(data)}"
    beyond = served.client.get(url, headers={"Range": f"bytes={len(data)}-"})
    assert beyond.status_code == 416


@pytest.mark.full
def test_a_stretch_comes_as_a_stream_that_tells_its_times(served, gate) -> None:
    url = f"{API}/sources/{gate[0].source_id}/stream"
    got = served.client.get(url, params={"from": 9.05, "to": 10})
    assert got.status_code == 200
    assert got.headers["content-type"] == "video/mp4"
    assert got.headers["x-codec"].startswith("avc1.")
    assert float(got.headers["x-first-s"]) <= 9.05
    with av.open(io.BytesIO(got.content)) as container:
        stream = container.streams.video[0]
        times = [frame.pts * stream.time_base for frame in container.decode(stream)]
    zero_s = float(got.headers["x-zero-s"])
    assert zero_s + float(times[0]) == pytest.approx(float(got.headers["x-first-s"]))
    assert zero_s + float(times[-1]) >= 9.9


@pytest.mark.full
def test_frames_boxes_and_other_cameras_are_documents(served, gate) -> None:
    base = f"{API}/sources/{gate[0].source_id}"
    frames = served.client.get(f"{base}/frames?from=9&to=10").json()
    boxes = served.client.get(f"{base}/boxes?from=9&to=10").json()
    others = served.client.get(f"{base}/others?at=9").json()
    playback = served.client.get(f"{base}/playback").json()
    for document in (frames, boxes, others, playback):
        require_valid(document)
    assert frames["times_s"][0] == 9.0
    assert len(boxes["tracklets"]) == 2
    measured = {one[0] for each in boxes["tracklets"] for run in each["runs"] for one in run}
    assert {at for at in measured if 9 <= at <= 10} <= set(frames["times_s"])
    assert playback["way"] == "file"
    assert others["time"].startswith("2024-05-31T12:00:09")


@pytest.mark.full
def test_a_time_of_a_document_names_its_frame(served, gate) -> None:
    """Even where no decimal number is just its time."""
    base = f"{API}/sources/{gate[0].source_id}"
    for at in served.client.get(f"{base}/frames?from=2&to=4").json()["times_s"]:
        got = served.client.get(f"{base}/still?at={round(at, 6)}")
        assert float(got.headers["x-frame-s"]) == pytest.approx(at)


@pytest.mark.full
def test_a_clip_is_a_file(served, gate) -> None:
    got = served.client.get(f"{API}/crops/{gate[1]}/clip?margin=0.5&box=true")
    assert got.status_code == 200, got.text
    assert "crop-" in got.headers["content-disposition"]
    with av.open(io.BytesIO(got.content)) as container:
        assert sum(1 for _ in container.decode(video=0)) > 10
    for refused in ("copy=true&box=true", "copy=true&redact=all", "redact=nobody"):
        assert served.client.get(f"{API}/crops/{gate[1]}/clip?{refused}").status_code == 422


@pytest.mark.full
def test_a_frame_and_a_clip_are_redacted_where_that_is_asked_for(served, gate) -> None:
    crop = served.archive.crop(gate[1])
    left, top, right, bottom = crop.box.as_list()
    url = f"{API}/crops/{gate[1]}/frame"
    bare, hidden = (
        np.asarray(Image.open(io.BytesIO(served.client.get(one).content)), np.int64)
        for one in (url, f"{url}?redact=all")
    )
    changed = np.abs(bare - hidden).max(axis=2)
    assert changed[top:bottom, left:right].mean() > 5
    assert changed.mean() < 5
    clip = f"{API}/crops/{gate[1]}/clip?margin=0.5"
    whole, redacted = (served.client.get(one).content for one in (clip, f"{clip}&redact=all"))
    assert b"everybody pixelated" in redacted
    assert b"pixelated" not in whole


@pytest.mark.full
@pytest.mark.full
def test_what_is_looked_at_and_taken_away_is_in_the_log(served, gate) -> None:
    def count(event: Event) -> int:
        return sum(1 for _ in served.archive.log.entries(events=[event]))

    source, crop_id = gate
    seen, taken = count(Event.PLAYBACK), count(Event.EXPORT)
    client = served.as_(Person("looking", Role.VIEWER))
    for url in (f"crops/{crop_id}/frame", f"sources/{source.source_id}/still?at=1"):
        for _ in range(2):
            assert client.get(f"{API}/{url}").status_code == 200
    assert count(Event.PLAYBACK) == seen + 1
    *_, entry = served.archive.log.entries(events=[Event.PLAYBACK])
    assert (entry.actor, entry.said) == ("looking", {"source": source.source_id})
    for _ in range(2):  # the second one is kept from the first
        assert client.get(f"{API}/crops/{crop_id}/clip?margin=0.25").status_code == 200
    assert count(Event.EXPORT) == taken + 2
    *_, entry = served.archive.log.entries(events=[Event.EXPORT])
    assert entry.said["name"] == f"crop-{crop_id}.mp4"


@pytest.mark.full
def test_parts_of_a_clip_are_of_one_file(served, gate) -> None:
    """A clip says when it was made, so one that was made anew for each part would not fit."""
    url = f"{API}/crops/{gate[1]}/clip?margin=0.5&box=true"
    first = served.client.get(url, headers={"range": "bytes=0-999"})
    time.sleep(1.1)
    rest = served.client.get(url, headers={"range": "bytes=1000-"})
    assert (first.status_code, rest.status_code) == (206, 206)
    assert first.headers["etag"] == rest.headers["etag"]
    whole = served.client.get(url).content
    assert first.content + rest.content == whole
    held = Path(served.state.made.folder)
    assert len(list(held.iterdir())) == 1, "what was sent is gone, what is kept is there once"
    served.client.get(f"{API}/crops/{gate[1]}/clip?margin=0.6&copy=false&box=true")
    assert len(list(held.iterdir())) == 2


@pytest.mark.full
@pytest.mark.parametrize(
    "what", ["video", "stream?from=1&to=2", "still?at=1", "frames?from=1&to=2"]
)
def test_footage_that_is_gone_or_another_is_told_in_words(served, gate, moved, what) -> None:
    url = f"{API}/sources/{gate[0].source_id}/{what}"
    moved.write_bytes(moved.read_bytes()[:-1] + b"?")
    got = served.client.get(url)
    assert (got.status_code, got.json()["kind"]) == (409, "footage-differs")
    assert "very file" in got.json()["advice"]
    moved.unlink()
    got = served.client.get(url)
    assert (got.status_code, got.json()["kind"]) == (409, "footage-missing")
    assert "no longer there" in got.json()["detail"]
    assert served.client.get(f"{API}/crops/{gate[1]}/frame").status_code == 409
    assert served.client.get(f"{API}/crops/{gate[1]}/picture").status_code == 200


@pytest.mark.full
@pytest.mark.parametrize(
    ("what", "status"),
    [
        ("still?at=100", 404),
        ("still?at=-1", 422),
        ("still?at=nan", 422),
        ("still?at=1e300", 422),
        ("still", 422),
        ("stream?from=100&to=101", 404),
        ("stream?from=3&to=2", 422),
        ("boxes?from=inf&to=2", 422),
        ("frames?from=1&to=2&from=3", 422),
    ],
)
def test_moments_that_make_no_sense_are_refused(served, gate, what, status) -> None:
    got = served.client.get(f"{API}/sources/{gate[0].source_id}/{what}")
    assert got.status_code == status, got.text
    assert got.headers["content-type"] == "application/problem+json"


@pytest.mark.full
def test_footage_of_cameras_out_of_sight_is_not_there(served, gate) -> None:
    source, crop_id = gate
    yard = served.archive.footage.find("yard.mp4")
    client = served.as_(Person("vera", Role.VIEWER, frozenset({"yard"})))
    base = f"{API}/sources/{source.source_id}"
    for url in (
        f"{API}/crops/{crop_id}/picture",
        f"{API}/crops/{crop_id}/frame",
        f"{API}/crops/{crop_id}/clip",
        f"{base}/playback",
        f"{base}/video",
        f"{base}/stream?from=1&to=2",
        f"{base}/still?at=1",
        f"{base}/frames?from=1&to=2",
        f"{base}/boxes?from=1&to=2",
        f"{base}/others?at=1",
    ):
        assert client.get(url).status_code == 404, url
    assert client.get(f"{API}/sources/{yard.source_id}/video").status_code == 200
    served.archive.footage.set_clock(yard.source_id, source.facts.clock)
    both = f"{API}/sources/{yard.source_id}/others?at=1"
    assert len(served.client.get(both).json()["others"]) == 1
    assert client.get(both).json()["others"] == []
