"""Wide, deep, endless and odd tables as inputs: every command ends in time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from archives import draw
from hostile import Tally, bounded, flaws
from videos import write_video

WITHIN_S = 25
"""Of the processor: a process starts in one."""

pytestmark = pytest.mark.fuzz


def sparse(path: Path, size: int) -> Path:
    """A file of zeros that takes no room."""
    with path.open("wb") as file:
        file.truncate(size)
    return path


def tables(folder: Path) -> Iterator[tuple[str, Path]]:
    """Wide, long, deep and odd texts, and the parameter that each is for."""
    wide = ",".join(f"c{n}" for n in range(100_000))
    deep = "[" * 200_000
    texts = {
        "paths": {
            "wide.csv": f"path,{wide}\na.png,1\n",
            "deep.jsonl": '{"path": "q.png", "x": ' + deep + "\n",
            "closed.jsonl": '{"path": "q.png", "x": ' + "[" * 600 + "]" * 600 + "}\n",
            "line.jsonl": '{"path": "' + "a" * 3_000_000 + '"}\n',
            "nul.csv": "path\n\0\n",
            "number.jsonl": '{"path": "q.png", "x": ' + "9" * 5000 + "}\n",
            "infinite.jsonl": '{"path": "q.png", "x": 1e999}\n',
            "quote.csv": 'path\n"' + "x" * 200_000 + "\n",
        },
        "--sources": {
            "wide.csv": f"path,{wide}\n",
            "dotted.toml": "a." * 200_000 + "a = 1\n",
            "table.toml": "[" + "a." * 200_000 + "a]\n",
            "deep.toml": f"x = {deep}\n",
            "source.toml": "source = 1\n",
            "empty.toml": "[[source]]\npath = ''\n",
            "huge.csv": "path,offset_s\nv.mp4,1e999999999\n",
            "surrogate.csv": "path,camera\nv.mp4,\udcff\n",
            "stars.csv": "path\n" + "**/" * 300 + "*.mp4\n",
        },
        "--detections": {
            "wide.csv": f"frame,{wide}\n",
            "deep.json": deep,
            "laughs.xml": "<!DOCTYPE a [<!ENTITY a 'aaaaaaaaaa'>"
            + "".join(f"<!ENTITY {chr(98 + n)} '{f'&{chr(97 + n)};' * 10}'>" for n in range(9))
            + "]><annotations>&j;</annotations>",
            "nested.xml": "<a>" * 300_000,
            "closed.xml": "<annotations>" + "<a>" * 50_000 + "</a>" * 50_000 + "</annotations>",
            "outside.xml": "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>"
            "<annotations>&x;</annotations>",
            "field.csv": "frame,x1,y1,x2,y2\n" + "9" * 200_000 + ",1,1,2,2\n",
            "huge.txt": "1e308,1,1,1,1e308,1e308,1\n",
            "digits.csv": "frame,x1,y1,x2,y2\n" + "9" * 5000 + ",1,1,2,2\n",
        },
        "--batch": {
            "wide.csv": f"image,{wide}\n",
            "field.csv": "image\n" + "x" * 200_000 + "\n",
            "digits.csv": "crop\n" + "9" * 5000 + "\n",
            "nan.csv": "crop,min_score\n1,nan\n",
        },
        "--transits": {
            "wide.csv": f"from,to,seconds,{wide}\n",
            "nan.csv": "from,to,seconds\na,b,nan\n",
            "empty.csv": "from,to,seconds\n,,1\n",
            "field.csv": "from,to,seconds\n" + "x" * 200_000 + ",b,1\n",
        },
    }
    for parameter, files in texts.items():
        for name, text in files.items():
            path = folder / parameter.strip("-") / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8", errors="surrogateescape")
            yield parameter, path
        for ending in (".csv", ".toml", ".json"):
            yield parameter, sparse(folder / parameter.strip("-") / f"terabyte{ending}", 1 << 40)


def test_odd_tables(held, tmp_path):
    """A header of 100 000 columns took 65 seconds."""
    tally = Tally("wide, deep, endless and odd tables")
    draw(tmp_path / "paths" / "q.png", 3)
    video = write_video(tmp_path / "v.mp4", 5)
    for parameter, path in tables(tmp_path):
        command = {
            "paths": ("index", path, "--model", "builtin"),
            "--batch": ("query", "--batch", path, "--model", "builtin"),
            "--transits": ("link", "--transits", path),
        }.get(parameter, ("index", video, "--model", "builtin", parameter, path))
        ended = bounded(*command, "-a", held.archive, limit_s=WITHIN_S * 2)
        tally.take(f"{parameter} {path.name}", *flaws(ended, within_s=WITHIN_S))
    tally.close()
