"""Recording: addresses, names, lists of cameras, and where time stamps lie on the wall clock."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from reidsearch.base.errors import InputError, UsageError
from reidsearch.base.timecode import from_us
from reidsearch.media.naming.source_facts import SourceNaming
from reidsearch.media.recording.address import read_camera_address
from reidsearch.media.recording.camera_list import read_camera_list
from reidsearch.media.recording.clock import MOST_DRIFT_S, Placed
from reidsearch.media.recording.journal import Gap, Journal, gaps
from reidsearch.media.recording.names import require_camera_name, segment_path

START_US = 1_717_164_180_123_000


@pytest.mark.parametrize(
    "address",
    [
        "rtsp://viewer:s3cret@host/live",
        "rtsp://viewer@host/live",
        "rtsp://host/user=admin&password=s3cret&channel=1.sdp",
        "rtsp://host/live?token=s3cret",
        "rtsp://host:99999/s3cret",
        "http://viewer:s3cret@host/",
        "rtsp://[s3cret/",
    ],
)
def test_an_address_with_credentials_is_refused_without_repeating_them(address: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_camera_address(address, credentials=False)
    assert "s3cret" not in caught.value.message + caught.value.hint


def test_what_is_shown_of_an_address_holds_no_credential() -> None:
    address = read_camera_address(
        "rtsp://viewer:s3%2Fcret@host:8554/live?token=tok3n", credentials=True
    )
    assert address.shown == "rtsp://host:8554/live"
    assert "s3" not in repr(address)
    assert "tok3n" not in repr(address)
    other = read_camera_address("rtsp://host/live", credentials=False)
    assert other.with_credentials("a@b", "p:/w").full == "rtsp://a%40b:p%3A%2Fw@host/live"


def test_credentials_that_ffmpeg_would_cut_off_are_refused_without_repeating_them() -> None:
    address = read_camera_address("rtsp://host/live", credentials=False)
    address.with_credentials("viewer", "s" * 120)
    for password in ("s" * 121, "\u00fc" * 21):
        with pytest.raises(UsageError, match="FFmpeg takes 127") as caught:
            address.with_credentials("viewer", password)
        assert password not in caught.value.message + caught.value.hint
    with pytest.raises(UsageError, match="FFmpeg takes 127"):
        read_camera_address(f"rtsp://viewer:{'s' * 121}@host/live", credentials=True)


@pytest.mark.parametrize("camera", ["gate", "1", "ch01", "Gate 3", "192.168.1.3_ch2", "Tür"])
def test_a_segment_tells_its_camera_and_start(camera: str) -> None:
    require_camera_name(camera)
    path = segment_path(Path("/srv/footage"), camera, START_US)
    for recorder in ("auto", "reidsearch"):
        facts = SourceNaming(recorder=recorder).facts(str(path)).facts
        assert (facts.camera, facts.clock.start) == (camera, from_us(START_US))
        assert facts.clock.uncertainty_s == 0.5


@pytest.mark.parametrize("camera", ["", "..", "a/b", "gate GMT", "x_2024-05-31T14-03-00", "a\nb"])
def test_a_camera_whose_files_would_be_misread_is_refused(camera: str) -> None:
    with pytest.raises(UsageError):
        require_camera_name(camera)


def write_list(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


def test_a_list_of_cameras_takes_passwords_from_three_places(tmp_path: Path) -> None:
    write_list(tmp_path / "gate.password", "one\n")
    listed = write_list(
        tmp_path / "cameras.toml",
        """
        [cameras.gate]
        url = "rtsp://a/1"
        user = "u"
        password_file = "gate.password"
        [cameras.yard]
        url = "rtsp://b/1"
        user = "u"
        password_variable = "YARD"
        [cameras.hall]
        url = "rtsp://u:three@c/1"
        """,
    )
    cameras = read_camera_list(listed, {"YARD": "two"})
    assert [one.full for one in cameras.values()] == [
        "rtsp://u:one@a/1",
        "rtsp://u:two@b/1",
        "rtsp://u:three@c/1",
    ]


@pytest.mark.parametrize(
    "text",
    [
        '[cameras.gate]\nurl = "rtsp://a/1"\nuser = "u"\npassword = "s3cret"',
        '[cameras.gate]\nurl = "rtsp://u:s3cret@a/1"',
        '[cameras.gate]\nurl = "rtsp://a/1"\npassword = s3cret',
    ],
)
def test_a_list_with_a_password_that_others_may_read_is_refused(tmp_path: Path, text: str) -> None:
    listed = write_list(tmp_path / "cameras.toml", text, 0o644)
    with pytest.raises(InputError) as caught:
        read_camera_list(listed)
    assert "s3cret" not in caught.value.message + caught.value.hint


def test_the_earliest_arrival_places_time_stamps_and_drift_places_them_anew() -> None:
    placed = Placed(Fraction(1, 1000))
    for pts, late_us in ((0, 700_000), (1000, 40_000), (2000, 90_000)):
        placed.arrived(pts, START_US + pts * 1000 + late_us)
    assert placed.at_us(0) == START_US + 40_000
    assert placed.settle() == 0
    placed.arrived(3000, START_US + 3_000_000 + 140_000)  # within what is borne
    assert placed.settle() == pytest.approx(0.1)
    assert placed.at_us(3000) == START_US + 3_000_000 + 40_000
    placed.arrived(9000, START_US + 9_000_000 + 540_000)
    assert placed.settle() == pytest.approx(0.5)
    assert MOST_DRIFT_S < 0.5
    assert placed.at_us(9000) == START_US + 9_000_000 + 540_000


def test_gaps_are_read_back_from_a_journal_that_was_cut_off(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "gate")
    gap = Gap(START_US, START_US + 5_000_000, ("the camera ended the stream",), 3)
    journal.gap(START_US + 5_000_000, gap)
    path = next((tmp_path / "gate").glob("journal-*.jsonl"))
    with path.open("a") as file:
        file.write('{"event": "gap", "begin": ')
    assert gaps(tmp_path / "gate") == [gap]


def test_a_password_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    address = '[cameras.gate]\nurl = "rtsp://a/1"\nuser = "u"\npassword_file = "gone"'
    with pytest.raises(InputError, match=r"gone, which has to hold a secret: .*"):
        read_camera_list(write_list(tmp_path / "cameras.toml", address))
