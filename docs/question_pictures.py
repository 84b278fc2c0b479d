"""Draw nearby, company, both, places, followed and transit.png, of questions and journeys.

    python docs/question_pictures.py

Draws footage in which two of ten people walk past two cameras together, three times; follows the
folder, confirms both, and gives the commands that stand on the pages. `--samples` prints the tables
too, which the pages quote. `transit` is of a made-up town, without pictures of people. Takes about
two minutes on an idle machine, and needs the weights of docs/reference/models.md.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from reidsearch import Archive
from reidsearch.datasets.synthetic.clothes import Clothes
from reidsearch.datasets.synthetic.footage import Walk, write_scene
from reidsearch.datasets.synthetic.town import drawn_town
from reidsearch.datasets.synthetic.town_archive import write_town

DOCS = Path(__file__).resolve().parent
DAY = dt.datetime(2024, 5, 31, tzinfo=dt.UTC)
TOGETHER = (9, 11, 14)
"""Hours at which both come past, first the gate, two minutes later the yard."""
ALONE = (8, 10, 12, 13)
"""Hours at which only others pass the gate; of 12 no segment is supplied."""
SECONDS = 48
STARTS_S = (2, 11, 20, 29, 38)
"""When somebody comes in; both of them in the middle."""
COLOURS = 200
ZONE = ["--timezone", "UTC"]


def walks(hour: int, camera: int, both: bool) -> Iterator[Walk]:
    """One person or couple after the other; others in an order of their own each time."""
    looks = [Clothes.drawn(np.random.default_rng((9, person))) for person in range(10)]
    others = np.random.default_rng((hour, camera)).permutation(np.arange(2, 10)).tolist()
    for number, start in enumerate(STARTS_S):
        if both and number == 2:
            yield Walk("anna", looks[0], start, start + 6.5, -0.12, 1.12, 0.88, 0.56)
            yield Walk("bert", looks[1], start + 0.9, start + 7.4, -0.12, 1.12, 0.96, 0.6)
        else:
            person = others[number]
            ends = (-0.12, 1.12) if person % 2 else (1.12, -0.12)
            yield Walk(f"{person}", looks[person], start, start + 6, *ends)


def draw(folder: Path) -> None:
    """Write the segments of both cameras."""
    folder.mkdir()
    for hour in sorted({*TOGETHER, *ALONE} - {12}):
        for camera, (name, minute) in enumerate((("gate", 0), ("yard", 2))):
            both = hour in TOGETHER
            if both or name == "gate":
                start = DAY + dt.timedelta(hours=hour, minutes=minute)
                path = folder / f"{name}_{start:%Y%m%d_%H%M%S}.mp4"
                write_scene(path, list(walks(hour, camera, both)), SECONDS, seed=camera)


class Reader:
    """Somebody who gives the commands of the pages, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._environment = os.environ | {"REIDSEARCH_ACTOR": "jane", "COLUMNS": "110"}
        for name in ("ARCHIVE", "CASE"):
            self._environment.pop(f"REIDSEARCH_{name}", None)

    def __call__(self, *command: str) -> str:
        """Give a command; return what it prints."""
        program = [sys.executable, "-m", "reidsearch", *command]
        done = subprocess.run(
            program,
            cwd=self._folder,
            env=self._environment,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        if "--samples" in sys.argv and "json" not in command:
            print(f"$ reidsearch {' '.join(command)}\n{done.stdout}")
        return done.stdout

    def asked(self, *command: str) -> Any:
        """Give a command; return its JSON document."""
        return json.loads(self(*command, "--format", "json"))

    def drawn(self, *command: str) -> None:
        """Give a command that ends with a picture; keep it in few colours, so that it is small."""
        self(*command)
        shown = Image.open(io.BytesIO((self._folder / command[-1]).read_bytes())).convert("RGB")
        few = shown.quantize(COLOURS, kmeans=1, dither=Image.Dither.NONE)
        few.save(DOCS / command[-1], optimize=True)
        print(command[-1])


def both_of(reader: Reader) -> tuple[list[str], list[str]]:
    """Return a crop of each sighting of anna and of bert: who came in first, and who after."""
    anna, bert = [], []
    for hour in TOGETHER:
        for camera, minute in (("gate", 0), ("yard", 2)):
            start = DAY + dt.timedelta(hours=hour, minutes=minute, seconds=STARTS_S[2] - 1)
            times = ["--after", f"{start:%Y-%m-%dT%H:%M:%SZ}"]
            times += ["--before", f"{start + dt.timedelta(seconds=8):%Y-%m-%dT%H:%M:%SZ}"]
            items = reader.asked("query", "--camera", camera, *times)["items"]
            first, second = (str(one["crop_id"]) for one in items)
            anna.append(first)
            bert.append(second)
    return anna, bert


def ask(reader: Reader) -> None:
    """Do what the pages tell, in their order."""
    reader.drawn("coverage", "-o", "followed.png")
    anna, bert = both_of(reader)
    reader("identity", "new", "anna", *anna)
    reader("identity", "new", "bert", *bert)
    reader("link")
    reader.drawn("nearby", anna[0], "--within", "12s", "-o", "nearby.png")
    reader.drawn("company", "anna", "--within", "3s", "-o", "company.png")
    company = reader.asked("company", "anna", "--within", "3s")
    both = next(one["frame_crop"] for one in company["companions"][0]["meetings"] if one["at_once"])
    reader.drawn("frame", str(both), "--boxes", "-o", "both.png")
    at = ["--at", "gate@9:00..9:01", "--at", "yard@9:02..9:03"]
    reader.drawn("query", *at, "-k", "2", "-o", "places.png")
    reader("next", "anna", "-k", "6", "--keeps", "yard", "30")
    reader("saved", "add", "anna again", "--identity", "anna", "--min-score", "0.6")


def ask_town(folder: Path) -> None:
    """Confirm whom a made-up town shows, and draw how long they take from camera to camera."""
    crops: dict[int, list[int]] = {}
    for one in write_town(folder / "archive", drawn_town(people=40)):
        crops.setdefault(one.sighting.person, []).append(one.crop_ids[0])
    with Archive.open(folder / "archive", offline=True) as archive:
        for person, some in crops.items():
            archive.identities.new(f"person {person}", some, force=True)
    Reader(folder).drawn("transit", "-o", "transit.png")


def main() -> int:
    """Draw everything."""
    with tempfile.TemporaryDirectory() as folder:
        draw(Path(folder) / "recorder")
        reader = Reader(Path(folder))
        reader("follow", "recorder", "--once", "--settle", "0", "--recorder", "auto", *ZONE, "-q")
        ask(reader)
    with tempfile.TemporaryDirectory() as folder:
        ask_town(Path(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
