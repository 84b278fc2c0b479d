"""What was searched with is named, with its digests, wherever an answer goes."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from archives import CommandLine, draw
from PIL import Image

from reidsearch import Archive, SearchRequest
from reidsearch.base.settings import PictureLimits
from reidsearch.media.naming.source_facts import SourceNaming
from reidsearch.media.pictures import read_picture
from reidsearch.media.video.open import open_footage
from reidsearch.services.index import FootageOptions

pytestmark = pytest.mark.full

FORMATS = ("table", "json", "jsonl", "csv")


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def digest(array: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def plain(text: str) -> str:
    """Text without the line ends of a narrow terminal."""
    return "".join(text.split())


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_names_the_picture_its_bytes_box_and_embedding(held, crops, form):
    picture = crops / "gate_20240531T12Z.png"
    with Archive.open(held.archive) as archive:
        (row,) = archive.embed([read_picture(picture, PictureLimits())])
    ran = held("query", picture, "-k", 2, "--no-adjust", "--format", form)
    assert ran.code == 0, ran.err
    for told in (picture.name, sha256(picture), digest(row.astype("<f4"))):
        assert told in plain(ran.out)
    box = {"table": "0,0,16,32", "csv": "0,0,16,32"}.get(form, "[0,0,16,32]")
    assert box in plain(ran.out)


def test_csv_repeats_it_in_every_row_and_of_a_list_for_every_query(held, crops, tmp_path):
    one, other = crops / "gate_20240531T12Z.png", crops / "unknown.png"
    table = tmp_path / "list.csv"
    table.write_text(f"image\n{one}\n{other}\n")
    ran = held("query", "--batch", table, "-k", 2, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(ran.out)))
    assert [row["query_sha256"] for row in rows] == [sha256(one)] * 2 + [sha256(other)] * 2
    assert [row["query_location"] for row in rows] == [str(one)] * 2 + [str(other)] * 2


def test_a_name_is_told_as_given_and_where_it_lies(held, crops, monkeypatch):
    monkeypatch.chdir(crops)
    ran = held("query", "unknown.png", "--format", "json")
    (origin,) = json.loads(ran.out)["statement"]["query_pictures"]
    assert (origin["of"], origin["name"]) == ("file", "unknown.png")
    assert origin["location"] == str(crops / "unknown.png")


def test_crops_and_identities_are_told_with_the_source_of_each(held):
    assert held("identity", "new", "anna", 1, 5).code == 0
    document = json.loads(held("query", "--identity", "anna", "--crop", 9, "--format", "json").out)
    origins = document["statement"]["query_pictures"]
    assert [origin["crop_id"] for origin in origins] == [9, 1, 5]
    with Archive.open(held.archive) as archive:
        for origin in origins:
            crop = archive.crop(origin["crop_id"])
            assert (origin["of"], origin["sha256"]) == ("crop", crop.source_sha256)
            assert (origin["name"], origin["box"]) == (crop.location, crop.box.as_list())
            assert origin["pixels_sha256"] is None


def test_the_mean_has_a_digest_of_its_own_and_the_views_theirs(held, crops):
    picture = crops / "unknown.png"
    with Archive.open(held.archive) as archive:
        said = archive.search([picture, 1]).statement
        rows = archive.embed([read_picture(picture, PictureLimits())])
        alone = archive.search([picture], adjusted=False).statement
        adjusted = archive.search([picture]).statement
    assert said.query_pictures[0].embedding_sha256 == digest(rows[0].astype("<f4"))
    assert said.embedding_sha256 not in {one.embedding_sha256 for one in said.query_pictures}
    assert alone.embedding_sha256 == alone.query_pictures[0].embedding_sha256
    assert adjusted.query_pictures == alone.query_pictures
    assert adjusted.embedding_sha256 != alone.embedding_sha256, "of what was searched with"


def test_pixels_are_told_by_their_own_digest_and_a_list_as_one_by_one(held, crops):
    pixels = read_picture(crops / "unknown.png", PictureLimits())
    with Archive.open(held.archive) as archive:
        (origin,) = archive.search(pixels).statement.query_pictures
        (listed,) = archive.search_many([SearchRequest(pixels)])
        (of_pillow,) = archive.search(
            Image.fromarray(pixels[..., ::-1].copy())
        ).statement.query_pictures
    assert (origin.of, origin.sha256, origin.pixels_sha256) == ("pixels", None, digest(pixels))
    assert listed.statement.query_pictures == (origin,)
    assert of_pillow == origin


def test_what_was_decoded_is_what_was_digested_though_the_file_changes(held, tmp_path):
    path = draw(tmp_path / "a.png", 1)
    before = sha256(path)
    with Archive.open(held.archive) as archive:
        answer = archive.search(path)
        draw(path, 2)
        assert answer.statement.query_pictures[0].sha256 == before != sha256(path)


@pytest.mark.full
def test_sheets_and_explanations_name_it(held, crops, tmp_path):
    picture = crops / "unknown.png"
    page, drawn, other = tmp_path / "s.html", tmp_path / "s.png", tmp_path / "t.png"
    assert held("query", picture, "-o", page).code == 0
    assert sha256(picture) in page.read_text()
    assert picture.name in page.read_text()
    # The same pixels in a file of another name and other bytes: the sheet says which it was.
    copy = tmp_path / "copy.png"
    with Image.open(picture) as image:
        image.save(copy, compress_level=0)
    for sheet, query in ((drawn, picture), (other, copy)):
        assert held("query", query, "--no-rerank", "-o", sheet).code == 0
    with Image.open(drawn) as a, Image.open(other) as b:
        assert a.tobytes() != b.tobytes()
    ran = held("explain", picture, 1, "--format", "json")
    origin = json.loads(ran.out)["query_picture"]
    assert (origin["name"], origin["sha256"]) == (str(picture), sha256(picture))
    told = plain(held("explain", picture, 1).out)
    assert sha256(picture) in told
    assert origin["embedding_sha256"] in told


# -- footage -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def seen(tmp_path_factory, scene):
    """The gate's video with the truth as its detections, and an archive of it."""
    folder = tmp_path_factory.mktemp("seen")
    video = Path(shutil.copy(scene[0], folder))
    shutil.copy(scene[0].with_suffix(".det.txt"), folder)
    with Archive.open(folder / "archive", create=True, model="builtin") as archive:
        options = FootageOptions(naming=SourceNaming("gate"), detections=folder / "gate.det.txt")
        report = archive.index([video], footage=options).footage
        assert (report.indexed, report.tracklets) == (1, 3)
    return folder, video


