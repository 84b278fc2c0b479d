"""Clips: the footage's own pictures at the footage's own times, read back before they are kept."""

import resource
import subprocess
import sys
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from videos import picture, rotate, write_dav, write_video

from reidsearch.base.boxes import Box
from reidsearch.base.errors import InputError, Kind, StorageError
from reidsearch.media.video.copying import copy
from reidsearch.media.video.cutting import cut
from reidsearch.media.video.frames import Frame
from reidsearch.media.video.open import open_footage
from reidsearch.media.video.views import Differs, View, require_shown
from reidsearch.media.video.written import Seen, coarse_of, require_readable

pytestmark = pytest.mark.full

FULL = pytest.mark.full
H264 = {"g": "40", "bf": "0"}


def frames(path):
    with open_footage(path) as footage:
        return [item for item in footage.frames() if isinstance(item, Frame)]


def times(path):
    """Seconds from the first frame."""
    with open_footage(path) as footage:
        found = [item.pts for item in footage.frames() if isinstance(item, Frame)]
        return [float((pts - found[0]) * footage.info.time_base) for pts in found]


def shown(path, out):
    """Numbers of the frames of `path` that a copied clip shows."""
    numbers = {frame.digest(): number for number, frame in enumerate(frames(path))}
    return [numbers[frame.digest()] for frame in frames(out)]


def copied(path, out, first, last, views=()):
    whole = frames(path)
    with open_footage(path) as footage:
        return copy(path, footage, whole[first].pts, whole[last].pts, out, views=list(views))


@pytest.mark.full
@pytest.mark.parametrize("ending", [".mp4", ".mkv", ".ts", pytest.param(".mov", marks=FULL)])
def test_an_encoded_clip_keeps_the_times_of_a_variable_frame_rate(ending, tmp_path):
    pts = np.cumsum([40, 73, 91, 110, 8, 133, 70, 1000, 1000, 2, 40, 55] * 4).tolist()
    path = write_video(tmp_path / "a.mkv", len(pts), pts=pts, options={"bf": "0"})
    out = tmp_path / f"out{ending}"
    with open_footage(path) as footage:
        clip = cut(footage, pts[3], pts[40], out)
    assert (clip.first_pts, clip.last_pts) == (pts[3], pts[40])
    wanted = [(at - pts[3]) / 1000 for at in pts[3:41]]
    assert times(out) == pytest.approx(wanted, abs=0.0006)
    with av.open(str(out)) as container:
        first = next(container.decode(video=0))
        assert ending == ".ts" or first.pts == 0


def test_frames_closer_than_a_container_can_tell_keep_their_order(tmp_path):
    pts = [0, 1, 2, 3, 40, 41, 42, 80, 120]
    path = write_video(tmp_path / "a.mp4", len(pts), pts=pts, options={"bf": "0"})
    with open_footage(path) as footage:
        assert footage.info.time_base.denominator > 1000
        cut(footage, footage.info.first_pts, 1 << 40, tmp_path / "out.mkv")
    assert len(frames(tmp_path / "out.mkv")) == len(pts)


def test_a_name_with_a_colon_is_a_file(tmp_path, monkeypatch):
    path = write_video(tmp_path / "gate:1.mp4", 30, options=H264)
    monkeypatch.chdir(tmp_path)
    with open_footage(Path("gate:1.mp4")) as footage:
        cut(footage, 0, 1 << 40, Path("14:03:00.mp4"))
        copy(Path("gate:1.mp4"), footage, 0, 1 << 40, Path("14:03:01.mkv"), views=[])
    assert len(frames(tmp_path / "14:03:00.mp4")) == len(frames(path)) == 30
    assert len(frames(tmp_path / "14:03:01.mkv")) == 30


@pytest.mark.full
@pytest.mark.parametrize(
    ("name", "container", "codec", "options"),
    [
        ("a.ts", "mpegts", "libx264", {"g": "40", "bf": "0"}),
        ("a.mkv", "matroska", "libx264", {"g": "40", "bf": "2"}),
        ("a.mpg", "vob", "mpeg2video", {"g": "15", "bf": "2"}),
        ("b.ts", "mpegts", "libx264", {"g": "40", "bf": "2"}),
        pytest.param("h264.mpg", "vob", "libx264", {"g": "40", "bf": "0"}, marks=FULL),
        pytest.param("a.avi", "avi", "mpeg4", {"g": "40"}, marks=FULL),
        pytest.param("a.flv", "flv", "libx264", {"g": "40", "bf": "2"}, marks=FULL),
        pytest.param("a.mp4", "mp4", "libx264", {"g": "40", "bf": "3"}, marks=FULL),
        pytest.param(
            "open.ts",
            "mpegts",
            "libx264",
            {"g": "40", "bf": "3", "x264-params": "open-gop=1"},
            marks=FULL,
        ),
    ],
)
@pytest.mark.parametrize("ending", [".mkv", ".mp4", ".ts"])
def test_a_copied_clip_is_the_footage_from_a_key_frame_on(
    name, container, codec, options, ending, tmp_path
):
    path = write_video(tmp_path / name, 200, codec=codec, options=options, container=container)
    out = tmp_path / f"out{ending}"
    whole = frames(path)
    clip = copied(path, out, 95, 130)
    numbers = shown(path, out)
    assert numbers == list(range(numbers[0], numbers[-1] + 1))  # no picture is missing
    assert numbers[0] <= 95
    assert 130 <= numbers[-1] <= 135
    assert (clip.first_pts, clip.last_pts) == (whole[numbers[0]].pts, whole[numbers[-1]].pts)
    source = times(path)
    wanted = [source[number] - source[numbers[0]] for number in numbers]
    assert times(out) == pytest.approx(wanted, abs=0.0011)


