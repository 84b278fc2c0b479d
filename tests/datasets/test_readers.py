"""Labelled crops are read from folders, manifests and archives; what is missing is named."""

from __future__ import annotations

import numpy as np
import pytest
from archives import draw, fill, unit_rows
from tracklets import Seen, write_footage

from reidsearch import Archive
from reidsearch.base.errors import ArchiveError, InputError, UsageError
from reidsearch.datasets.readers import read_archive, read_data, read_manifest, read_market
from reidsearch.domain.crops import Facts
from reidsearch.output.hints import advice
from reidsearch.store.crops.store import Store


def market(folder, query=(), gallery=()):
    for name, files in (("query", query), ("bounding_box_test", gallery)):
        (folder / name).mkdir()
        for file in files:
            (folder / name / file).write_bytes(b"")
    return folder


def told(crops):
    return {(crop.person, crop.camera) for crop in crops}


def test_market_names_tell_person_and_camera(tmp_path):
    files = ["0002_c1s1_000451_03.jpg", "-1_c3s2_1.JPG", "0000_c6.png", "Thumbs.db", "x.jpg"]
    data = read_data(market(tmp_path, ["0002_c2.jpg", "0000_c1.jpg"], files))
    assert [crop.name for crop in data.query] == ["query/0002_c2.jpg"]
    assert told(data.query) == {("2", "2")}
    assert told(data.gallery) == {("2", "1"), (None, "6")}
    assert data.notes == (
        "1 of 6 pictures were left out, their names are not PPPP_cC...: bounding_box_test/x.jpg; "
        "the figures are of the others",
        "1 crops of person -1 (junk) were left out",
        "1 queries of person 0 (distractors) were left out",
    )
    assert data.cameras == ("1", "2", "6")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda folder: folder, "query does not exist"),
        (lambda folder: market(folder, [], ["1_c1.jpg"]), "query holds no picture"),
        (lambda folder: market(folder, ["1_c1.jpg"], ["a.jpg"]), "bounding_box_test holds no"),
        (lambda folder: market(folder, ["0_c1.jpg"], ["1_c1.jpg"]), "no queries or no gallery"),
        (lambda folder: market(folder, ["1_c1.jpg"], ["-1_c1.jpg"]), "no queries or no gallery"),
    ],
)
def test_a_folder_of_another_kind_is_refused(tmp_path, make, words):
    with pytest.raises(InputError, match=words):
        read_market(make(tmp_path))


def manifest(folder, text):
    for number in range(3):
        draw(folder / f"{number}.png", number)
    path = folder / "manifest.csv"
    path.write_bytes(text)
    return path


def test_a_manifest_tells_person_and_camera(tmp_path):
    text = (
        b"\xef\xbb\xbfpath,person_id,camera_id,side\n0.png,Ann,01,1\n1.png,0,gate,5\n2.png,,01,\n"
    )
    data = read_data(manifest(tmp_path, text))
    assert data.query == data.gallery
    assert [crop.name for crop in data.query] == ["0.png", "1.png"]
    assert told(data.query) == {("Ann", "01"), ("0", "gate")}
    assert data.query[0].read().shape == (32, 16, 3)
    assert data.notes[0] == "1 of 3 crops were left out: their person or camera is not known"
    assert data.notes[1].startswith("0 was taken for a person")
    parted = data.of_cameras(["01"], ["gate"])
    assert told(parted.query) == {("Ann", "01")}
    assert told(parted.gallery) == {("0", "gate")}
    with pytest.raises(UsageError, match="no camera '1'") as raised:
        data.of_cameras(["1"])
    assert advice(raised.value) == "cameras: 01, gate"


def test_a_box_in_a_manifest_is_cut_out(tmp_path):
    data = read_manifest(
        manifest(tmp_path, b'path,person,camera,box\n0.png,a,1,\n0.png,b,2,"2,3,14,30"\n')
    )
    whole, part = (crop.read() for crop in data.gallery)
    assert np.array_equal(part, whole[3:30, 2:14])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "is empty"),
        (b"person_id,camera_id\n1,1\n", "path"),
        (b"path,person_id\n0.png,1\n", "no crop of .* has both"),
        (b"path,person_id,camera_id\n", "no crop of"),
        (b"path,person_id,camera_id\n0.png,1,1\n1.png,1\n", "csv:3: 2 fields"),
        (b"path,person_id,camera_id\n0.png,1,1\nno.png,1,1\n", "no.png"),
    ],
)
def test_a_bad_manifest_is_refused(tmp_path, text, words):
    with pytest.raises(InputError, match=words):
        read_manifest(manifest(tmp_path, text))


