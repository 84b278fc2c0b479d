"""Detections that somebody else made: the formats, and what is wrong in them."""

from fractions import Fraction

import pytest

from reidsearch.base.errors import InputError
from reidsearch.vision.detection.precomputed import read_precomputed

CVAT_TRACKS = """<?xml version="1.0" encoding="utf-8"?>
<annotations><version>1.1</version>
<track id="0" label="person"><box frame="4" outside="0" xtl="10" ytl="20" xbr="40" ybr="90"/>
<box frame="5" outside="1" xtl="10" ytl="20" xbr="40" ybr="90"/></track>
<track id="1" label="person"><box frame="4" outside="0" xtl="100" ytl="20" xbr="140" ybr="90"/>
</track></annotations>"""
CVAT_IMAGES = """<annotations><image id="4" name="f4.jpg" width="200" height="100">
<box label="person" xtl="10" ytl="20" xbr="40" ybr="90"/>
<box label="person" xtl="100" ytl="20" xbr="140" ybr="90"/></image></annotations>"""

BOXES = [[10, 20, 40, 90], [100, 20, 140, 90]]


@pytest.mark.parametrize(
    ("name", "text", "ids"),
    [
        ("det.txt", "5,-1,10,20,30,70,0.9,-1,-1,-1\n5,-1,100,20,40,70,0.9,-1,-1,-1\n", None),
        ("gt.txt", "5,1,10,20,30,70,1,1,1\n5,2,100,20,40,70,1,1,1\n5,3,0,0,9,9,0,1,1\n", [1, 2]),
        ("a.csv", "frame,x1,y1,x2,y2\n4,10,20,40,90\n4,100,20,140,90\n", None),
        ("b.csv", "frame,x,y,w,h,id\n4,10,20,30,70,5\n4,100,20,40,70,6\n", [5, 6]),
        ("f.csv", "frame,time_s,x1,y1,x2,y2\n4,9,10,20,40,90\n4,9,100,20,140,90\n", None),
        ("t.csv", "time_s,x,y,w,h,confidence\n0.4,10,20,30,70,0.9\n0.4,100,20,40,70,0.9\n", None),
        ("cvat.xml", CVAT_TRACKS, [0, 1]),
        ("images.xml", CVAT_IMAGES, None),
    ],
)
def test_every_format_says_the_same(name, text, ids, tmp_path):
    path = tmp_path / name
    path.write_text(text)
    given = read_precomputed(path)
    found = given.at(4, Fraction(2, 5), 200, 100)
    assert found.xyxy.tolist() == BOXES
    assert (found.ids.tolist() if ids else found.ids) == ids
    assert given.has_ids == (ids is not None)
    assert len(given.at(6, Fraction(3, 5), 200, 100)) == 0
    assert name in given.text


def test_boxes_are_clipped_to_the_frame_and_times_snap_to_the_nearest(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("time_s,x1,y1,x2,y2\n0.405,-5,-5,50,500\n0.415,1,1,20,20\n2,300,1,400,9\n")
    given = read_precomputed(path)
    assert given.at(0, Fraction(2, 5), 200, 100).xyxy.tolist() == [[0, 0, 50, 100]]
    assert len(given.at(0, Fraction(38, 100), 200, 100)) == 0
    assert len(given.at(0, Fraction(2), 200, 100)) == 0, "outside the frame altogether"


def test_the_surest_comes_first(tmp_path):
    path = tmp_path / "det.txt"
    path.write_text("1,-1,0,0,20,20,0.3\n1,-1,50,0,20,20,0.8\n")
    assert read_precomputed(path).at(0, Fraction(0), 200, 100).xyxy[0, 0] == 50


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("det.txt", "1,-1,1,2,3\n", "line 1"),
        ("det.txt", "1,-1,1,2,three,4\n", "line 1"),
        ("det.txt", "1,-1,1,2,nan,4,1\n", "not the numbers of a box"),
        ("det.txt", "1,-1,1,2,1e300,4,1\n", "not the numbers of a box"),
        ("det.txt", "1,-1,1,2,-3,4,1\n", "no area"),
        ("det.txt", "nan,-1,1,2,3,4,1\n", "line 1"),
        ("det.txt", "inf,-1,1,2,3,4,1\n", "line 1"),
        ("det.txt", "0,-1,1,2,3,4,1\n", "counts frames from 1"),
        ("gt.txt", "1,1e300,1,2,3,4,1\n", "ids count from 0"),
        ("gt.txt", "1,4,1,2,3,4,1\n1,4,90,2,3,4,1\n", "id 4 is in 2 places"),
        ("a.csv", "frame,x1,y1,x2,y2\n-1,2,3,4,5\n", "ids count from 0"),
        ("a.csv", "time_s,x1,y1,x2,y2\ninf,2,3,4,5\n", "line 2"),
        ("a.csv", "frame,left,top\n1,2,3\n", "lacks columns"),
        ("a.csv", "frame,x1,y1,x2,y2\n1,2,3,x,5\n", "line 2"),
        ("a.csv", "frame,x1,y1,x2,y2\n1,9,3,2,5\n", "no area"),
        ("a.xml", "<annotations><track>", "well-formed"),
        ("a.xml", "<boxes/>", "not CVAT"),
        ("a.xml", "<annotations><track><box frame='1'/></track></annotations>", "xtl"),
        ("missing", None, "No such file"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(name, text, said, tmp_path):
    path = tmp_path / name
    if text is not None:
        path.write_text(text)
    with pytest.raises(InputError, match=said) as error:
        read_precomputed(path)
    assert name in error.value.message


def test_bytes_that_are_no_text(tmp_path):
    (tmp_path / "det.txt").write_bytes(b"1,-1,\xff\xfe")
    with pytest.raises(InputError, match="not text"):
        read_precomputed(tmp_path / "det.txt")


def test_an_empty_file_is_nobody(tmp_path):
    (tmp_path / "det.txt").write_text("")
    given = read_precomputed(tmp_path / "det.txt")
    assert len(given.at(0, Fraction(0), 10, 10)) == 0
    assert not given.has_ids
