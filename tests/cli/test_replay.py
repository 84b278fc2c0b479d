"""`reidsearch replay`: what it prints, and how it ends."""

from __future__ import annotations

import json

import pytest
from archives import CommandLine, documents, draw
from json_schemas import require_valid

pytestmark = pytest.mark.full


@pytest.fixture
def held(run: CommandLine, tmp_path, indexed_crops) -> CommandLine:
    indexed_crops(tmp_path, 6)
    return run


def test_an_answer_is_replayed_from_its_file_and_by_its_entry(held, tmp_path) -> None:
    answer = held("query", "--crop", 1, "-k", 3, "--format", "json").out
    path = tmp_path / "answer.json"
    path.write_text(answer)
    number = json.loads(answer)["statement"]["logged"]["entry"]
    for given in (path, number):
        ran = held("replay", given, "--format", "json")
        assert ran.code == 0, ran.err
        told = json.loads(ran.out)
        require_valid(told)
        assert told["identical"]
        assert told["scores"]["exact"]
    assert "identical: 3 matches, all scores equal to the last bit" in held("replay", number).out
    draw(tmp_path / "more" / "new.png", 7)
    assert held("index", tmp_path / "more", "-q").code == 0
    assert held("replay", number).code == 0
    held("delete", "--crop", json.loads(answer)["matches"][0]["crop_id"], "--yes")
    gone = held("replay", number)
    assert gone.code == 1
    assert "is no match any more" in gone.out
    assert "could not be had as it was:" in gone.out
    ran = held("replay", number, "--as-it-is", "--format", "jsonl")
    assert ran.code == 1
    head, *lines = documents(ran.out)
    assert head["outcome"] == "different"
    assert {one["kind"] for one in lines} == {"row"}
    assert held("log", "list", "--event", "replay").out.count("replay") == 6
    assert held("log", "verify").code == 0


def test_a_changed_file_ends_with_1_and_says_where(held, tmp_path) -> None:
    document = json.loads(held("query", "--crop", 1, "-k", 3, "--format", "json").out)
    document["matches"][1]["score"] = 0.99
    path = tmp_path / "answer.json"
    path.write_text(json.dumps(document))
    ran = held("replay", path)
    assert ran.code == 1
    assert "is not what was answered" in ran.out
    assert "match 2: crop" in ran.out


def test_what_cannot_be_replayed_is_an_error_with_advice(held, tmp_path) -> None:
    lines = [
        json.dumps(
            {"query": str(one), **json.loads(held("query", "--crop", one, "--format", "json").out)}
        )
        for one in (1, 2)
    ]
    path = tmp_path / "list.jsonl"
    path.write_text("\n".join(lines))
    ran = held("replay", path)
    assert ran.code == 2
    assert "--query NAME" in ran.err
    assert held("replay", path, "--query", "2").code == 0
    assert held("replay", 999).code != 0
    assert "no entry 999" in held("replay", 999).err
    assert held("replay", tmp_path / "gone.json").code not in {0, 1}
    path.write_text("no JSON")
    assert "cannot be read as JSON" in held("replay", path).err
