"""Reference photographs: searched with like their file, never found, and gone when erased."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from archives import draw, draw_many, opened, raw_sql

from reidsearch import Archive
from reidsearch.base.actor import Author, acting
from reidsearch.base.boxes import Box
from reidsearch.base.errors import ArchiveError, NotFound, Refused, UsageError
from reidsearch.domain.answers import Answer
from reidsearch.domain.event_log import Event
from reidsearch.domain.holds import HoldOf
from reidsearch.domain.models import ModelIdentity
from reidsearch.domain.replay import Outcome
from reidsearch.maintenance.backup_erasing import treat
from reidsearch.services.photos import cut_out
from reidsearch.services.query_input import FrameInput, query_input
from reidsearch.store.log_proof import prove
from reidsearch.store.reembed import keep_photos, photos_without, pictures_without, reembed

pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """Twelve crops, and an identity of which nothing is confirmed."""
    folder = tmp_path_factory.mktemp("made")
    draw_many(folder / "crops", 12)
    with opened(folder / "archive") as archive:
        archive.index([folder / "crops"])
        archive.identities.new("anna")
    return folder / "archive"


@pytest.fixture
def archive(made, tmp_path):
    with opened(shutil.copytree(made, tmp_path / "archive")) as archive:
        yield archive


@pytest.fixture
def photo(tmp_path) -> Path:
    return draw(tmp_path / "passport.png", 100)


def found(answer: Answer) -> list[tuple[int, float]]:
    return [(match.crop.crop_id, match.score) for match in answer.matches]


def bytes_of(folder: Path) -> bytes:
    return b"".join(one.read_bytes() for one in sorted(folder.rglob("*")) if one.is_file())


@pytest.mark.parametrize("box", [None, Box(2, 4, 13, 30)])
def test_an_identity_with_one_photograph_finds_what_its_file_finds(archive, photo, box) -> None:
    before = archive.maintenance.summary().crops
    _, held = archive.identities.photos.add("anna", photo, box=box, note="from the file")
    meant = None if box is None else FrameInput(str(photo), box)
    images = [str(photo)] if box is None else []
    given = query_input(images, frame=meant, detector=archive.detector)
    as_file = archive.search(given.pictures, k=12)
    answer = archive.search(identity="anna", k=12)
    assert found(answer) == found(as_file)
    assert (
        len(answer.matches) == 12 == before == archive.maintenance.summary().crops
    )  # it is no crop
    told = answer.statement
    assert told.identity is not None
    assert (told.identity.photos, told.identity.query_pictures) == (1, 0)
    assert told.query == "1 reference photograph of anna (identity 1)"
    (origin,) = told.query_pictures
    assert (origin.photo_id, origin.sha256, origin.box) == (1, held.sha256, held.box)
    assert origin.embedding_sha256 == as_file.statement.query_pictures[0].embedding_sha256
    assert archive.identities.photos.picture(1) == photo.read_bytes()
    entry = next(archive.log.entries(events=[Event.PHOTO]))
    assert entry.said is not None
    assert entry.said["sha256"] == held.sha256
    assert archive.check() == []


def test_photographs_and_crops_are_searched_with_together(archive, photo) -> None:
    archive.identities.confirm("anna", [3, 4])
    archive.identities.photos.add("anna", photo)
    answer = archive.search(identity="anna", k=12)
    same = archive.search([photo, 3, 4], k=12)
    scores = dict(found(answer))  # its own crops are shown; crops that are asked with are not
    assert {one: scores[one] for one in scores.keys() - {3, 4}} == pytest.approx(
        dict(found(same)), abs=1e-5
    )
    assert answer.statement.query == (
        "all confirmed crops and 1 reference photograph of anna (identity 1)"
    )
    fresh = archive.search(identity="anna", new_only=True, k=12)
    assert {3, 4}.isdisjoint(crop_id for crop_id, _ in found(fresh))
    replayed = archive.replay(fresh.statement.logged.entry)
    assert replayed.compared.outcome is Outcome.IDENTICAL


def test_undo_takes_it_out_and_back(archive, photo, tmp_path) -> None:
    photos = archive.identities.photos
    added, _ = photos.add("anna", photo)
    with pytest.raises(UsageError, match="has this very picture already: photo 1"):
        photos.add("anna", photo)
    wanted = found(archive.search(identity="anna", k=5))
    archive.identities.undo(added.decision_id)
    assert photos.of("anna") == ()
    with pytest.raises(UsageError, match="nothing is confirmed"):
        archive.search(identity="anna")
    undone = archive.identities.undo(added.decision_id + 1)  # the undo
    assert found(archive.search(identity="anna", k=5)) == wanted
    removed = photos.remove(1, note="somebody else")
    assert removed is not None
    assert removed.decision_id > undone.decision_id
    assert photos.remove(1) is None
    photos.add("anna", photo)
    with pytest.raises(UsageError, match="already: photo 2"):
        archive.identities.undo(removed.decision_id)
    with pytest.raises(NotFound, match="no reference photograph 9"):
        photos.remove(9)
    with pytest.raises(Refused, match=r"nothing\.png"):
        photos.add("anna", tmp_path / "nothing.png")
    assert archive.check() == []


def test_a_merge_hands_photographs_on_and_a_second_identity_may_have_the_same(
    archive, photo
) -> None:
    archive.identities.new("bert", [7])
    archive.identities.photos.add("bert", photo)
    archive.identities.photos.add("anna", photo)
    merged = archive.identities.merge("anna", ["bert"])
    assert archive.identities.find("anna").photos == (1, 2)
    assert archive.identities.show("anna").deleted == 0
    for photo_id in (1, 2):  # what it had twice can be taken away once, and brought back
        removed = archive.identities.photos.remove(photo_id)
        assert removed is not None
        archive.identities.undo(removed.decision_id)
    archive.identities.undo(merged.decision_id)
    assert archive.identities.find("bert").photos == (1,)


def test_erasing_an_identity_leaves_no_byte_of_its_photographs(archive, photo, tmp_path) -> None:
    other = draw(tmp_path / "still.png", 101)
    kept = draw(tmp_path / "kept.png", 102)
    photos = archive.identities.photos
    _, first = photos.add("anna", photo, note="a scar")
    photos.add("anna", other)
    photos.remove(2)  # what was removed goes too
    archive.identities.new("bert")
    photos.add("bert", kept)
    archive.search(identity="anna", k=3)
    archive.search([photo], k=3)
    archive.backup(tmp_path / "backup")
    planned = archive.plan_delete(identity="anna")
    assert (planned.photos, len(planned.ids)) == ((1, 2), 0)
    rows = raw_sql(archive._store.folder, "SELECT vector FROM photo_embedding")
    proof = archive.maintenance.delete_certified(planned, ["identity"])
    assert proof.finished
    search = proof.remains.search
    kinds = ("photographs", "photograph_embeddings")
    assert (proof.photos, *(search.pieces[one] for one in kinds)) == (2, 2, 2)
    assert search.patterns >= 8
    assert search.found == {}
    assert [one.crops for one in proof.backups] == [2]
    held = bytes_of(archive._store.folder)
    for part in (photo.read_bytes()[200:232], other.read_bytes()[200:232], rows[0][0][:32]):
        assert part not in held
    for text in (b"passport.png", b"a scar", first.sha256.encode()):
        assert text not in held
    assert kept.read_bytes()[200:232] in held
    assert [one.name for one in photos.of("bert")] == ["kept.png"]
    assert archive.check() == []
    assert not prove(archive._store).faults
    treat(archive._store, tmp_path / "backup")
    in_backup = bytes_of(tmp_path / "backup")
    assert photo.read_bytes()[200:232] not in in_backup
    assert kept.read_bytes()[200:232] in in_backup


def test_a_photograph_that_comes_after_the_plan_is_not_erased_unseen(archive, photo) -> None:
    planned = archive.plan_delete(identity="anna")
    archive.identities.photos.add("anna", photo)
    with pytest.raises(UsageError, match="since that was planned; nothing was deleted"):
        archive.maintenance.delete_certified(planned, ["identity"])
    assert archive.identities.find("anna").photos == (1,)
    assert archive.maintenance.delete_certified(archive.plan_delete(identity="anna"), []).photos


@pytest.mark.parametrize("of", [HoldOf(identity="anna"), HoldOf(case="7")])
def test_a_hold_keeps_photographs(archive, photo, of) -> None:
    archive.cases.new("7")
    with acting(Author("eve", "7")):
        archive.identities.photos.add("anna", photo)
    assert [one.case for one in archive.identities.photos.of_case("7")] == ["7"]
    archive.holds.add(of)
    planned = archive.plan_delete(identity="anna")
    assert (planned.photos, planned.identities, len(planned.held)) == ((), (), 1)
    archive.holds.release(1)
    planned = archive.plan_delete(identity="anna")
    archive.holds.add(of)  # since it was planned
    with pytest.raises(UsageError, match="on hold"):
        archive.delete(planned)
    assert archive.identities.photos.picture(1) == photo.read_bytes()


def test_another_model_embeds_the_kept_picture_again(archive, photo) -> None:
    archive.identities.photos.add("anna", photo, box=Box(2, 4, 13, 30))
    archive.identities.photos.remove(1)  # it may come back
    with Archive.open(archive._store.folder, model="builtin", flip=True) as other:
        other.maintenance.reembed()
        other.identities.undo()
        (held,) = other.identities.photos.of("anna")
        (row,) = other.embed([cut_out(photo.read_bytes(), held)])
        answer = other.search(identity="anna", k=12)
        assert found(answer) == found(other.search(cut_out(photo.read_bytes(), held), k=12))
        assert np.linalg.norm(row) == pytest.approx(1, abs=1e-5)
        assert other.check() == []


def test_a_photograph_that_comes_while_it_is_re_embedded_is_not_passed_over(archive, photo) -> None:
    store, old = archive._store, archive._store.model()
    model = ModelIdentity("another", "FP32", "cd" * 48, "none/1", old.dimension)
    keep_photos(store, model, [])

    def meanwhile():
        _, pictures = pictures_without(store, model)
        batch = [(crop_id, np.eye(1, old.dimension)[0]) for crop_id, _ in pictures]
        archive.identities.photos.add("anna", photo)
        yield batch

    with pytest.raises(ArchiveError, match="added meanwhile"):
        reembed(store, model, meanwhile())
    assert store.model() == old
    assert [one.photo_id for one in photos_without(store, model)] == [1]


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ("UPDATE photo_picture SET data = x'00'", "SHA-256 differs"),
        ("DELETE FROM photo_picture", "has no picture"),
        ("UPDATE photo_embedding SET vector = zeroblob(8)", "damaged embedding"),
        ("DELETE FROM photo_embedding", "has no embedding"),
    ],
)
def test_damage_is_found(archive, photo, damage, told) -> None:
    archive.identities.photos.add("anna", photo)
    raw_sql(archive._store.folder, damage)
    findings = [one.message for one in archive.check() if one.code == "photo"]
    assert len(findings) == 1
    assert told in findings[0]


def test_who_sees_some_cameras_alone_sees_no_photograph(archive, photo) -> None:
    archive.identities.photos.add("anna", photo)
    archive.identities.new("bert", [1])
    archive.identities.photos.add("bert", photo)
    sight = archive.sight(["gate"])
    every = archive.identities.all()
    assert [one.name for one in sight.identities(every)] == []
    assert sight.decisions(archive.identities.decisions()) == []
    with pytest.raises(NotFound):
        sight.require_whole("anna")


def test_an_empty_archive_has_no_model_to_embed_with(tmp_path, photo) -> None:
    with opened(tmp_path / "empty") as archive:
        archive.identities.new("anna")
        with pytest.raises(ArchiveError, match="holds no crops yet"):
            archive.identities.photos.add("anna", photo)


def test_with_the_real_model_somebody_else_s_picture_of_a_person_finds_them(
    shared, tmp_path, monkeypatch
) -> None:
    monkeypatch.setenv("REIDSEARCH_MODELS", str(shared / "models"))
    crops = sorted((shared / "reid" / "pku-viewpoints" / "crops").glob("00*_01_*.jpg"))[:24]
    chosen, rest = crops[0], crops[1:]
    with Archive.open(tmp_path / "archive", create=True, offline=True) as archive:
        archive.index(rest)
        archive.identities.new("anna")
        archive.identities.photos.add("anna", chosen)
        answer = archive.search(identity="anna", k=5)
        same = query_input([str(chosen)], detector=archive.detector)
        assert dict(found(answer)) == pytest.approx(
            dict(found(archive.search(same.pictures, k=5))), abs=1e-4
        )
        assert Path(answer.matches[0].crop.location).name[:3] == chosen.name[:3]
        assert json.loads(json.dumps(answer.to_json()))["statement"]["identity"]["photos"] == 1
