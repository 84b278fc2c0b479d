"""Rows prove themselves: by a digest that writing keeps, and that reading compares."""

from __future__ import annotations

import numpy as np
import pytest
from archives import fill, raw_sql, sql, unit_rows
from sqlalchemy import func, insert, select, update

from reidsearch.base.errors import ArchiveError, Kind
from reidsearch.domain.crops import Facts
from reidsearch.maintenance.check import check, repair
from reidsearch.output.hints import advice
from reidsearch.store import tables
from reidsearch.store.crops.embeddings import crops_with_embeddings, embedding_count, embeddings_of
from reidsearch.store.crops.store import Store
from reidsearch.store.database.proofs import intact
from reidsearch.store.row_digests import blob_of, covered, digest_of, has_digest
from reidsearch.store.tables.every import metadata
from reidsearch.store.tables.footage import checkpoint, tracklet_part

WITHOUT = {
    "picture",
    "embedding",
    "tracklet_embedding",
    "photo_picture",
    "photo_embedding",
    "passing_part",
}


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "archive"
    facts = [Facts(camera=f"camera {number % 2}", person=f"p{number}") for number in range(6)]
    fill(made, unit_rows(6), facts)
    return made


def test_every_row_is_proven_by_a_digest_or_by_the_checksum_of_its_blob():
    assert {name for name, table in metadata.tables.items() if not has_digest(table)} == WITHOUT
    for name in WITHOUT:
        assert blob_of(metadata.tables[name]) is not None
    assert blob_of(checkpoint) == "state"
    assert "trace" not in {column.name for column in covered(tracklet_part)}
    assert "sha256" in {column.name for column in covered(tracklet_part)}
    assert blob_of(tables.source) is None  # a checksum of what is not stored is a value


def test_a_digest_tells_types_and_tables_apart():
    told = [(1,), (1.0,), ("1",), (b"1",), (None,), (1, None), ()]
    assert len({digest_of("crop", values) for values in told}) == len(told)
    assert digest_of("crop", (1,)) != digest_of("camera", (1,))
    # The form is what is stored in archives: it stays as it is.
    assert digest_of("crop", (7, "C3A4", 0.1, b"\x00", None)).hex() == "279030b5ac051491"


@pytest.mark.full
@pytest.mark.parametrize(
    ("statement", "table", "row"),
    [
        ("UPDATE crop SET camera_id = 2 WHERE id = 1", "crop", "id 1"),
        ("UPDATE crop SET x2 = x2 + 1 WHERE id = 1", "crop", "id 1"),
        ("UPDATE camera SET name = 'gate' WHERE id = 1", "camera", "id 1"),
        ("UPDATE camera SET name = CAST(x'ff' AS TEXT) WHERE id = 1", "camera", "id 1"),
        ("UPDATE camera SET name = CAST(name AS BLOB) WHERE id = 1", "camera", "id 1"),
        ("UPDATE camera SET row_digest = NULL WHERE id = 1", "camera", "id 1"),
        ("UPDATE source SET sha256 = zeroblob(32) WHERE id = 1", "source", "id 1"),
        ("UPDATE location SET text = '/other.jpg' WHERE crop_id = 1", "location", "crop_id 1"),
        ("UPDATE embedding SET vector = zeroblob(64) WHERE crop_id = 1", "embedding", "crop_id 1"),
    ],
)
def test_a_changed_value_is_an_error_that_names_the_row_and_never_shown(
    folder, statement, table, row
):
    raw_sql(folder, statement)
    with Store(folder) as store:
        with pytest.raises(ArchiveError) as error:
            crops_with_embeddings(store, [1, 2])
        assert error.value.kind == Kind.ROW_DAMAGED
        assert (error.value.fields["table"], row in str(error.value.fields["row"])) == (table, True)
        assert "reidsearch check" in advice(error.value)
        assert sorted(crops_with_embeddings(store, [4, 6])) == [4, 6]  # of the other camera
        findings = check(store)
        assert any(table in finding.message for finding in findings)
        before = [finding.message for finding in findings]
        repair(store, findings)  # what is lost stays lost, and is not made to look whole
        assert [finding.message for finding in check(store)] == before


def test_a_change_does_not_make_a_damaged_row_look_whole(folder):
    raw_sql(folder, "UPDATE crop SET person = 'somebody' WHERE id = 1")
    with Store(folder) as store:
        with pytest.raises(ArchiveError) as error, store.write() as connection:
            connection.execute(update(tables.crop).values(time_us=5))
        assert error.value.kind == Kind.ROW_DAMAGED
        with store.write() as connection:
            connection.execute(update(tables.crop).where(tables.crop.c.id > 1).values(time_us=5))
            connection.execute(insert(tables.camera).values(name="yard"))
        with store.read() as connection:
            times = connection.scalars(select(tables.crop.c.time_us).where(tables.crop.c.id > 1))
            assert times.all() == [5] * 5
            assert "yard" in connection.scalars(select(tables.camera.c.name)).all()
        with store.write() as connection, pytest.raises(ArchiveError):
            connection.execute(select(tables.crop.c.id).where(intact(tables.crop))).all()


def test_a_filter_proves_what_it_lets_through_and_nothing_else(folder):
    """SQLite may put the constant of a filter in place of the column, also in the proof."""
    sql(folder, "UPDATE run SET state = 'finished' WHERE id = 1")
    raw_sql(folder, "UPDATE crop SET person = 'p0' WHERE id = 5")
    with Store(folder) as store, store.read() as connection:
        for state, count in (("finished", 1), ("running", 0)):
            query = select(func.count()).select_from(tables.run).where(tables.run.c.state == state)
            assert connection.scalar(query) == count
        found = select(tables.crop.c.id).where(tables.crop.c.person == "p3")
        assert connection.scalars(found).all() == [4]
        with pytest.raises(ArchiveError):
            connection.scalars(select(tables.crop.c.id).where(tables.crop.c.person == "p0")).all()


@pytest.mark.full
def test_counting_reads_past_damage_and_a_damaged_crop_can_be_deleted(folder):
    from reidsearch.domain.request import Filters
    from reidsearch.index.gallery import Gallery
    from reidsearch.maintenance import erase

    raw_sql(folder, "UPDATE crop SET person = CAST(x'ff' AS TEXT) WHERE id = 2")
    raw_sql(folder, "UPDATE embedding SET vector = x'00' WHERE crop_id = 2")
    with Store(folder) as store:
        assert embedding_count(store) == 6
        with pytest.raises(ArchiveError):
            store.crop(2)
        erase.erase(store, Gallery(store), erase.plan(store, erase.Wanted(Filters(), (2,))))
        assert check(store) == []
        assert sorted(embeddings_of(store, np.arange(7).tolist())) == [1, 3, 4, 5, 6]


@pytest.mark.full
def test_derived_rows_are_dropped_or_made_anew(folder):
    sql(
        folder,
        "INSERT INTO failure VALUES (x'00', '/a.jpg', 'empty', 'it is empty', 1, 0, NULL)",
    )
    raw_sql(folder, "UPDATE failure SET reason = 'emptz'")
    with Store(folder) as store:
        (finding,) = check(store)
        assert (finding.code, finding.repairable) == ("row", True)
        assert "next index run" in finding.message
        repair(store, [finding])
        assert check(store) == []
