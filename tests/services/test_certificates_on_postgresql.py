"""An erasure in a database of a server reaches every machine, and its certificate knows them."""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from archives import draw_many
from json_schemas import require_valid
from postgres import server
from sqlalchemy import insert

from reidsearch.archive import Archive
from reidsearch.base.address import PostgresAddress
from reidsearch.domain.certificates import Certificate
from reidsearch.output.casework.erasure import certificate_report
from reidsearch.output.certificate import certificate_json, certificate_lines, proofs_text
from reidsearch.store.crops.store import Store
from reidsearch.store.tables import event

pytestmark = pytest.mark.full

GONE = 3


@pytest.fixture
def address() -> Iterator[PostgresAddress]:
    made = server().new_archive()
    yield made
    server().drop(made)


@pytest.fixture
def machines(tmp_path, monkeypatch, address) -> Any:
    """`with machines("b") as archive`: the archive, opened on a machine of this name."""
    draw_many(tmp_path / "crops", 12)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))

    @contextlib.contextmanager
    def machine(name: str) -> Iterator[Archive]:
        monkeypatch.setenv("REIDSEARCH_DATA", str(tmp_path / name))
        with Archive.open(address, model="builtin") as archive:
            yield archive

    with machine("a") as archive:
        archive.index([tmp_path / "crops"])
    for name in ("b", "c"):
        with machine(name) as archive, archive._store.lock():
            archive._gallery.compact()
    return machine


def files(tmp_path: Path, name: str) -> list[bytes]:
    return [one.read_bytes() for one in (tmp_path / name).rglob("*") if one.is_file()]


def certified(archive: Archive) -> Certificate:
    planned = archive.plan_delete(crop_ids=[GONE])
    return archive.maintenance.delete_certified(planned, ["crops"])


def test_no_machine_answers_for_what_was_erased(machines, tmp_path, address) -> None:
    with Store(address) as store, store.read() as connection:
        (vector,) = connection.exec_driver_sql(
            f"SELECT vector FROM embedding WHERE crop_id = {GONE}"
        ).one()
    assert any(vector in one for one in files(tmp_path, "b"))
    picture = tmp_path / "crops" / f"{GONE - 1:03d}.png"
    with machines("b") as opened:
        assert opened.search(picture, k=12).matches[0].crop.crop_id == GONE
        with machines("a") as erasing:
            erasing.delete(erasing.plan_delete(crop_ids=[GONE]))
        found = [one.crop.crop_id for one in opened.search(picture, k=12).matches]
        assert GONE not in found
        assert len(found) == 11
        assert any(vector in one for one in files(tmp_path, "b"))  # not yet taken out
    assert any(vector in one for one in files(tmp_path, "c"))
    # A writer elsewhere hinders the one that was closed neither from knowing nor from writing.
    with Store(address) as writer, writer.lock(), machines("c") as behind:
        assert GONE not in [one.crop.crop_id for one in behind.search(picture, k=12).matches]
        assert not any(vector in one for one in files(tmp_path, "c"))
    for name in ("b", "c"):
        with machines(name) as archive:
            assert archive.check() == []
        assert not any(vector in one for one in files(tmp_path, name))


def test_a_certificate_names_machines_and_is_completed_when_all_caught_up(
    machines, tmp_path
) -> None:
    with machines("a") as archive:
        archive.log.new_key()
        made = certified(archive)
        told = json.loads(certificate_json(made))
        require_valid(told)
        assert made.remains.nothing
        assert made.finished
        assert set(told["rows"].values()) == {0}
        assert told["byte_search"]["values"] > 0
        assert told["byte_search"]["found"] == []
        assert [one["caught_up"] for one in told["nodes"] if one["own"]] == [True]
        assert [one["caught_up"] for one in told["nodes"] if not one["own"]] == [False, False]
        assert told["server"]["version"][:2].isdigit()
        assert told["server"]["wal_archive"] == "off"
        assert (told["server"]["replicas"], told["server"]["slots"]) == ([], [])
        lines = "\n".join(certificate_lines(made, []))
        assert lines.count("has not caught up") == 2
        assert "Out of reach" in lines
        text = json.dumps(certificate_report(made, archive.location).document.data)
        assert "wal_archive" in text
        file = tmp_path / "erased.json"
        file.write_bytes(certificate_json(made))
        proof = archive.log.prove_certificate(file)
        assert len(proof.behind or ()) == 2
        assert "has not caught up with it yet" in proofs_text([proof])
    with machines("b"):
        pass
    with machines("a") as archive:
        assert len(archive.log.prove_certificate(file).behind or ()) == 1
    with machines("c") as archive:
        last = archive.log.prove_certificate(file)
        assert (last.faults, last.behind) == ((), ())


def test_bytes_of_the_erased_that_a_table_still_has_are_found(machines, address) -> None:
    with Store(address) as store:
        with store.read() as connection:
            (vector,) = connection.exec_driver_sql(
                f"SELECT vector FROM embedding WHERE crop_id = {GONE}"
            ).one()
        told = {"query": base64.b64encode(vector).decode()}
        with store.write() as connection:
            connection.execute(insert(event).values(at_us=0, what="another program's", detail=told))
    with machines("a") as archive:
        made = certified(archive)
    assert made.remains.search.found.keys() == {"event.detail"}
    assert not made.remains.nothing


def test_a_reader_of_an_older_state_keeps_dead_rows_and_it_is_told(machines, address) -> None:
    with Store(address) as reader, reader.read() as connection:
        connection.exec_driver_sql("SELECT count(*) FROM crop")
        with machines("a") as archive:
            made = certified(archive)
    assert not made.finished
    assert "not finished" in "\n".join(certificate_lines(made, []))


def test_what_a_killed_command_left_on_a_machine_goes_when_it_opens_again(
    machines, tmp_path, address
) -> None:
    with machines("a") as archive:
        archive.delete(archive.plan_delete(crop_ids=[GONE]))
    (index,) = (tmp_path / "b").rglob("generation-*.index")
    old = index.read_bytes()
    with machines("b"):
        pass
    assert not index.exists()
    index.write_bytes(old)  # a kill between the new file's announcement and the old one's removal
    with machines("b") as archive:
        assert not index.exists()
        assert archive.check() == []