@pytest.fixture
def watched(run: CommandLine, seen) -> tuple[CommandLine, Path]:
    shutil.copytree(seen[0] / "archive", run.archive)
    return run, seen[1]


@pytest.mark.full
def test_a_frame_is_told_by_its_video_time_and_box(watched):
    run, video = watched
    with Archive.open(run.archive) as archive:
        crop = archive.crop(1)
    assert crop.moment is not None
    at_s, box = float(crop.moment.media_s), crop.box
    where = f"{box.x1},{box.y1},{box.width_px},{box.height_px}"
    ran = run("query", "--frame", f"{video}@{at_s}", "--box", where, "--format", "json")
    assert ran.code == 0, ran.err
    document = json.loads(ran.out)
    (origin,) = document["statement"]["query_pictures"]
    assert (origin["of"], origin["sha256"], origin["box"]) == (
        "frame",
        sha256(video),
        box.as_list(),
    )
    assert origin["media_s"] == pytest.approx(at_s, abs=0.05)
    assert origin["name"] == str(video)
    with open_footage(video) as footage:
        frame = footage.frame_at(crop.moment.media_s).bgr()
    assert origin["pixels_sha256"] == digest(frame[box.y1 : box.y2, box.x1 : box.x2])
    table = plain(run("query", "--frame", f"{video}@{at_s}", "--box", where).out)
    assert f"box{where}" in table
    assert sha256(video) in table


# -- a match that is the query itself ------------------------------------------------------------


def plain_words(ran) -> str:
    return " ".join(ran.out.split())


def own(ran) -> dict[int, str | None]:
    matches = json.loads(ran.out)["matches"]
    assert all(match["own"] == (match["own_by"] is not None) for match in matches)
    return {match["crop_id"]: match["own_by"] for match in matches}


