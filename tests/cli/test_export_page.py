"""`export page` and the sheets of lists, as somebody types them, on footage that was indexed."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest
from archives import CommandLine, sql
from hostile import ESCAPES, Tally, foreign
from json_schemas import require_valid
from pages import require_alone
from PIL import Image

from reidsearch import Archive

pytestmark = pytest.mark.full  # indexes footage


@pytest.fixture
def seen(run: CommandLine, footage_once: Path, footage: Path, tmp_path: Path) -> CommandLine:
    """Five tracklets at the gate and in the yard; anna was confirmed, and all were linked."""
    shutil.copytree(footage_once, run.archive)
    with Archive.open(run.archive, actor="maria") as archive:
        first, other = (archive.footage.tracklet(number).crop_ids[0] for number in (1, 2))
        archive.identities.new("anna", [first], note="the red coat")
        archive.identities.reject("anna", [other])
        archive.proposals.link(join_above=0.1)
    return run


def made(run: CommandLine, *arguments: object) -> str:
    ran = run(*arguments)
    assert ran.code == 0, ran.err
    return ran.out


def test_a_folder_with_clips_holds_what_the_archive_holds(
    seen: CommandLine, tmp_path: Path
) -> None:
    out = tmp_path / "page"
    told = json.loads(
        made(seen, "export", "page", "query", "--crop", 1, "--clips", "-o", out, "--format", "json")
    )
    assert told["sha256"] == hashlib.sha256((out / "SHA256SUMS").read_bytes()).hexdigest()
    manifest = json.loads((out / "manifest.json").read_text())
    require_valid(manifest)
    read = require_alone((out / "index.html").read_text(), out)
    assert "Searched" in read.text
    with Archive.open(seen.archive) as archive:
        for one in manifest["files"]:
            data = (out / one["path"]).read_bytes()
            assert (len(data), hashlib.sha256(data).hexdigest()) == (one["bytes"], one["sha256"])
            if one["shows"] == "crop":
                assert data == archive.picture(one["crop"]["crop_id"])
                held = archive.crop(one["crop"]["crop_id"])
                assert one["crop"]["source"] == held.source_sha256
        answer = json.loads((out / "data.json").read_text())
    require_valid(answer)
    assert told["clips"] == len(answer["matches"]) > 1
    clips = [one for one in manifest["files"] if one["shows"] == "clip"]
    assert all(one["clip"]["to_s"] > one["clip"]["from_s"] for one in clips)
    assert {one["path"] for one in clips} <= set(read.addresses)


def test_a_kept_answer_is_shown_as_it_was(seen: CommandLine, tmp_path: Path) -> None:
    kept, first, again = tmp_path / "a.json", tmp_path / "a.html", tmp_path / "b.html"
    kept.write_text(made(seen, "query", "--crop", 1, "--format", "json"))
    made(seen, "query", "--crop", 1, "-o", first)
    made(seen, "delete", "--crop", 3, "--yes")
    out = made(seen, "export", "page", "answer", kept, "-o", again)
    old, new = (require_alone(path.read_text()) for path in (first, again))
    scores = [f"{one['score']:.3f}" for one in json.loads(kept.read_text())["matches"]]
    for score in scores:
        assert score in old.text
        assert score in new.text
    assert ("no longer holds: 3" in out) == ("crop 3," in old.text)


def test_answers_of_another_archive_and_other_files_are_refused(
    seen: CommandLine, tmp_path: Path
) -> None:
    kept = tmp_path / "a.json"
    document = json.loads(made(seen, "query", "--crop", 1, "--format", "json"))
    for change, wanted in (
        ({"statement": document["statement"] | {"archive_id": "other"}}, "of another archive"),
        ({"schema": "reidsearch/answer/2"}, "no answer document"),
        ({"matches": 7}, "no answer document"),
    ):
        kept.write_text(json.dumps(document | change))
        ran = seen("export", "page", "answer", kept, "-o", tmp_path / "page")
        assert ran.code == 2
        assert wanted in ran.err
    kept.write_text("[" * 10_000)
    assert seen("export", "page", "answer", kept, "-o", tmp_path / "page").code == 3
    assert not (tmp_path / "page").exists()


PAGES = {
    "identity anna": ("Identity: anna (identity 1)", "the red coat", "maria"),
    "proposals": ("Proposals", "Compared"),
    "source gate.mp4": ("Tracklets of gate.mp4", "confirmed as anna", "rejected for anna"),
    "journey anna": ("Journey of anna (identity 1)", "no. 1"),
}


@pytest.mark.parametrize("command", PAGES)
def test_every_list_is_a_page_of_one_file(command: str, seen: CommandLine, tmp_path: Path) -> None:
    out = tmp_path / "page.html"
    made(seen, "export", "page", *command.split(), "-o", out)
    read = require_alone(out.read_text())
    for part in PAGES[command]:
        assert part in read.text, part
    folder = tmp_path / "page"
    made(seen, "export", "page", *command.split(), "-o", folder)
    require_alone((folder / "index.html").read_text(), folder)
    require_valid(json.loads((folder / "data.json").read_text()))


SHEETS = (
    "tracklet list gate.mp4 -o",
    "identity list -o",
    "identity show anna -o",
    "identity proposals -o",
    "journey anna --sheet",
)


@pytest.mark.parametrize("command", SHEETS)
def test_every_list_that_shows_people_has_a_sheet(
    command: str, seen: CommandLine, tmp_path: Path
) -> None:
    for ending in ("png", "html", "pdf"):
        out = tmp_path / f"sheet.{ending}"
        ran = seen(*command.split(), out)
        assert ran.code == 0, ran.err
        assert f"contact sheet: {out}" in ran.err
    with Image.open(tmp_path / "sheet.png") as drawn:
        assert drawn.width >= 760
    assert (tmp_path / "sheet.pdf").read_bytes().startswith(b"%PDF-")
    require_alone((tmp_path / "sheet.html").read_text())


def test_what_exists_is_kept_without_force(seen: CommandLine, tmp_path: Path) -> None:
    out = tmp_path / "page"
    words = ("export", "page", "identity", "anna", "-o")
    made(seen, *words, out)
    ran = seen(*words, out)
    assert ran.code == 2
    assert "--force overwrites it" in ran.err
    made(seen, *words, out, "--force")
    (out / "mine.txt").write_text("mine")
    ran = seen(*words, out, "--force")
    assert ran.code == 2
    assert "holds other things" in ran.err
    assert (out / "mine.txt").read_text() == "mine"
    ran = seen(*words, seen.archive, "--force")
    assert ran.code == 2
    assert (seen.archive / "archive.db").is_file()
    ran = seen(*words, tmp_path / "page.html", "--clips")
    assert ran.code == 2
    assert "clips cannot be inside" in ran.err
    assert seen(*words, tmp_path / "page.png").code == 2
    assert seen(*words, tmp_path / "none" / "page").code != 0


def test_footage_that_is_gone_is_told_and_the_page_is_written(
    seen: CommandLine, tmp_path: Path
) -> None:
    sql(seen.archive, "UPDATE footage_location SET text = '/gone/' || source_id || '.mp4'")
    out = tmp_path / "page"
    printed = made(seen, "export", "page", "source", "gone/1", "--clips", "-o", out)
    assert "missing: The clip of crop 1" in printed
    assert "The clip of crop 1" in require_alone((out / "index.html").read_text(), out).text


def test_further_pages_are_numbered_and_never_overwrite(
    seen: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reidsearch.output.sheet.PAGE_ROWS", 1)
    out, more = tmp_path / "sheet.png", tmp_path / "sheet-2.png"
    more.write_bytes(b"mine")
    words = ("identity", "show", "anna", "-o", out)  # a row of members, a row of rejections
    ran = seen(*words)
    assert ran.code == 2
    assert f"{more}, a further page, exists" in ran.err
    assert not out.exists()
    assert more.read_bytes() == b"mine"
    ran = seen(*words, "--force")
    assert ran.code == 0
    assert "and sheet-2.png" in ran.err
    for path in (out, more):
        with Image.open(path) as drawn:
            assert "page" in drawn.text["Title"]  # type: ignore[attr-defined]


@pytest.mark.fuzz
def test_hostile_names_in_every_form(seen: CommandLine, tmp_path: Path) -> None:
    tally = Tally("hostile names of cameras, identities, places, notes, in sheets and pages")
    names = [
        *ESCAPES[::4], "<script>alert(1)</script>", "\"'><img src=x onerror=x>",
        "\u05e9\u05e2\u05e8 12 \u0627\u0644\u0639", "x" * 300,
    ]  # fmt: skip
    for number, given in enumerate(names):
        name = given.encode("utf-8", "replace").decode()
        sql(seen.archive, "UPDATE camera SET name = :text || id", text=name)
        sql(seen.archive, "UPDATE identity SET name = :text", text=name)
        sql(seen.archive, "UPDATE decision SET note = :text, who = :text", text=name)
        for table in ("location", "footage_location"):
            sql(seen.archive, f"UPDATE {table} SET text = '/a/gate.mp4' || :text", text=name)
        for command in ("identity 1", "proposals", "journey 1", "query --crop 1"):
            out = tmp_path / f"{number}.html"
            ran = seen("export", "page", *command.split(), "-o", out, "--force")
            tally.take(f"{name!a} {command}", "".join(foreign(ran.out + ran.err + out.read_text())))
            require_alone(out.read_text())
        for command in SHEETS[1:]:
            ran = seen(*command.replace("anna", "1").split(), tmp_path / "s.png", "--force")
            wrong = "" if ran.code == 0 else ran.err
            tally.take(f"{name!a} {command}", wrong + "".join(foreign(ran.out + ran.err)))
    tally.close()
