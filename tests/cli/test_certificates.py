"""`reidsearch delete --certificate`, and what shows that a certificate was changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from archives import CommandLine, draw, opened
from json_schemas import require_valid

from reidsearch.base.actor import Author, acting
from reidsearch.base.errors import StorageError
from reidsearch.domain.certificates import content_of
from reidsearch.domain.event_log import Event
from reidsearch.output.certificate import certificate_lines
from reidsearch.output.verifying import ed25519
from reidsearch.services.certificates import proof_of, prove_certificate
from reidsearch.store.log_key import make_key

pytestmark = pytest.mark.full


@pytest.fixture
def held(run: CommandLine, tmp_path, indexed_crops, monkeypatch) -> CommandLine:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    indexed_crops(tmp_path, 6)
    with opened(run.archive) as archive:
        archive.identities.new("Jane Roe", [1, 2])
    return run


def erased(run: CommandLine, file: Path, *arguments: object) -> dict[str, Any]:
    ran = run("delete", *arguments, "--yes", "--certificate", file)
    assert ran.code == 0, ran.err
    told: dict[str, Any] = json.loads(file.read_text())
    require_valid(told)
    return told


def proofs(run: CommandLine, *files: Path, code: int = 0) -> list[dict[str, Any]]:
    given = [part for file in files for part in ("--certificate", file)]
    ran = run("log", "verify", *given, "--format", "json")
    assert ran.code == code, ran.err
    told: list[dict[str, Any]] = json.loads(ran.out)["certificates"]
    return told


def test_a_certificate_says_what_is_gone_and_not_who(held, tmp_path) -> None:
    copy = tmp_path / "copy"
    held("backup", copy)
    held("backup", tmp_path / "lost")
    (tmp_path / "lost").rename(tmp_path / "moved")
    held("crop", "1", "-o", tmp_path / "one.jpg")
    file, pdf, page = (tmp_path / f"c.{ending}" for ending in ("json", "pdf", "html"))
    ran = held(
        "delete", "--identity", "Jane Roe", "--yes",
        "--certificate", file, "--certificate", pdf, "--certificate", page,
    )  # fmt: skip
    assert ran.code == 0, ran.err
    assert ": 0 sequences found." in ran.out
    assert "holds 2 pictures of it" in ran.out
    assert "Not signed: the archive has no key." in ran.out
    told = json.loads(file.read_text())
    require_valid(told)
    assert "Jane" not in file.read_text() + page.read_text()
    assert told["asked"] == ["identity"]
    assert (told["erased"]["crops"], told["erased"]["identities"]) == (2, 1)
    assert (told["kept_out"], told["finished"], told["case"]) == (True, True, None)
    search = told["byte_search"]
    assert (search["pieces"]["pictures"], search["pieces"]["embeddings"]) == (2, 2)
    assert (search["found"], search["unread"]) == ([], [])
    assert search["files"] > 1
    assert search["patterns"] >= 12
    assert {"crop", "picture", "embedding", "attributes", "moment"} <= told["rows"].keys()
    assert set(told["rows"].values()) == {0}
    assert next((one["kind"], one["erased_crops"]) for one in told["derived"]) == ("index", 0)
    states = [(one["name"], one["crops"], one["state"]) for one in told["backups"]]
    assert states == [
        (str(copy), 2, "untreated"),
        (str(tmp_path / "lost"), None, "not-reachable"),
    ]
    assert [one["name"] for one in told["exports"]] == ["(erased)"]  # its digest told of the crop
    with opened(held.archive) as archive:
        seal = archive.log.seals()[-1]
        entry = next(one for one in archive.log.entries() if one.number == told["log"]["entry"])
    assert told["seal"] == seal.document()
    assert entry.digest.hex() == told["log"]["digest"]
    paper = pypdfium2.PdfDocument(pdf)
    attached = {
        one.get_name(): bytes(one.get_data())
        for one in (paper.get_attachment(i) for i in range(paper.count_attachments()))
    }
    assert attached["certificate.json"] == file.read_bytes()
    require_valid(json.loads(attached["report.json"]))
    assert [one["holds"] for one in proofs(held, file, pdf, page)] == [True] * 3
    held("delete", "--backup", copy, "--yes")
    later = erased(held, tmp_path / "later.json", "--crop", "3")
    first, _ = later["backups"]
    assert (first["crops"], first["state"]) == (1, "untreated")
    assert first["treated_at"]
    assert [one["name"] for one in later["exports"]] == ["(erased)"]  # certificates show nobody


def test_any_changed_byte_of_a_signed_certificate_is_caught(held, tmp_path) -> None:
    with opened(held.archive) as archive:
        key = archive.log.new_key()
    file = tmp_path / "c.json"
    told = erased(held, file, "--crop", "1")
    assert told["unsigned"] is None
    (proof,) = proofs(held, file)
    assert (proof["signed_by"], proof["entry"]) == (key.fingerprint, told["log"]["entry"])
    assert proof["written_in"] > told["seal"]["entries"]
    content = {name: value for name, value in told.items() if name != "signature"}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    mark = told["signature"]  # as the specification says, with other code than the program's
    assert ed25519.verify(
        bytes.fromhex(mark["public_key"]), text.encode(), bytes.fromhex(mark["signature"])
    )
    data, bent = file.read_bytes(), tmp_path / "bent.json"
    kept = 0
    with opened(held.archive) as archive:
        entries = {one.number: one for one in archive.log.entries()}
        for place in range(len(data)):
            changed = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
            if not proof_of("c.json", changed, archive.archive_id, entries).faults:
                kept += 1
                assert json.loads(changed) == told, place  # white space alone
        other = make_key(tmp_path / "other.pem", held.archive, None)
        signature = other.sign(content_of(told)).document()
        bent.write_text(json.dumps(told | {"signature": signature}))
        assert "another key" in prove_certificate(archive._store, bent).faults[0]
        bent.write_text(json.dumps(told | {"signature": None}))
        assert prove_certificate(archive._store, bent).faults == ("its signature is gone",)
        bent.write_text(file.read_text().replace('"case"', '"by": "x", "case"', 1))
        assert "twice" in prove_certificate(archive._store, bent).faults[0]
    assert kept < len(data) / 10


def test_a_key_with_a_passphrase_signs_where_it_is_given(held, tmp_path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("some words\n")
    with opened(held.archive) as archive:
        archive.log.new_key(passphrase=b"some words")
    told = erased(held, tmp_path / "a.json", "--crop", "1")
    assert (told["unsigned"], told["signature"]) == ("signing-key-locked", None)
    assert proofs(held, tmp_path / "a.json")[0]["signed_by"] is None
    told = erased(held, tmp_path / "b.json", "--crop", "2", "--passphrase-file", secret)
    assert (told["unsigned"], told["signature"]["algorithm"]) == (None, "Ed25519")
    secret.write_text("other words\n")
    file = tmp_path / "c.json"
    ran = held("delete", "--crop", "3", "--yes", "--certificate", file, "--passphrase-file", secret)
    assert ran.code == 3
    assert "passphrase is wrong" in ran.err
    assert held("show", "crop", "3").code == 0  # nothing was deleted


def test_an_unsigned_certificate_is_proven_by_the_log_alone(held, tmp_path) -> None:
    file, page = tmp_path / "c.json", tmp_path / "c.html"
    held("delete", "--crop", "1", "--yes", "--certificate", file, "--certificate", page)
    for one in (file, page):
        one.write_text(one.read_text().replace("UTC", "CET").replace('"crops": 1', '"crops": 9'))
    for one in proofs(held, file, page, code=1):
        assert one["faults"] == [
            "the event log has no entry which says that these bytes were written"
        ]


def test_a_certificate_finds_what_was_left(held) -> None:
    with opened(held.archive) as archive:
        (held.archive / "left").write_bytes(b"x" * 1000 + archive.picture(3) + b"y")
        planned = archive.plan_delete(crop_ids=[3])
        proof = archive.maintenance.delete_certified(planned, ["crops"])
    assert list(proof.remains.search.found) == [str(held.archive / "left")]
    assert not proof.remains.nothing
    assert "left" in "\n".join(certificate_lines(proof, []))


@pytest.mark.parametrize(("name", "code"), [("c.txt", 2), ("crops", 2), ("none/c.json", 8)])
def test_a_certificate_that_cannot_be_written_is_refused_first(held, tmp_path, name, code) -> None:
    ran = held("delete", "--crop", "1", "--yes", "--certificate", tmp_path / name)
    assert ran.code == code
    assert held("show", "crop", "1").code == 0


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="has no folder that takes no file")
def test_a_folder_that_takes_no_file_is_refused_before_anything_is_deleted(held) -> None:
    ran = held("delete", "--crop", "1", "--yes", "--certificate", "/proc/c.json")
    assert (ran.code, "/proc/c.json cannot be written" in ran.err) == (8, True)
    assert held("show", "crop", "1").code == 0


@pytest.mark.parametrize("key", [True, False])
def test_what_can_not_be_written_after_the_deletion_is_told_and_nothing_is_lost(
    held, tmp_path, monkeypatch, key
) -> None:
    with opened(held.archive) as archive:
        if key:
            archive.log.new_key()
    file, pdf, later = tmp_path / "c.json", tmp_path / "c.pdf", tmp_path / "later.json"

    def full(path: Path, data: bytes) -> None:
        if path.suffix == ".json":
            raise StorageError(f"{path} cannot be written: No space left on device")
        path.write_bytes(data)

    monkeypatch.setattr("reidsearch.cli.delete.write_file", full)
    ran = held("delete", "--crop", "1", "--yes", "--certificate", file, "--certificate", pdf)
    assert ran.code == 8
    assert "It is deleted, but a certificate is not written:" in ran.err
    assert "0 sequences found." in ran.out
    assert f"Certificate: {pdf}" in ran.out
    assert "Deleted 1 crop." in ran.out
    assert "--force" not in ran.err
    text = ran.err[ran.err.index("{") :]
    require_valid(json.loads(text))
    assert proofs(held, pdf)[0]["holds"]  # the log tells of the file that was written
    later.write_text(text)
    assert proofs(held, later, code=0 if key else 1)[0]["holds"] is key


def test_an_error_after_the_deletion_says_that_it_is_done(held, tmp_path) -> None:
    (held.archive / "seals").write_text("in the way")
    ran = held("delete", "--crop", "1", "--yes", "--certificate", tmp_path / "c.json")
    assert ran.code == 8
    assert "it is deleted, but no certificate can be made" in ran.err
    assert held("show", "crop", "1").code == 9


def test_what_searches_held_is_looked_for_when_they_are_erased(held, tmp_path) -> None:
    draw(tmp_path / "query.png", 90)
    with opened(held.archive) as archive:
        archive.cases.new("7")
        archive.identities.photos.add("Jane Roe", draw(tmp_path / "photo.png", 91))
        with acting(Author("eve", "7")):
            archive.search([tmp_path / "query.png"])
            entry = next(archive.log.entries(last=1, events=[Event.SEARCH]))
    assert entry.said is not None
    (embedding,) = entry.said["query_embeddings"]
    (held.archive / "left").write_text(embedding)
    file = tmp_path / "c.json"
    ran = held("delete", "--searches-of", "7", "--yes", "--certificate", file)
    assert "Deleted the details of 1 search." in ran.out
    search = json.loads(file.read_text())["byte_search"]
    assert search["pieces"]["search_embeddings"] == 1
    assert [one["file"] for one in search["found"]] == [str(held.archive / "left")]
    told = erased(held, tmp_path / "d.json", "--identity", "Jane Roe")["byte_search"]
    assert told["pieces"]["embeddings_in_log"] == 3  # of two crops and a photograph
    held("identity", "new", "nobody")
    ran = held("delete", "--identity", "nobody", "--yes", "--certificate", tmp_path / "e.json")
    assert "No bytes were looked for" in ran.out
    assert "Deleted 1 identity." in ran.out


def test_what_is_no_certificate_is_told_in_plain_words(held, tmp_path) -> None:
    file = tmp_path / "c.json"
    told = erased(held, file, "--crop", "1")
    members = "it is no erasure certificate: its members are not what those of one are"
    tried = {
        "log": (told | {"log": "x"}, members),
        "signature": (told | {"signature": 5}, members),
        "archive": (told | {"archive_id": "x"}, "it is of another archive (x)"),
        "few": ({"schema": told["schema"]}, members),
        "none": ({}, "it is no erasure certificate: it is of another format"),
    }
    files = [tmp_path / f"{name}.json" for name in (*tried, "long")]
    for path, (document, _) in zip(files[:-1], tried.values(), strict=True):
        path.write_text(json.dumps(document))
    files[-1].write_text(file.read_text().replace('"crops": 1', '"crops": ' + "9" * 5000, 1))
    found = proofs(held, *files, code=1)
    assert [one["faults"][0] for one in found[:-1]] == [text for _, text in tried.values()]
    assert "4300 digits" in found[-1]["faults"][0]
    assert "sys." not in found[-1]["faults"][0]
    assert {one["entry"] for one in found} == {None}


@pytest.mark.parametrize("option", ["--certificate", "--seal"])
def test_a_file_to_verify_that_is_not_there_is_named(held, tmp_path, option) -> None:
    ran = held("log", "verify", option, tmp_path / "none.json")
    assert (ran.code, "none.json: there is no such file" in ran.err) == (3, True)
