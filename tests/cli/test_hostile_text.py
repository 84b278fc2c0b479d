"""Names and cells with escapes in everything that a command reads: none reaches the terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from archives import Ran, draw, fill, sql, unit_rows
from hostile import ESCAPES, Tally, foreign

from reidsearch.domain.crops import Facts
from reidsearch.store.database.lock import HOLDER, writer_lock

TRIED = ESCAPES[::3]  # all of them pass the same boundary, see `test_terminal`

pytestmark = pytest.mark.fuzz


def said(ran: Ran) -> str:
    """What is wrong with what a command printed."""
    odd = "".join(foreign(ran.out + ran.err))
    return odd if ran.code != 70 else f"{odd} exit code 70: {ran.err}"


def in_names(escape: str) -> str:
    """An escape as a file name may hold it."""
    return escape.replace("/", "_").replace("\0", "").encode("utf-8", "replace").decode()


def archive_with(folder: Path, text: str) -> None:
    """An archive in which every text that a user or a file gave is this one."""
    fill(folder, unit_rows(3), [Facts(text, None, text, {text: text})] * 3)
    for statement in (
        "UPDATE location SET text = '/footage/' || :text || crop_id",
        "UPDATE run SET version = :text, runtime = :text",
        "UPDATE model SET name = :text",
        "INSERT INTO failure (key, text, reason, message, run_id, at_us)"
        " VALUES (x'01', :text, 'damaged', :text, 1, 0)",
        "INSERT INTO identity (id, name) VALUES (1, :text)",
        "INSERT INTO decision (at_us, who, what, note, forced, changes)"
        " VALUES (0, :text, 'new', :text, 0, :changes)",
        "INSERT INTO event (at_us, what, detail) VALUES (0, 'relocate', :detail)",
    ):
        given = {
            "text": text,
            "changes": json.dumps([["name", 1, None, None, text, []]]),
            "detail": json.dumps({"old": text, "new": text}),
        }
        sql(
            folder,
            statement,
            **{name: value for name, value in given.items() if f":{name}" in statement},
        )


SHOWING = (
    ("show",),
    ("show", "crop", "1"),
    ("failures",),
    ("coverage",),
    ("check",),
    ("identity", "list"),
    ("identity", "list", "--decisions"),
    ("identity", "show", "1"),
    ("clock",),
    ("query", "--crop", "1"),
    ("query", "--crop", "1", "--camera", "nobody"),
    ("query", "--crop", "1", "--dry-run"),
    ("delete", "--crop", "1", "--dry-run"),
    ("journey", "1"),
    ("nearby", "1"),
    ("company", "identity:1"),
    ("link",),
    ("confirm", "1", "--as", "1"),
    ("calibrate",),
    ("doctor",),
    ("crop", "1", "-o", "{}/x.jpg"),
)


def test_what_archives_hold(run, tmp_path):
    tally = Tally("escapes in names, notes and records of an archive")
    for number, escape in enumerate(TRIED):
        folder = tmp_path / str(number)
        archive_with(folder, f"a{in_names(escape)}b")
        for words in SHOWING:
            for form in ("table", "csv", "json"):
                command = [*words] if words[0] == "crop" else [*words, "--format", form]
                command = [word.replace("{}", str(folder)) for word in command]
                ran = run(*command, "-a", folder)
                tally.take(f"{escape!a} {' '.join(command)}", said(ran))
                if words[0] in {"crop", "confirm", "doctor", "calibrate", "link"}:
                    break
    tally.close()


def test_what_files_hold_and_are_called(held, tmp_path):
    tally = Tally("escapes in names and cells of inputs, and of who holds the lock")
    for number, escape in enumerate(TRIED):
        name, folder = in_names(escape), tmp_path / str(number)
        bad = folder / f"{name}.png"
        folder.mkdir()
        bad.write_bytes(b"no picture")
        good = draw(folder / f"good{name}.png", number)
        files = {
            "m.csv": f"path,camera,time\nnone{name}.png,{name},{name}\n",
            "s.csv": f"path,camera,start\n{name}.mp4,{name},{name}\n",
            "t.csv": f"from,to,seconds\n{name},b,{name}\n",
            "q.csv": f"image,{name}\n{name},1\n",
            "r.csv": f"query,image\n{name},none{name}.png\n",
            "d.csv": f"frame,x1,y1,x2,y2\n{name},1,1,2,2\n",
            "s.toml": f"[[source]]\n{json.dumps(name)} = 1\n",
        }
        for file, text in files.items():
            (folder / file).write_text(text, encoding="utf-8")
        for words in (
            ("index", bad, folder / "m.csv", good, "--model", "builtin"),
            ("failures",),
            ("index", folder, "--model", "builtin", "--sources", folder / "s.csv"),
            ("index", folder, "--model", "builtin", "--sources", folder / "s.toml"),
            ("index", folder, "--model", "builtin", "--detections", folder / "d.csv"),
            ("index", folder / f"none{name}", "--model", "builtin"),
            ("index", folder, "--pattern", f"(?P<camera>{name}["),
            ("query", bad, "--model", "builtin"),
            ("query", folder / f"none{name}", "--model", "builtin"),
            ("query", "--batch", folder / "q.csv", "--model", "builtin"),
            ("query", "--batch", folder / "r.csv", "--model", "builtin"),
            ("query", good, "--model", f"{name}.xml"),
            ("query", "--crop", "1", "-o", folder / f"{name}" / "x.png"),
            ("query", "--crop", "1", "--camera", name),
            ("query", "--crop", "1", "--after", name),
            ("link", "--transits", folder / "t.csv"),
            ("relocate", f"/{name}", folder),
            ("backup", bad),
            ("restore", folder, "-a", folder / f"new{name}"),
            (name or "x",),
            ("show", f"--{name}"),
        ):
            ran = held(*words)
            tally.take(f"{escape!a} {words!a}", said(ran))
        with writer_lock(held.archive):
            holder = dict.fromkeys(("pid", "user", "host", "since", "command"), escape)
            (held.archive / HOLDER).write_text(json.dumps(holder))
            ran = held("index", good, "--model", "builtin")
            assert ran.code == 6
            tally.take(f"{escape!a} lock", said(ran))
    tally.close()
