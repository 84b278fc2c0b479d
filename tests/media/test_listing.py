"""What counts as footage, and folders of full frames as one source."""

import os
from fractions import Fraction

import cv2
import numpy as np
import pytest
from videos import picture, write_video

from reidsearch.base.errors import Reason, Refused
from reidsearch.media.files.inventory import CROPS, FOOTAGE, Kind, take_inventory
from reidsearch.media.video.frames import Damage, Frame
from reidsearch.media.video.open import open_footage


def write(path, data=b"x"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def frame(path, number=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), picture(number))
    return path


def listed(tmp_path, *paths, **how):
    inventory = take_inventory(paths or [tmp_path], **how)
    found = [os.path.relpath(entry.path, tmp_path) for entry in inventory.entries(FOOTAGE)]
    assert inventory.footage_count == len(found)
    crops = list(inventory.entries(CROPS))
    other = [os.path.relpath(one.path, tmp_path) for one in crops if one.kind is not Kind.REFUSED]
    rejected = [(os.path.relpath(one.path, tmp_path), one.refused.reason)
                for one in crops if one.kind is Kind.REFUSED]  # fmt: skip
    return found, other, rejected


def test_videos_in_a_tree_in_order_each_once(tmp_path):
    for name in ("b/2.MP4", "b/10.mkv", "a.h264", "z/film.dav", ".hidden.mp4", "b/x.jpg", "n.txt"):
        write(tmp_path / name)
    (tmp_path / "b" / "up").symlink_to(tmp_path)
    (tmp_path / "z" / "again.mp4").symlink_to(tmp_path / "b" / "2.MP4")
    found, other, rejected = listed(tmp_path)
    assert found == ["a.h264", "b/10.mkv", "b/2.MP4", "z/film.dav"]
    assert (other, rejected) == (["b/x.jpg"], [])


def test_a_named_file_is_what_its_bytes_say_when_its_name_says_nothing(tmp_path):
    video = write_video(tmp_path / "film.mp4", 2).rename(tmp_path / "film")
    crop = frame(tmp_path / "crop.png").rename(tmp_path / "crop")
    text = write(tmp_path / "notes.txt")
    found, other, rejected = listed(
        tmp_path, video, crop, text, write(tmp_path / "r.csv", b"path\n"), tmp_path / "no.mp4"
    )
    assert found == ["film", "notes.txt"]
    assert other == ["crop", "r.csv"]
    assert rejected == [("no.mp4", Reason.MISSING)]


def test_folders_of_frames_are_sources_when_asked(tmp_path):
    for number in range(3):
        frame(tmp_path / "gate" / f"{number}.png", number)
        frame(tmp_path / "yard" / "day" / f"{number}.jpg", number)
    (tmp_path / "empty").mkdir()
    assert listed(tmp_path)[0] == []
    found, other, rejected = listed(tmp_path, tmp_path, tmp_path / "empty", frames=True)
    assert found == ["gate", "yard/day"]
    assert (other, rejected) == ([], [("empty", Reason.NO_VIDEO)])


def test_numbered_frames_come_in_order_of_their_numbers(tmp_path):
    for number in (0, 1, 2, 9, 10, 11, 100):
        frame(tmp_path / f"frame{number}.png", number)
    with open_footage(tmp_path, frames_fps=Fraction(5)) as footage:
        info, items = footage.info, list(footage.frames())
        assert [info.media_s(item.pts) for item in items] == [Fraction(n, 5) for n in range(7)]
        assert np.array_equal(items[6].bgr(), picture(100))
        assert (info.kind, info.width_px, info.declared_fps) == ("frames", 160, 5.0)
        assert np.array_equal(footage.frame_at(Fraction(1)).bgr(), picture(11))
        after = [item.pts for item in footage.frames(after=items[3].pts)]
        assert after == [item.pts for item in items[4:]]


def test_time_stamped_frames_carry_their_time(tmp_path):
    for second in (0, 1, 3):
        frame(tmp_path / f"gate_2024-05-31_12-00-0{second}.250.png", second)
    with open_footage(tmp_path) as footage:
        times = [footage.info.media_s(item.pts) for item in footage.frames()]
        assert times == [0, 1, 3]
        assert str(footage.first_stamp.local) == "2024-05-31 12:00:00.250000"


def test_frames_that_tell_no_time_are_a_second_apart_and_it_says_so(tmp_path):
    frame(tmp_path / "a.png"), frame(tmp_path / "b.png")
    with open_footage(tmp_path) as footage:
        assert [footage.info.media_s(item.pts) for item in footage.frames()] == [0, 1]
        assert "one picture a second was assumed" in footage.info.notes[0]


def test_frames_that_cannot_be_decoded_are_damage(tmp_path):
    frame(tmp_path / "0.png"), write(tmp_path / "1.png", b"no"), frame(tmp_path / "2.png")
    with open_footage(tmp_path, frames_fps=Fraction(1)) as footage:
        kinds = [type(item) for item in footage.frames()]
    assert kinds == [Frame, Damage, Frame]
    (tmp_path / "0.png").unlink(), (tmp_path / "2.png").unlink()
    with pytest.raises(Refused, match="no picture in the folder") as refused:
        open_footage(tmp_path)
    assert refused.value.reason is Reason.NO_VIDEO