@pytest.mark.full
def test_footage_of_a_recorder_that_cannot_seek_is_copied_and_cut(tmp_path):
    """Its failed seek says `Operation not permitted`, and was taken for an error of the disk."""
    made = write_video(tmp_path / "a.mp4", 100, options=H264, size_px=(320, 240))
    path = write_dav(tmp_path / "a.dav", made)
    copied(path, tmp_path / "out.mkv", 60, 90)
    assert shown(path, tmp_path / "out.mkv") == list(range(40, 91))
    with open_footage(path) as footage:
        first = footage.info.first_pts
        cut(footage, first + 1000, first + 2000, tmp_path / "out.mp4")
    assert len(frames(tmp_path / "out.mp4")) == 26


@pytest.mark.parametrize(
    ("codec", "container", "ending", "others"),
    [
        ("libvpx-vp9", "webm", ".ts", [".mp4", ".mkv"]),
        ("mjpeg", "avi", ".ts", [".mp4", ".mov", ".mkv"]),
        ("wmv2", "asf", ".mp4", []),
        pytest.param("libvpx", "webm", ".mp4", [".mkv"], marks=FULL),
        pytest.param("flv", "flv", ".ts", [], marks=FULL),
    ],
)
def test_a_container_that_cannot_hold_the_codec_is_refused(
    codec, container, ending, others, tmp_path
):
    pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    path = write_video(tmp_path / "a", 20, codec=codec, container=container, pix_fmt=pix_fmt)
    out = tmp_path / f"out{ending}"
    with pytest.raises(InputError) as refused:
        copied(path, out, 5, 15)
    assert refused.value.kind == Kind.STREAM_COPY_FAILED
    assert refused.value.fields["endings"] == others
    for other in others:
        copied(path, tmp_path / f"out{other}", 5, 15)
    assert sorted(tmp_path.iterdir()) == sorted([path, *(tmp_path / f"out{e}" for e in others)])


_AV1 = """
import sys
from pathlib import Path
from videos import write_video
options = {"preset": "12", "svtav1-params": "keyint=20"}
write_video(Path(sys.argv[1]), 60, codec="libsvtav1", options=options)
"""


@pytest.mark.full
@pytest.mark.skipif("libsvtav1" not in av.codecs_available, reason="no AV1 encoder here")
@pytest.mark.parametrize("ending", [".mp4", ".mkv"])
def test_av1_is_cut_and_copied(ending, tmp_path):
    path = tmp_path / "a.mkv"
    # In a process of its own: as root, SVT-AV1 gives its process real-time priority, for good, and
    # whatever this process starts afterwards keeps everything else from running.
    subprocess.run([sys.executable, "-c", _AV1, path], check=True, cwd=Path(__file__).parents[1])
    assert open_footage(path).info.codec == "av1"  # not the name of who decodes it
    copied(path, tmp_path / f"copy{ending}", 30, 45)
    numbers = shown(path, tmp_path / f"copy{ending}")
    assert numbers[0] <= 30
    assert numbers == list(range(numbers[0], numbers[-1] + 1))
    with open_footage(path) as footage:
        cut(footage, 0, 1 << 40, tmp_path / f"cut{ending}")
    assert len(frames(tmp_path / f"cut{ending}")) == 60


@pytest.mark.full
@pytest.mark.parametrize("ending", [".mp4", ".mov", ".mkv"])
def test_a_clip_stands_as_upright_as_the_footage(ending, tmp_path):
    path = rotate(write_video(tmp_path / "a.mp4", 60, options=H264), 90)
    with open_footage(path) as footage:
        assert footage.info.rotation == 90
        cut(footage, 0, 1 << 40, tmp_path / f"cut{ending}")
    copied(path, tmp_path / f"copy{ending}", 45, 55)
    upright = frames(path)
    assert frames(tmp_path / f"cut{ending}")[0].bgr().shape == upright[0].bgr().shape
    copy_ = frames(tmp_path / f"copy{ending}")
    assert np.array_equal(copy_[0].bgr(), upright[40].bgr())


def test_a_container_that_cannot_turn_pictures_is_refused(tmp_path):
    path = rotate(write_video(tmp_path / "a.mp4", 60, options=H264), 270)
    with pytest.raises(InputError) as refused:
        copied(path, tmp_path / "out.ts", 45, 55)
    assert refused.value.fields["endings"] == [".mp4", ".mov", ".mkv"]


