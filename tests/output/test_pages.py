"""Pages that stand alone: what they say, that they hold no script, and that names stay names."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hostile import ESCAPES, foreign
from hypothesis import given, settings
from hypothesis import strategies as st
from json_schemas import require_valid
from layouts import IMPRINT, Crops, grey, shown
from pages import require_alone
from present_samples import CALIBRATED, NASTY, answer, crop, footage_answer

from reidsearch.base.errors import ArchiveError, InputError, StorageError, UsageError
from reidsearch.domain.answer_json import answer_json
from reidsearch.domain.answer_reading import read_answer
from reidsearch.domain.decisions import (
    Identity,
    Linking,
    Member,
    Named,
    Presence,
    Proposal,
    Story,
    Transits,
)
from reidsearch.domain.reports import ClipReport
from reidsearch.domain.tracklets import SourceInterval
from reidsearch.output.pages.html import said
from reidsearch.output.pages.people import proposals_shown, story_shown
from reidsearch.output.pages.write import single_page, write_folder
from reidsearch.output.times import use_zone

NAMES = (
    "<script>alert(1)</script><img src=x onerror=alert(2)>",
    '"><b onclick="x()">\' onload=1 x=\'',
    "</style></title><!--",
    "{{ 7*7 }}{% raw %}&lt;&#x3c;",
    "\u05e9\u05e2\u05e8 12 \u0627\u0644\u0639\u0631\u0628\u064a\u0629",
    "x" * 300,
    NASTY,
    *ESCAPES,
)


def held(*crops_: int, **facts: object) -> Crops:
    return Crops(*(crop(number, **facts) for number in crops_))  # type: ignore[arg-type]


def test_a_page_says_all_that_is_known_of_an_answer() -> None:
    given_ = footage_answer()
    archive = Crops(*(one.crop for one in given_.matches))
    page, made = single_page(shown(given_, [grey()], ["<b>.jpg"]), archive, IMPRINT)
    read = require_alone(page.decode())
    assert "Query: <b>.jpg" in read.text
    assert IMPRINT.command in read.text
    for sentence in (
        "Searched 1,527 of 1,527 crops",
        "What is missing",
        "12.0 s could not be decoded",
        "May show more than one person",
        f"{given_.matches[0].score:.3f}",
        given_.matches[0].crop.source_sha256,
        hashlib.sha256(archive.picture(given_.matches[0].crop.crop_id)).hexdigest(),
    ):
        assert sentence in read.text, sentence
    assert made.sha256 == hashlib.sha256(page).hexdigest()
    assert (made.pictures, made.clips, made.folder) == (1 + len(given_.matches), 0, False)


def test_times_stand_in_the_archives_zone_with_utc_beside() -> None:
    use_zone(dt.timezone(dt.timedelta(hours=2), "CEST"))
    page, _ = single_page(shown(answer(crop()), [grey()]), held(7), IMPRINT)
    text = require_alone(page.decode()).text
    assert "2024-05-31 14:03:00 CEST" in text
    assert "2024-05-31 12:03:00 UTC" in text


def test_of_many_query_pictures_some_are_shown_and_counted() -> None:
    page, made = single_page(shown(answer(crop()), [grey()] * 30), held(7), IMPRINT)
    assert "12 of 30 query pictures" in require_alone(page.decode()).text
    assert made.pictures == 12 + 1


def test_a_page_without_matches_says_why() -> None:
    page, _ = single_page(shown(answer(), [grey()]), held(), IMPRINT)
    assert "No match" in require_alone(page.decode()).text


@pytest.mark.full
@pytest.mark.parametrize("name", NAMES)
def test_hostile_names_stay_names(name: str) -> None:
    location = f"/footage/{name}/{name}.mp4"
    one = crop(7, location, camera=name, person=name)
    given_ = answer(one)
    given_ = replace(
        given_,
        statement=replace(given_.statement, query=name, archive=name, warnings=(name,)),
        matches=(
            replace(given_.matches[0], identity=Named(1, name), rejected_for=(Named(2, name),)),
        ),
    )
    made = replace(IMPRINT, archive=name, command=name)
    page, _ = single_page(shown(given_, [grey()], [name]), Crops(one), made)
    told = page.decode()
    plain, _ = single_page(shown(answer(crop()), [grey()], ["a.jpg"]), held(7), IMPRINT)
    read = require_alone(told)
    assert not foreign(told)
    assert set(read.tags) - {"bdi"} == set(require_alone(plain.decode()).tags) - {"bdi"}


@pytest.mark.full
@settings(deadline=None, max_examples=60)
@given(st.text(max_size=40))
def test_a_text_is_escaped_whole_whatever_it_is(text: str) -> None:
    markup = str(said(text))
    assert "<" not in markup.replace("<bdi>", "").replace("</bdi>", "")
    assert not foreign(markup)


def test_writing_from_right_to_left_does_not_move_what_stands_beside_it() -> None:
    assert said("camera \u05d0\u05d1 12 \u05d2; 3 crops") == (
        "camera <bdi>\u05d0\u05d1</bdi> 12 <bdi>\u05d2</bdi>; 3 crops"
    )


def test_a_crop_that_is_gone_is_told_and_the_rest_is_shown() -> None:
    given_ = answer(crop(7), crop(8, "crops/b.jpg"))
    page, made = single_page(shown(given_, [grey()]), held(8), IMPRINT)
    told = "1 picture of crops that the archive no longer holds: 7."
    assert told in made.missing
    read = require_alone(page.decode())
    assert told in read.text
    assert "no picture" in read.text


class Damaged(Crops):
    """An archive whose pictures cannot be read."""

    def picture(self, crop_id: int) -> bytes:
        raise ArchiveError(f"the picture of crop {crop_id} is damaged")


def test_a_damaged_picture_is_told() -> None:
    page, made = single_page(shown(answer(crop()), [grey()]), Damaged(crop()), IMPRINT)
    assert any("is damaged" in line for line in made.missing)
    require_alone(page.decode())


def clip(crop_id: int, out: Path) -> ClipReport:
    """Write something in place of a clip."""
    if crop_id == 8:
        raise InputError("the footage is gone")
    out.write_bytes(b"clip")
    return ClipReport(
        crop_id, *[dt.timedelta(seconds=1)] * 0, *map(int, (1, 9, 1, 9, 60, 4)), False, "a.mp4"
    )  # type: ignore[arg-type]


@pytest.mark.full
def test_a_folder_lists_every_file_with_its_digest(tmp_path: Path) -> None:
    (one,) = footage_answer().matches
    assert one.tracklet is not None
    assert one.crop.moment is not None
    moment = replace(one.crop.moment, tracklet_id=99)
    other = replace(one, crop=replace(one.crop, crop_id=8, moment=moment))
    given_ = replace(
        footage_answer(), matches=(one, other, replace(one, crop=crop(9), tracklet=None))
    )
    archive = Crops(*(match.crop for match in given_.matches))
    final = tmp_path / "page"
    made = write_folder(
        final, shown(given_, [grey()]), archive, IMPRINT, answer_json(given_), clip=clip
    )
    listed = dict(
        reversed(line.split("  ")) for line in (final / "SHA256SUMS").read_text().splitlines()
    )
    there = {str(path.relative_to(final)) for path in final.rglob("*") if path.is_file()}
    assert there == {*listed, "SHA256SUMS"}
    for path, sha256 in listed.items():
        assert hashlib.sha256((final / path).read_bytes()).hexdigest() == sha256
    assert made.sha256 == hashlib.sha256((final / "SHA256SUMS").read_bytes()).hexdigest()
    manifest = json.loads((final / "manifest.json").read_text())
    require_valid(manifest)
    require_valid(json.loads((final / "data.json").read_text()))
    assert {one["path"] for one in manifest["files"]} == {*listed} - {"manifest.json"}
    told = {one["crop"]["crop_id"]: one for one in manifest["files"] if one["shows"] == "crop"}
    assert told[one.crop.crop_id]["crop"]["source"] == one.crop.source_sha256
    assert told[one.crop.crop_id]["crop"]["uncertainty_s"] == moment.uncertainty_s
    read = require_alone((final / "index.html").read_text(), final)
    assert f"clips/crop-{one.crop.crop_id}.mp4" in read.addresses
    assert "The clip of crop 8: the footage is gone." in read.text
    assert "1 crop was indexed as a picture, of which there is no clip." in made.missing
    assert (made.clips, made.pictures) == (1, 4)


def test_a_folder_replaces_an_earlier_page_and_nothing_else(tmp_path: Path) -> None:
    final = tmp_path / "page"

    def write(**how: bool) -> None:
        content = shown(answer(crop()), [grey()])
        write_folder(final, content, held(7), IMPRINT, answer_json(answer(crop())), **how)  # type: ignore[arg-type]

    write()
    with pytest.raises(StorageError, match="not overwritten"):
        write()
    write(replace=True)
    assert (final / "SHA256SUMS").is_file()
    for place in (final / "notes.txt", final / "pictures" / "mine.jpg"):
        place.write_text("mine")
        with pytest.raises(StorageError, match="not overwritten"):
            write(replace=True)
        assert place.read_text() == "mine"
        place.unlink()
    (final / "pictures" / "link").symlink_to(final / "index.html")
    with pytest.raises(StorageError, match="not overwritten"):
        write(replace=True)
    assert [one.name for one in tmp_path.iterdir()] == ["page"]


@pytest.mark.parametrize("given_", [answer(crop()), footage_answer(), answer(crop(), **CALIBRATED)])
def test_an_answer_comes_back_from_its_document(given_: object) -> None:
    document = json.loads(json.dumps(answer_json(given_)))  # type: ignore[arg-type]
    assert answer_json(read_answer(document)) == document


@pytest.mark.full
@pytest.mark.parametrize(
    "place",
    [
        (), ("schema",), ("statement",), ("statement", "asked_at"), ("statement", "footage"),
        ("statement", "filters"), ("statement", "model"), ("statement", "query_pictures"),
        ("statement", "ranked_by"), ("matches",), ("matches", 0), ("matches", 0, "box"),
        ("matches", 0, "camera"), ("matches", 0, "time"), ("matches", 0, "tracklet"),
        ("matches", 0, "tracklet", "parts"), ("matches", 0, "tracklet", "purity", "doubts"),
        ("matches", 0, "moment"), ("matches", 0, "score"), ("matches", 0, "crop_id"),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "value", [None, 7, -1.5, True, "x", [], {}, [1], {"a": 1}, "\ud800", 10**40]
)
def test_what_is_no_answer_is_refused_or_can_be_shown(
    place: tuple[object, ...], value: object
) -> None:
    document = json.loads(json.dumps(answer_json(footage_answer())))
    if place:
        within = document
        for step in place[:-1]:
            within = within[step]
        within[place[-1]] = value
    else:
        document = value
    try:
        read = read_answer(document)
    except UsageError as error:
        if error.kind != "answer-unreadable":
            raise
        return
    archive = Crops(*(one.crop for one in read.matches))
    page, _ = single_page(shown(read, [grey()]), archive, IMPRINT)
    require_alone(page.decode())


def presence(number: int, camera: str | None = "gate", **facts: object) -> Presence:
    part = SourceInterval(1, "/footage/gate.mp4", 1_000_000, 5_000_000)
    usual: dict[str, object] = {"first_us": 1_717_156_800_000_000, "last_us": 1_717_156_804_000_000}
    usual |= {"uncertainty_s": 1.5, "crop_ids": (number,), "correction_s": -4380.0}
    return Presence(Member("tracklet", number), camera, (part,), **usual | facts)  # type: ignore[arg-type]


def test_an_identity_shows_members_rejections_and_what_is_deleted() -> None:
    identity = Identity(3, "anna", (Member("tracklet", 7),), (Member("tracklet", 8),))
    story = Story(identity, (presence(7),), (presence(8, None),), (), deleted=2)
    page, made = single_page(story_shown(story, {3: "anna"}), held(7, 8), IMPRINT)
    text = require_alone(page.decode()).text
    for part in (
        "Identity: anna (identity 3)",
        "1 confirmed member, 1 rejected.",
        "Rejected: not this person",
        "camera unknown",
        "2024-05-31 12:00:00 UTC to 12:00:04 \u00b11.5 s, corrected -73:00",
        "1.0 to 5.0 s",
    ):
        assert part in text, part
    assert made.missing == ("2 decisions in force: the crops are no longer in the archive.",)


def test_somebody_in_two_places_at_once_is_told() -> None:
    identity = Identity(3, "anna", (Member("tracklet", 7), Member("tracklet", 8)))
    story = Story(identity, (presence(7), presence(8, "yard")), (), ())
    assert any("Two cameras saw" in line for line in story_shown(story, {}).told)


def test_proposals_show_what_they_would_be_added_to() -> None:
    whom = Named(3, "anna")
    one = Proposal(5, whom, (Member("tracklet", 8),), (0.7,), 0.61)
    linking = Linking(
        1, dt.datetime(2024, 5, 31, tzinfo=dt.UTC), 0.5, Transits(), 9, 0, "m", (one,)
    )
    seen = {Member("tracklet", 7): presence(7), Member("tracklet", 8): presence(8)}
    content = proposals_shown(linking, seen, {3: (Member("tracklet", 7),)})
    page, _ = single_page(content, held(7, 8), IMPRINT)
    text = require_alone(page.decode()).text
    assert "Proposal 5: add to anna (identity 3), adjusted score 0.610" in text
    assert "confirmed as anna" in text
    assert [card.emphasis for card in content.cards] == ["confirmed", "proposed"]
    assert "No minimum travel times given" in text
