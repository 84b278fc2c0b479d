"""`record` on a real RTSP server: faults of cameras, kills, a full disk, and no credential told."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import pytest
from archives import CommandLine, small_disk
from json_schemas import require_valid
from rtsp_server import Camera
from videos import write_video

from reidsearch import Archive, SourceNaming
from reidsearch.media.recording.address import read_camera_address
from reidsearch.media.recording.journal import entries, gaps
from reidsearch.media.recording.segment import recover
from reidsearch.services.recording import Recording, RecordOptions, start_recording

pytestmark = pytest.mark.full

PASSWORD = "s3cret-word"
OPTIONS = {"g": "10", "bf": "0"}


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("clips")
    small = write_video(folder / "small.mp4", 50, options=OPTIONS)
    return small, write_video(folder / "large.mp4", 50, options=OPTIONS, size_px=(320, 192))


@pytest.fixture
def camera(clips: tuple[Path, Path]) -> Iterator[Camera]:
    with Camera(clips[0], password=PASSWORD) as camera:
        yield camera


def until(true: Callable[[], object], within_s: float = 20.0) -> None:
    end = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.02)


def begin(cameras: dict[str, Camera], folder: Path, **options: float) -> Recording:
    addresses = {
        name: read_camera_address(one.url, credentials=False).with_credentials("viewer", PASSWORD)
        for name, one in cameras.items()
    }
    settings = RecordOptions(**{"segment_s": 60, "stall_s": 2, "reserve_bytes": 0} | options)  # type: ignore[arg-type]
    return start_recording(addresses, folder, settings, stop=threading.Event())


def end(recording: Recording) -> None:
    recording.stop.set()
    recording.wait()


def segments(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.mkv"))


def frames_of(path: Path) -> tuple[int, int]:
    """Return how many frames a file has, and how wide they are; each is decoded."""
    with av.open(str(path)) as container:
        shown = list(container.decode(video=0))
    assert not any(frame.is_corrupt for frame in shown)
    return len(shown), shown[0].width


def test_faults_of_a_camera_cost_what_they_must_and_are_told(
    camera: Camera, clips: tuple[Path, Path], tmp_path: Path
) -> None:
    with Camera(clips[0], password=PASSWORD) as other:
        recording = begin({"gate": camera, "yard": other}, tmp_path)
        gate, yard = recording.status
        until(lambda: gate.recorded_s > 1 and yard.recorded_s > 1)
        camera.send_garbage()
        until(lambda: gate.segments == 1)
        until(lambda: gate.state == "recording")
        at = gate.recorded_s
        until(lambda: gate.recorded_s > at + 0.5)
        camera.show(clips[1])
        until(lambda: gate.segments == 2)
        at = gate.recorded_s
        until(lambda: gate.recorded_s > at + 0.5)
        camera.cut()
        until(lambda: gate.segments == 3)
        until(lambda: gate.state == "recording")
        camera.stall()
        until(lambda: gate.state == "waiting")
        camera.stall(False)
        until(lambda: gate.state == "recording")
        assert yard.segments == 0
        assert yard.state == "recording"
        end(recording)
    widths = [frames_of(path)[1] for path in segments(tmp_path / "gate")]
    assert widths == [160, 160, 320, 320, 320]
    told = [
        why
        for one in entries(tmp_path / "gate")
        if one["event"] in {"gap", "anew"}
        for why in one["why"]
    ]
    assert told == [
        "packets were damaged",
        "the camera changed how it encodes",
        "the camera ended the stream",
        "nothing came for 2 s",
    ]
    assert [gap.why[0] for gap in gaps(tmp_path / "gate")][-2:] == told[-2:]
    assert len(segments(tmp_path / "yard")) == 1
    assert not gaps(tmp_path / "yard")


@pytest.mark.slow
def test_segments_follow_each_other_without_a_frame_lost_or_twice(
    camera: Camera, tmp_path: Path
) -> None:
    recording = begin({"gate": camera}, tmp_path, segment_s=1)
    until(lambda: recording.status[0].segments == 3)
    end(recording)
    written = [one for one in entries(tmp_path / "gate") if one["event"] == "segment"]
    assert len(written) == len(segments(tmp_path)) >= 3
    frames = sum(frames_of(path)[0] for path in segments(tmp_path))
    assert frames == pytest.approx(recording.status[0].recorded_s * 25 + len(written), abs=1)
    for before, after in itertools.pairwise(written):
        # 40 ms between two pictures; names are cut to the millisecond
        lag = float(after["begin"][17:23]) - float(before["end"][17:23])
        assert lag % 60 == pytest.approx(0.04, abs=0.002)
    assert not gaps(tmp_path / "gate")


@pytest.mark.parametrize(
    "codec",
    [
        "libx264",
        pytest.param(
            "libx265",
            marks=pytest.mark.skipif(
                "libx265" not in av.codecs_available, reason="this PyAV cannot encode H.265"
            ),
        ),
    ],
)
def test_a_camera_with_digest_and_sound_is_recorded_without_its_sound(
    codec: str, tmp_path: Path
) -> None:
    still = {"x265-params": "log-level=none:bframes=0:keyint=10"} if codec == "libx265" else OPTIONS
    clip = write_video(tmp_path / "clip.mp4", 30, codec=codec, options=still)
    with Camera(clip, password=PASSWORD, digest=True, sound=True) as camera:
        recording = begin({"gate": camera}, tmp_path / "out")
        until(lambda: recording.status[0].recorded_s > 1)
        end(recording)
        assert camera.set_up == {1}, "sound is not asked for"
        assert all(one.startswith("Digest ") for one in camera.credentials)
    (path,) = segments(tmp_path)
    assert frames_of(path)[0] > 25
    with av.open(str(path)) as container:
        (stream,) = container.streams
        assert stream.codec_context.codec.canonical_name == {"libx264": "h264"}.get(codec, "hevc")
    assert not gaps(tmp_path / "out" / "gate")


def test_a_camera_that_sends_by_udp_alone_is_told(clips: tuple[Path, Path], tmp_path: Path) -> None:
    with Camera(clips[0], password=PASSWORD, udp_only=True) as camera:
        recording = begin({"gate": camera}, tmp_path)
        until(lambda: recording.status[0].state == "waiting")
        assert recording.status[0].why == (
            "it does not send over TCP, and by UDP nothing is recorded"
        )
        end(recording)
    assert not segments(tmp_path)


def test_no_credential_is_told_anywhere_and_a_kill_leaves_whole_files(
    camera: Camera, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "reidsearch", "record", camera.url, "--camera", "gate"]
    command += ["--user", "viewer", "-o", str(tmp_path / "out"), "--keep-free", "0"]
    environment = os.environ | {"REIDSEARCH_CAMERA_PASSWORD": PASSWORD}
    with (tmp_path / "told").open("wb") as told:
        process = subprocess.Popen(command, env=environment, stdout=told, stderr=told)
        try:
            until(lambda: any(p.stat().st_size > 8_000 for p in tmp_path.rglob("*.part")))
            line = Path(f"/proc/{process.pid}/cmdline")
            assert not line.exists() or PASSWORD.encode() not in line.read_bytes()
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
    assert not segments(tmp_path)
    (path, start_us, end_us), *_ = recover(tmp_path / "out", "gate")
    assert segments(tmp_path) == [path]
    assert not list(tmp_path.rglob("*.part"))
    assert frames_of(path)[0] > 10
    assert end_us > start_us
    wrong = subprocess.run(
        [*command, "--for", "1s"],
        env=environment | {"REIDSEARCH_CAMERA_PASSWORD": "wrong-word"},
        capture_output=True,
        check=False,
    )
    assert wrong.returncode == 1, "nothing was recorded"
    assert b"Nothing was recorded of: gate." in wrong.stdout
    assert b"401" in wrong.stderr
    last = gaps(tmp_path / "out" / "gate")[-1]
    assert any("401" in why for why in last.why)
    said = wrong.stdout + wrong.stderr
    for file in tmp_path.rglob("*"):
        if file.is_file():
            said += file.read_bytes()
    assert PASSWORD.encode() not in said
    assert b"wrong-word" not in said


def test_a_disk_without_room_is_waited_for(
    camera: Camera, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reidsearch.media.recording.recorder.FULL_WAIT_S", 0.1)
    recording = begin({"gate": camera}, tmp_path, reserve_bytes=1 << 60)
    until(lambda: recording.status[0].state == "full")
    assert "free" in recording.status[0].why
    end(recording)
    assert not segments(tmp_path)


@pytest.mark.slow
def test_a_disk_that_fills_up_costs_no_segment_and_is_gone_on_with(
    clips: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reidsearch.media.recording.recorder.FULL_WAIT_S", 0.2)
    with small_disk(tmp_path / "disk", 256) as disk, Camera(clips[1], password=PASSWORD) as camera:
        ballast = disk / "ballast"
        ballast.write_bytes(b"\1" * 180_000)
        recording = begin({"gate": camera}, disk, segment_s=2)
        until(lambda: recording.status[0].state == "full")
        ballast.unlink()
        until(lambda: recording.status[0].state == "recording")
        end(recording)
        written = segments(disk)
        assert len(written) >= 2
        assert not list(disk.rglob("*.part"))
        assert all(frames_of(path)[0] for path in written)
        assert "disk is full" in gaps(disk / "gate")[0].why[0]


def test_with_an_archive_segments_are_indexed_as_they_are_closed(
    run: CommandLine,
    camera: Camera,
    shared: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("REIDSEARCH_CAMERA_PASSWORD", PASSWORD)
    asked = ("record", camera.url, "--camera", "gate", "--user", "viewer", "-o", tmp_path / "out")
    out = tmp_path / "out"

    def be_away() -> None:
        until(lambda: segments(out))
        camera.stall()
        camera.cut()
        time.sleep(6.0)  # coverage tells of gaps of two seconds and more
        camera.stall(False)

    threading.Thread(target=be_away, daemon=True).start()
    options = ("--segment", "1s", "--for", "14s", "--stall", "2s", "--keep-free", "0")
    options += ("--model", "builtin")
    options += ("--model-path", str(shared / "models"), "--offline")
    told = run(*asked, *options, "-a", run.archive, "--format", "json")
    assert told.code == 0, told.err
    report = json.loads(told.out)
    require_valid(report)
    written = segments(tmp_path / "out")
    assert report["followed"]["indexed"] == report["cameras"][0]["segments"] == len(written) >= 2
    with Archive.open(run.archive) as archive:
        sources = [one.facts for one in archive.footage.coverage()]
        (gap,) = archive.footage.not_supplied()
    assert gap.camera == "gate"
    assert "the camera ended the stream" in gap.why
    assert {facts.camera for facts in sources} == {"gate"}
    begins = sorted(facts.clock.start for facts in sources)
    names = [SourceNaming(recorder="auto").facts(str(path)).facts for path in written]
    assert begins == sorted(facts.clock.start for facts in names)
    assert PASSWORD not in told.out + told.err
