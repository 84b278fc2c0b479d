"""`reidsearch log`: listing, verifying and sealing; what other commands leave in it."""

from __future__ import annotations

import hashlib
import json
from importlib.resources import files

import pytest
from archives import draw, draw_many, sql
from json_schemas import require_valid

from reidsearch.cli.log import EVENTS
from reidsearch.domain.event_log import Event


@pytest.fixture
def searched(run, tmp_path, indexed_crops):
    """An archive of four crops that was searched once, and the picture."""
    indexed_crops(tmp_path, 4)
    picture = draw(tmp_path / "query.png", 1)
    assert run("query", picture, "-k", "2").code == 0
    return picture


def listed(run, *options):
    document = json.loads(run("log", "list", "--format", "json", *options).out)
    require_valid(document)
    return document["entries"]


def test_the_list_shows_who_did_what(run, searched) -> None:
    told = run("log", "list")
    assert told.code == 0
    for word in ("begin", "index-end", "4 new crops", "search", "query.png", "2 matches"):
        assert word in told.out
    assert [one["event"] for one in listed(run, "--last", "1")] == ["search"]
    assert [one["number"] for one in listed(run, "--event", "index", "--event", "begin")] == [1, 2]
    assert listed(run, "--actor", "nobody of that name") == []


@pytest.mark.full
def test_the_command_knows_every_event() -> None:
    path = files("reidsearch.output") / "schemas/event-log-1.json"
    entry = json.loads(path.read_text("utf-8"))["$defs"]["entry"]["properties"]
    assert set(EVENTS) == set(entry["event"]["enum"]) == {one.value for one in Event}


@pytest.mark.full
def test_verify_names_the_first_entry_that_does_not_hold(run, searched) -> None:
    told = run("log", "verify")
    assert (told.code, "holds: 4 entries" in told.out) == (0, True)
    assert "cut off" in told.out  # nobody can tell without a seal
    assert run("log", "seal").code == 0
    assert "compared with 1 seal." in run("log", "verify").out
    sql(run.archive, "UPDATE log_entry SET actor = 'x' WHERE id = 2")
    told = run("log", "verify", "--format", "json")
    document = json.loads(told.out)
    require_valid(document)
    assert (told.code, document["faults"][0]["entry"]) == (1, 3)
    assert "entry 3: does not follow entry 2" in run("log", "verify").out
    assert run("check").code == 1


@pytest.mark.full
def test_a_seal_is_a_file_that_is_compared_with(run, searched, tmp_path) -> None:
    told = run("log", "seal", "--format", "json")
    document = json.loads(told.out)
    require_valid(document)
    kept = tmp_path / "kept.json"
    kept.write_text(told.out)
    sql(run.archive, "DELETE FROM log_entry WHERE id > 3")
    for one in (run.archive / "seals").iterdir():
        one.unlink()
    assert run("log", "verify").code == 0
    told = run("log", "verify", "--seal", kept)
    assert (told.code, "cut off: 5 entries" in told.out) == (1, True)
    told = run("log", "verify", "--seal", searched)
    assert (told.code, "is no seal" in told.err) == (3, True)


@pytest.mark.full
def test_seals_are_signed_where_there_is_a_key(run, searched, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    told = run("log", "key", "show")
    assert (told.code, "log key new" in told.err) == (3, True)
    made = json.loads(run("log", "key", "new", "--format", "json").out)
    require_valid(made)
    document = json.loads(run("log", "seal", "--format", "json").out)
    require_valid(document)
    assert document["signature"]["public_key"] == made["public_key"]
    told = run("log", "verify")
    assert (told.code, f"Signed by {made['fingerprint']}: seal 6." in told.out) == (0, True)
    proof = json.loads(run("log", "verify", "--format", "json").out)
    require_valid(proof)
    assert proof["sealed"][0]["signed_by"] == made["fingerprint"]
    secret = tmp_path / "passphrase"
    secret.write_text("secret words\n")
    elsewhere = tmp_path / "stick.pem"
    assert run("log", "key", "new", "--out", elsewhere, "--passphrase-file", secret).code == 0
    told = run("log", "seal", "--key", elsewhere)
    assert (told.code, "--passphrase-file" in told.err) == (3, True)
    assert run("log", "seal", "--key", elsewhere, "--passphrase-file", secret).code == 0
    assert run("log", "key", "new", "--out", elsewhere).code == 2
    monkeypatch.setenv("REIDSEARCH_SIGNING_KEY", str(elsewhere))
    told = run("log", "key", "show", "--passphrase-file", secret)
    assert "Fingerprint" in told.out


@pytest.mark.full
def test_a_written_file_is_logged_with_its_digest(run, searched, tmp_path) -> None:
    out = tmp_path / "answer.png"
    assert run("query", searched, "-o", out).code == 0
    (entry,) = listed(run, "--event", "export")
    said = json.loads(entry["detail"])
    assert said["name"] == "answer.png"
    assert said["sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()
    assert "query" in said["by"]
    assert run("query", searched, "-o", out).code != 0  # it exists
    assert len(listed(run, "--event", "export")) == 1
    assert run("query", searched, "-o", out, "--force").code == 0
    assert len(listed(run, "--event", "export")) == 2


@pytest.mark.full
def test_an_unlogged_archive_says_so(run, tmp_path) -> None:
    draw_many(tmp_path / "crops", 2)
    assert run("index", tmp_path / "crops", "--model", "builtin", "--unlogged").code == 0
    told = run("query", tmp_path / "crops" / "000.png")
    assert "Not in the event log: the archive was made without an event log." in told.out
    assert listed(run) == []
    told = run("log", "seal")
    assert (told.code, "without an event log" in told.err) == (2, True)


@pytest.mark.full
def test_a_log_is_not_switched_off(run, searched, tmp_path) -> None:
    told = run("index", tmp_path / "crops", "--unlogged")
    assert (told.code, "keeps an event log" in told.err) == (2, True)


@pytest.mark.full
def test_the_list_is_enough_to_verify_the_log_by_the_description_alone(run, searched) -> None:
    """As docs/reference/event-log.md says it, with the standard library."""
    run("identity", "new", "anna", "1")
    document = json.loads(run("log", "list", "--format", "json").out)
    members = ["format", "number", "at", "event", "actor", "case", "program", "content", "previous"]
    previous = "0" * 64
    for number, entry in enumerate(document["entries"], 1):
        assert (entry["number"], entry["previous"]) == (number, previous)
        told = {name: entry[name] for name in members}
        text = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        previous = hashlib.sha256(text.encode()).hexdigest()
        assert entry["digest"] == previous
        detail = bytes.fromhex(entry["salt"]) + entry["detail"].encode()
        assert hashlib.sha256(detail).hexdigest() == entry["content"]
    assert number == 5
