"""Decoding by hardware is what was asked for, or an error; without a device only that can run."""

from __future__ import annotations

import av
import numpy as np
import pytest
from av.codec.hwaccel import hwdevices_available
from click.testing import CliRunner
from videos import write_video

from reidsearch.archive import Archive
from reidsearch.base.errors import Reason, Refused, UsageError
from reidsearch.base.settings import RuntimeSettings
from reidsearch.cli.main import cli
from reidsearch.media.video.hardware import acceleration, decoders, laid_out, require_decoder
from reidsearch.media.video.open import open_footage
from reidsearch.output.hints import advice

BUILT = set(hwdevices_available())
ABSENT = sorted({"vdpau", "vaapi", "dxva2", "videotoolbox", "d3d11va", "mediacodec"} - BUILT)[0]


@pytest.mark.parametrize("name", ["bogus", "", "CUDA", "cpu", ABSENT])
def test_a_kind_that_does_not_exist_is_refused(name):
    # PyAV itself takes the first kind there is for a name that it does not know.
    with pytest.raises(UsageError, match=rf"by '{name}' here: FFmpeg was not built") as caught:
        require_decoder(name)
    assert caught.value.message.endswith("none")
    assert "--decode-device none" in advice(caught.value)


def test_every_kind_is_usable_or_says_why_not():
    assert decoders().keys() == BUILT
    for name, why_not in decoders().items():
        if why_not:
            with pytest.raises(UsageError, match=r"there are .*none"):
                require_decoder(name)
        else:
            require_decoder(name)


def test_without_one_nothing_is_asked_for():
    require_decoder(RuntimeSettings().decoder)
    assert acceleration(RuntimeSettings().decoder) is None
    assert RuntimeSettings(decode_device="cuda").decoder == "cuda"


@pytest.mark.full
def test_a_video_that_a_device_does_not_decode_is_no_video(tmp_path):
    path = write_video(tmp_path / "a.mp4", frames=5)
    with pytest.raises(Refused, match=f"cannot be decoded by {ABSENT}") as caught:
        open_footage(path, decoder=ABSENT)
    assert caught.value.reason is Reason.NO_VIDEO
    with open_footage(path) as footage:  # by software as ever
        assert sum(1 for _ in footage.frames()) == 5


@pytest.mark.full
def test_nothing_is_made_where_it_is_not_there(tmp_path):
    path = write_video(tmp_path / "a.mp4", frames=5)
    archive = tmp_path / "archive"
    told = CliRunner().invoke(
        cli,
        ["index", str(path), "-a", str(archive), "--model", "builtin", "--decode-device", ABSENT],
    )
    assert isinstance(told.exception, UsageError)
    assert f"by '{ABSENT}' here" in told.exception.message
    assert not archive.exists()


@pytest.mark.parametrize(
    ("software", "hardware", "colour_range"),
    [("yuv420p", "nv12", 1), ("yuvj420p", "nv12", 2), ("yuv420p10le", "p010le", 1)],
)
def test_pictures_are_laid_out_as_software_does(software, hardware, colour_range):
    width, height, size = 64, 48, 2 if "10" in software else 1
    picture = av.VideoFrame(width, height, software)
    rng = np.random.default_rng(0)
    for plane in picture.planes:
        values = rng.integers(0, 1024 if size == 2 else 256, plane.buffer_size // size)
        plane.update(values.astype(np.uint16 if size == 2 else np.uint8).tobytes())
    picture.pts, picture.color_range = 7, colour_range
    given = picture.reformat(format=hardware)
    assert given.format.name == hardware
    taken = laid_out(given)
    assert (taken.format.name, taken.pts) == (software, 7)
    as_bgr = [one.to_ndarray(format="bgr24") for one in (picture, taken)]
    assert np.array_equal(*as_bgr)
    assert laid_out(taken) is taken


@pytest.mark.full
def test_whoever_waits_for_footage_is_refused_before(tmp_path):
    given = RuntimeSettings(decode_device="bogus")
    with (
        Archive.open(tmp_path / "a", create=True, model="builtin", runtime=given) as archive,
        pytest.raises(UsageError, match="by 'bogus' here"),
    ):
        archive.indexing.prepare()  # as `worker` and `follow` do first
