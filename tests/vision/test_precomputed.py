"""Detections that somebody else made: the formats, and what is wrong in them."""

import json
from fractions import Fraction

import pytest

from reidsearch.base.errors import InputError, Reason, Refused
from reidsearch.vision.detection.precomputed import Applied
from reidsearch.vision.detection.precomputed_files import read_precomputed

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
        ("missing", None, "no such file"),
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


COCO = {
    "images": [
        {"id": 7, "file_name": "frame_000000.png", "width": 200, "height": 100},
        {"id": 8, "file_name": "frame_000004.png", "width": 200, "height": 100},
    ],
    "categories": [{"id": 1, "name": "person"}, {"id": 3, "name": "car"}],
    "annotations": [
        {"image_id": 8, "category_id": 1, "bbox": [10, 20, 30, 70], "score": 0.9},
        {"image_id": 8, "category_id": 1, "bbox": [100, 20, 40, 70], "score": 0.8},
        {"image_id": 8, "category_id": 3, "bbox": [0, 0, 50, 50], "score": 0.9},
    ],
}


def fitted(path, width_px=200, height_px=100):
    return read_precomputed(path).fitted(width_px, height_px)


def boxes(given, number=4, picture=None):
    return given.at(number, Fraction(number, 10), 200, 100, picture).xyxy.round().tolist()


def test_coco_annotations_and_results(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps(COCO))
    given = fitted(tmp_path / "a.json")
    assert boxes(given) == BOXES
    assert given.left_out == {"of other categories": 1}
    assert boxes(given, 99, "frame_000004.jpg") == BOXES, "a picture is known by its name"
    results = [{**one, "image_id": 5} for one in COCO["annotations"]]
    (tmp_path / "r.json").write_text(json.dumps(results))
    given = fitted(tmp_path / "r.json")
    assert boxes(given) == BOXES, "images count from 1 where none is 0"
    assert given.left_out == {"of other categories": 1}


def test_a_folder_of_yolo_labels(tmp_path):
    folder = tmp_path / "labels"
    folder.mkdir()
    (folder / "classes.txt").write_text("person\ncar\n")
    (folder / "gate_1.txt").write_text("")
    (folder / "gate_5.txt").write_text(
        "0 0.125 0.55 0.15 0.7 0.9\n0 0.6 0.55 0.2 0.7 0.8\n2 0.5 0.5 0.5 0.5 0.9\n"
    )
    given = fitted(folder)
    assert boxes(given) == BOXES
    assert given.left_out == {"of other classes than 0": 1}
    assert boxes(given, 0, "gate_5.jpg") == BOXES


@pytest.mark.parametrize(
    "shape",
    [
        '<polygon frame="4" outside="0" points="10,20;40,20;40,90;10,60"/>',
        '<polyline frame="4" outside="0" points="10,20;40,90"/>',
        '<ellipse frame="4" outside="0" cx="25" cy="55" rx="15" ry="35"/>',
        '<mask frame="4" outside="0" rle="" left="10" top="20" width="30" height="70"/>',
        '<skeleton frame="4"><points points="10,20"/><points points="40,90"/></skeleton>',
        '<box frame="4" outside="0" xtl="-10" ytl="40" xbr="60" ybr="70" rotation="90"/>',
    ],
)
def test_shapes_of_cvat_count_by_the_box_they_lie_in(shape, tmp_path):
    path = tmp_path / "a.xml"
    path.write_text(
        f'<annotations><track id="0" label="person">{shape}</track>'
        '<track id="1" label="car"><box frame="4" outside="0" xtl="0" ytl="0" xbr="9" ybr="9"/>'
        "</track></annotations>"
    )
    given = fitted(path)
    assert boxes(given) == BOXES[:1]
    assert given.left_out == {"of other labels": 1}


def test_a_confidence_of_minus_one_is_not_known(tmp_path):
    (tmp_path / "a.txt").write_text("5,1,10,20,30,70,-1,-1,-1,-1\n")
    found = read_precomputed(tmp_path / "a.txt").at(4, Fraction(0), 200, 100)
    assert found.confidence.tolist() == [1.0]


def test_boxes_of_frames_of_another_size_are_scaled_where_the_file_tells_it(tmp_path):
    larger = CVAT_IMAGES.replace('width="200" height="100"', 'width="400" height="200"')
    (tmp_path / "a.xml").write_text(larger)
    assert boxes(fitted(tmp_path / "a.xml")) == [[5, 10, 20, 45], [50, 10, 70, 45]]
    with pytest.raises(Refused, match="frames of 400 x 200"):
        fitted(tmp_path / "a.xml", 200, 200)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no detection"),
        ("5,1,0.4,0.1,0.2,0.8,0.9\n", "shares of the frame"),
        ("5,1,900,500,80,200,0.9\n5,2,10,10,20,20,0.9\n", "another resolution"),
        ("1,1,0,0,9,9,0,1,1\n", "not to be counted"),
    ],
)
def test_what_cannot_be_about_the_footage_is_refused(text, said, tmp_path):
    (tmp_path / "det.txt").write_text(text)
    with pytest.raises(Refused, match=said) as error:
        fitted(tmp_path / "det.txt")
    assert error.value.reason is Reason.DETECTIONS_UNUSED


def test_rows_read_are_counted_against_rows_used(tmp_path):
    (tmp_path / "det.txt").write_text("1,1,5,5,20,60\n2,1,5,5,20,60\n9001,1,5,5,20,60\n")
    applied = Applied(fitted(tmp_path / "det.txt"))
    for number in range(10):
        found = applied.detections.at(number, Fraction(number, 10), 200, 100)
        applied.note(number, Fraction(number, 10), None, len(found))
    assert applied.used == 2
    assert "1 of 3 detections of det.txt met no frame" in applied.notes()[0]
    applied.require_some()
    with pytest.raises(Refused, match="none is of a frame"):
        Applied(applied.detections).require_some()


def test_boxes_in_a_corner_of_the_frame_are_doubted(tmp_path):
    rows = "".join(f"{n},1,{n},5,20,60\n" for n in range(1, 20))
    (tmp_path / "det.txt").write_text(rows)
    assert "lower resolution" in fitted(tmp_path / "det.txt").doubt(200, 100)
    assert fitted(tmp_path / "det.txt", 40, 66).doubt(40, 66) == ""