@pytest.mark.full
def test_a_copy_that_does_not_show_the_footage_is_not_kept(tmp_path):
    """A stream that renews itself bit by bit has no picture that a copy could begin with."""
    options = {"x264-params": "intra-refresh=1:keyint=40"}
    noise = np.random.default_rng(1).integers(0, 80, (96, 160, 3), dtype=np.uint8)
    path = write_video(
        tmp_path / "a.mkv",
        300,
        options=options,
        draw=lambda number, size: picture(number, size) // 2 + np.roll(noise, number, axis=1),
    )
    with pytest.raises(InputError) as refused:
        copied(path, tmp_path / "out.mkv", 250, 280)
    assert refused.value.kind in {Kind.STREAM_COPY_FAILED, Kind.STREAM_COPY_IMPOSSIBLE}
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_read_back_is_told(tmp_path):
    path = write_video(tmp_path / "a.mp4", 30, options=H264)
    out = tmp_path / "out.mp4"
    whole = frames(path)
    base = 1 / 25
    seen = [Seen.of(whole[0], 0, exactly=True), Seen.of(whole[29], 29 * base, exactly=True)]
    require_readable(path, out, seen)
    late = Seen(31 * base, seen[1].coarse, seen[1].digest)
    other = Seen(seen[1].at_s, seen[0].coarse + 40)
    early = Seen(20 * base, coarse_of(whole[20].bgr()))
    for bad, said in ((late, "missing"), (other, "another"), (early, "more than it should")):
        with pytest.raises(InputError, match=said) as refused:
            require_readable(path, out, [seen[0], bad])
        assert refused.value.kind == Kind.CLIP_UNREADABLE
    path.write_bytes(b"no video" * 100)
    with pytest.raises(InputError):
        require_readable(path, out, seen)


def view(frame, box):
    pixels = frame.bgr()[box.y1 : box.y2, box.x1 : box.x2]
    _, jpeg = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 95])
    return View(frame.pts, box, cv2.imdecode(jpeg, cv2.IMREAD_COLOR))


def test_a_frame_shows_its_own_crop_and_no_other(tmp_path):
    whole = frames(write_video(tmp_path / "a.mp4", 60, options=H264))
    box = Box(60, 20, 100, 70)
    stored = view(whole[20], box)
    require_shown(whole[20].bgr(), stored)
    for wrong in (whole[40].bgr(), whole[20].bgr()[:, ::-1], np.full((96, 160, 3), 128, np.uint8)):
        with pytest.raises(Differs):
            require_shown(wrong, stored)
    with pytest.raises(Differs, match="size"):
        require_shown(whole[20].bgr()[:60], stored)


@pytest.mark.full
@pytest.mark.parametrize("how", ["cut", "copy"])
def test_a_clip_that_does_not_show_a_stored_crop_is_not_written(how, tmp_path):
    path = write_video(tmp_path / "a.mp4", 60, options=H264)
    whole = frames(path)
    right = view(whole[20], Box(60, 20, 100, 70))
    wrong = View(whole[41].pts, right.box, right.pixels)
    absent = View(whole[20].pts + 1, right.box, right.pixels)
    out = tmp_path / "out.mp4"
    with open_footage(path) as footage:
        for views, fails in (([right], False), ([right, wrong], True), ([absent], True)):
            out.unlink(missing_ok=True)
            span = (whole[10].pts, whole[50].pts)
            try:
                if how == "cut":
                    cut(footage, *span, out, views=views)
                else:
                    copy(path, footage, *span, out, views=views)
            except Differs:
                assert fails
            else:
                assert not fails
            assert out.exists() is not fails


def test_only_the_disk_is_called_the_disk(tmp_path):
    """FFmpeg's errors have numbers of the system's; they are no errors of the disk."""
    path = write_video(tmp_path / "a.mp4", 60, options=H264, size_px=(320, 240))
    with open_footage(path) as footage:
        with pytest.raises(StorageError, match="cannot be written"):
            cut(footage, 0, 1 << 40, tmp_path / "no" / "out.mp4")
        with pytest.raises(StorageError, match="cannot be written"):
            copy(path, footage, 0, 1 << 40, tmp_path / "no" / "out.mp4", views=[])


FULL_DISK = """
import resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
from reidsearch.base.errors import StorageError
from reidsearch.media.video.copying import copy
from reidsearch.media.video.cutting import cut
from reidsearch.media.video.open import open_footage
path, out = map(Path, sys.argv[1:])
with open_footage(path) as footage:
    for write in (
        lambda: cut(footage, 0, 1 << 40, out),
        lambda: copy(path, footage, 0, 1 << 40, out, views=[]),
    ):
        try:
            write()
        except StorageError as error:
            print("storage", error)
"""


@pytest.mark.full
@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="needs limits on files")
def test_a_disk_that_is_full_is_called_so_and_nothing_is_left(tmp_path):
    path = write_video(tmp_path / "a.mp4", 200, options=H264, size_px=(320, 240))
    out = tmp_path / "out.mp4"
    ran = subprocess.run(
        [sys.executable, "-c", FULL_DISK, path, out], capture_output=True, text=True, check=False
    )
    assert ran.stdout.count("storage") == 2, ran.stdout + ran.stderr
    assert list(tmp_path.iterdir()) == [path]