def test_a_manifest_that_is_missing_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"none\.csv"):
        read_data(tmp_path / "none.csv")


@pytest.mark.full
def test_of_an_archive_labelled_crops_are_taken_with_their_embeddings(tmp_path):
    vectors = unit_rows(5)
    facts = [
        Facts("gate", person="Ann"),
        Facts("hall", person="Ann"),
        Facts("hall"),
        Facts(person="Bob"),
        Facts("hall", person="-1"),
    ]
    ids = fill(tmp_path / "a", vectors, facts)
    with Store(tmp_path / "a") as store:
        data = read_archive(store)
    names = [f"crop {ids[n]}" for n in (0, 1, 4)]
    assert [crop.name for crop in data.gallery] == names
    assert told(data.query) == {("Ann", "gate"), ("Ann", "hall"), ("-1", "hall")}
    assert data.notes[0].startswith("2 of 5 crops were left out")
    assert data.notes[1].startswith("-1 was taken for a person")
    assert data.held is not None
    query, gallery = data.labelled(data.held.rows)
    assert np.array_equal(gallery.vectors, vectors[[0, 1, 4]])
    assert query.persons.tolist() == [2, 2, 1]
    assert query.cameras.tolist() == [0, 1, 1]


def test_distractors_are_numbered_as_the_protocol_says(tmp_path):
    data = read_market(market(tmp_path, ["7_c2.jpg"], ["0_c1.jpg", "7_c1.jpg", "12_c1.jpg"]))
    rows = {crop.name: np.ones(2, np.float32) for crop in data.crops}
    query, gallery = data.labelled(rows)
    assert gallery.persons.tolist()[0] == 0
    assert query.persons[0] == gallery.persons[2] > 0


@pytest.mark.full
def test_an_archive_without_labels_is_refused(tmp_path):
    Store.create(tmp_path / "empty")
    with Store(tmp_path / "empty") as store, pytest.raises(ArchiveError, match="no crops"):
        read_archive(store)
    fill(tmp_path / "a", unit_rows(2), [Facts("gate"), Facts(person="Ann")])
    with Store(tmp_path / "a") as store, pytest.raises(InputError, match="both a person and a"):
        read_archive(store)


@pytest.mark.full
def test_confirmed_identities_are_labels_where_no_persons_came(tmp_path):
    rows = unit_rows(7)
    write_footage(tmp_path / "a", "gate.mp4", "gate", [Seen(1, 5, rows[:2]), Seen(7, 9, rows[2:3])])
    write_footage(tmp_path / "a", "yard.mp4", "yard", [Seen(1, 5, rows[3:5])])
    fill(tmp_path / "a", rows[5:], [Facts("hall"), Facts()])
    with Archive.open(tmp_path / "a") as archive:
        with pytest.raises(InputError, match="both a person and a camera") as refused:
            archive.labelled("identities")
        assert "reidsearch identity new" in advice(refused.value)
        archive.identities.new("ann", [1, 4])  # a view stands for its tracklet
        archive.identities.new("bob", [3, 6, 7])  # crop 7 has no camera
        archive.identities.reject("ann", [3])
        data = archive.labelled()
        with pytest.raises(InputError, match="both a person and a camera"):
            archive.labelled("persons")
    assert [(crop.name, crop.person, crop.camera) for crop in data.query] == [
        ("crop 1", "ann", "gate"),
        ("crop 2", "ann", "gate"),
        ("crop 3", "bob", "gate"),
        ("crop 4", "ann", "yard"),
        ("crop 5", "ann", "yard"),
        ("crop 6", "bob", "hall"),
    ]
    assert data.gallery == data.query
    assert data.notes[0].startswith("1 of 7 crops were left out")
    assert "what users of this archive confirmed" in data.notes[-1]


def test_persons_that_came_with_crops_come_before_identities_unless_asked(tmp_path):
    fill(tmp_path / "a", unit_rows(3), [Facts("gate", person="Ann"), Facts("hall"), Facts("hall")])
    with Archive.open(tmp_path / "a") as archive:
        archive.identities.new("bob", [2, 3])
        assert told(archive.labelled().query) == {("Ann", "gate")}
        assert "came with it" in archive.labelled().notes[-1]
        assert told(archive.labelled("identities").query) == {("bob", "hall")}
        with pytest.raises(UsageError, match="persons or identities, not 'people'"):
            archive.labelled("people")
        archive.identities.undo()
        with pytest.raises(InputError):
            archive.labelled("identities")