def test_a_file_that_is_in_the_archive_finds_itself_and_is_marked(held, crops, tmp_path):
    picture = crops / "gate_20240531T12Z.png"
    ran = held("query", picture, "-k", 9, "--format", "json")
    found = own(ran)
    (itself,) = (crop_id for crop_id, by in found.items() if by)
    with Archive.open(held.archive) as archive:
        assert archive.crop(itself).source_sha256 == sha256(picture)
    assert found[itself] == "picture"
    assert "own" in held("query", picture).out.splitlines()[0]
    assert "marked own" in " ".join(held("query", picture).out.split())
    # Of a picture that is not there, nothing is marked, and no column is spent on it.
    other = draw(tmp_path / "other.png", 99)
    assert set(own(held("query", other, "--format", "json")).values()) == {None}
    assert "own" not in held("query", other).out.splitlines()[0]


def test_an_exported_crop_and_its_pixels_are_the_query_itself_too(held, tmp_path):
    exported = tmp_path / "a.jpg"
    assert held("crop", 7, "-o", exported).code == 0
    assert own(held("query", exported, "--format", "json"))[7] == "picture"
    with Archive.open(held.archive) as archive:
        pixels = read_picture(archive.crop(3).location, PictureLimits())
        marked = {m.crop.crop_id: m.own for m in archive.search(pixels).matches if m.own}
    assert marked == {3: "picture"}


def test_confirmed_crops_in_the_answer_for_their_identity_are_marked(held):
    assert held("identity", "new", "anna", 1, 5).code == 0
    found = own(held("query", "--identity", "anna", "--format", "json"))
    assert {crop_id for crop_id, by in found.items() if by == "picture"} == {1, 5}


def test_a_tracklet_is_its_own_and_another_in_the_same_frame_is_told(watched):
    run, video = watched
    with Archive.open(run.archive) as archive:
        every = archive.search(1, k=50, grouped=False).matches
        crop = archive.crop(1)
        for match in every:
            assert archive.explain(1, match.crop.crop_id).own == match.own
    others = [match.crop.crop_id for match in every if match.own == "tracklet"]
    assert "own, so no finding: query's own tracklet" in plain_words(
        run("explain", "--crop", 1, others[0])
    )
    told = json.loads(run("explain", "--crop", 1, others[0], "--format", "json").out)
    assert (told["own"], told["own_by"]) == (True, "tracklet")
    assert crop.moment is not None
    for match in every:
        assert match.tracklet is not None
        if match.tracklet.tracklet_id == crop.moment.tracklet_id:
            assert match.own == "tracklet"
        else:
            (part,) = match.tracklet.parts
            there = part.first_s <= crop.moment.media_s <= part.last_s
            assert match.own == ("frame" if there else None)
    assert {match.own for match in every} >= {"tracklet", None}
    box, at_s = crop.box, float(crop.moment.media_s)
    where = f"{box.x1},{box.y1},{box.width_px},{box.height_px}"
    ran = run("query", "--frame", f"{video}@{at_s}", "--box", where, "--format", "json")
    matches = json.loads(ran.out)["matches"]
    by = {match["tracklet"]["tracklet_id"]: match["own_by"] for match in matches}
    assert by[crop.moment.tracklet_id] in {"picture", "tracklet"}
    # A search of all gives the same marks, though it comes in parts.
    every = json.loads(
        run("query", "--crop", 1, "-k", "all", "--min-score", -1, "--format", "json").out
    )["matches"]
    assert {match["own_by"] for match in every} >= {"tracklet"}


def test_another_box_of_one_picture_is_told_as_of_the_same_frame(run, tmp_path):
    frame = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(frame).save(tmp_path / "frame.png")
    table = tmp_path / "m.csv"
    table.write_text("path,x1,y1,x2,y2\nframe.png,0,0,20,60\nframe.png,30,0,50,60\n")
    assert run("index", table, "--model", "builtin").code == 0
    assert own(run("query", "--crop", 1, "--format", "json")) == {2: "frame"}


def test_names_that_are_not_utf8_are_told(held, tmp_path):
    folder = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.png")
    shutil.copy(draw(tmp_path / "x.png", 1), folder)
    (origin,) = json.loads(held("query", folder, "--format", "json").out)["statement"][
        "query_pictures"
    ]
    assert origin["name"].endswith(r"caf\xe9.png")
