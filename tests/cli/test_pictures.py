"""`reidsearch pictures`, and footage in a bucket, from the command line."""

from __future__ import annotations

import json

import pytest
from archives import draw_many
from object_server import SECRET, away

pytestmark = pytest.mark.full


@pytest.fixture
def crops(tmp_path, indexed_crops):
    indexed_crops(tmp_path, 5)
    return sorted((tmp_path / "crops").iterdir())


def test_it_tells_where_pictures_are_and_moves_them(run, crops, bucket, monkeypatch):
    told = run("pictures")
    assert told.out == "Pictures: 5 in the database.\nNew ones go to the database.\n"
    refused = run("pictures", "--to", "objects")
    assert (refused.code, "[objects] bucket" in refused.err) == (2, True)
    monkeypatch.setenv("REIDSEARCH_BUCKET", bucket)
    moved = run("pictures", "--to", "objects")
    assert moved.out.startswith(f"Moved 5 pictures.\nPictures: 5 in {bucket}, ")
    document = json.loads(run("pictures", "--format", "json").out)
    assert (document["store"], document["in_store"], document["moved"]) == (bucket, 5, None)
    assert f"5 in {bucket}" in run("show").out
    elsewhere = run("pictures", "--to", "s3://elsewhere")
    assert (elsewhere.code, "pictures --to database" in elsewhere.err) == (2, True)
    back = json.loads(run("pictures", "--to", "database", "--format", "json").out)
    assert (back["moved"], back["store"], back["in_database"]) == (5, None, 5)


def test_no_key_stands_in_an_address_or_a_message(run, crops, bucket, monkeypatch):
    refused = run("pictures", "--to", f"s3://me:{SECRET}@bucket/a")
    assert (refused.code, SECRET in refused.err) == (2, False)
    monkeypatch.setenv("REIDSEARCH_BUCKET", f"s3://me:{SECRET}@bucket/a")
    refused = run("pictures", "--to", "objects")
    assert (refused.code, SECRET in refused.err) == (3, False)


def test_a_search_answers_while_the_store_is_away(run, crops, bucket, tmp_path, monkeypatch):
    assert run("pictures", "--to", bucket).code == 0
    away(monkeypatch)
    found = run("query", crops[0], "-k", 1, "--format", "json")
    assert json.loads(found.out)["matches"][0]["crop_id"] == 1
    crop = run("crop", 1, "-o", tmp_path / "crop.jpg")
    assert (crop.code, "cannot be used" in crop.err, SECRET in crop.err) == (8, True, False)
    assert not (tmp_path / "crop.jpg").exists()
    page = run("query", crops[0], "-k", 1, "-o", tmp_path / "page.html")
    assert (page.code, (tmp_path / "page.html").exists()) == (0, True)
    assert "cannot be used" in (tmp_path / "page.html").read_text(encoding="utf-8")
    more = draw_many(tmp_path / "more", 2, start=70)
    stopped = run("index", more[0].parent, "--model", "builtin")
    assert (stopped.code, "cannot be used" in stopped.err) == (8, True)
    deleted = run("delete", "--crop", 1, "--yes")
    assert (deleted.code, "still in the store of objects" in deleted.err) == (0, True)
    monkeypatch.undo()


def test_footage_of_an_unknown_bucket_is_refused_by_name(run, bucket):
    refused = run("index", "s3://no-such-bucket-at-all/july", "--model", "builtin")
    assert (refused.code, "NoSuchBucket" in refused.err) == (8, True)
    assert run("index", "rtsp://camera/1", "--model", "builtin").code == 2
