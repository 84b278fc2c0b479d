"""Draw page-distance.png and page-space-time.png of docs/how-to and docs/explanation.

    python docs/space_pictures.py

The one shows the page of two people of a drawn yard whose ground was measured, the other an answer
of the synthetic town, whose people walk between cameras with known times.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
from page_pictures import SEEN, SIZE, keep, served
from playwright.sync_api import sync_playwright

from reidsearch import Archive
from reidsearch.datasets.synthetic.clothes import Clothes
from reidsearch.datasets.synthetic.footage import write_detections
from reidsearch.datasets.synthetic.ground import GroundCamera, Stroll, write_strolls
from reidsearch.datasets.synthetic.town import drawn_town
from reidsearch.datasets.synthetic.town_archive import write_town
from reidsearch.domain.ground import GroundPoint
from reidsearch.media.naming.source_facts import SourceNaming
from reidsearch.media.naming.source_list import read_source_list
from reidsearch.services.index import FootageOptions

SIZE_PX = (640, 360)
CAMERA = GroundCamera(SIZE_PX, focal_px=450)
SLABS = np.array([(-3.0, 7), (3, 7), (4, 14), (-4, 14)])
SECONDS = np.array([0.0, 5, 9, 13])
WAYS = ([(-3.0, 9), (0, 9.5), (0, 9.5), (-3, 12)], [(4.0, 12), (1.2, 10), (1.2, 10), (4, 9)])
SOURCES = "path,camera,start,detections\nyard.mp4,yard,2024-05-31T12:00:00Z,yard.det.txt\n"
QUESTIONS = {
    "distance": "/tracklets/1/distance?second=2&closer_than=2m",
    "space-time": "/answer?identity=anna&new_only=true&k=6&combined=true",
}


def write_yard(folder: Path) -> None:
    """Draw two people who meet, index them, and measure the ground of the camera."""
    strolls = [
        Stroll(f"p{number}", Clothes.drawn(np.random.default_rng(number)), SECONDS, np.array(way))
        for number, way in enumerate(WAYS)
    ]
    visits = write_strolls(folder / "yard.mp4", strolls, 13.0, CAMERA)
    write_detections(folder / "yard.det.txt", visits)
    (folder / "sources.csv").write_text(SOURCES)
    naming = SourceNaming(listed=read_source_list(folder / "sources.csv"))
    shares = CAMERA.on_ground(SLABS) / SIZE_PX
    points = [GroundPoint(*at, *metres) for at, metres in zip(shares, SLABS, strict=True)]
    with Archive.open(folder / "distance", create=True, model="builtin") as archive:
        archive.index([folder / "yard.mp4"], footage=FootageOptions(naming=naming))
        [source] = archive.footage.coverage()
        archive.ground.set("yard", points, source, note="slabs of the pavement")


def write_walks(folder: Path) -> None:
    """Write the town with half of Anna's sightings confirmed, and all of everybody else's."""
    crops: dict[int, list[int]] = {}
    town = drawn_town(people=40, cameras=5, hours=3, couples=3, seed=5)
    for one in write_town(folder / "space-time", town):
        crops.setdefault(one.sighting.person, []).append(one.crop_ids[0])
    with Archive.open(folder / "space-time") as archive:
        for person, seen in crops.items():
            kept = seen[1::2] if person == 0 else seen
            archive.identities.new("anna" if person == 0 else f"p{person}", kept, force=True)
        archive.calibration.from_identities()


def main() -> None:
    """Make both archives, and the pictures of their pages."""
    os.environ.update(SEEN)
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as made, sync_playwright() as started:
        folder = Path(made).resolve()
        write_yard(folder)
        write_walks(folder)
        browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name, question in QUESTIONS.items():
            with served(folder, name) as link:
                page = browser.new_context(viewport=SIZE).new_page()
                page.goto(link)
                page.goto(page.url.rstrip("/") + question)
                keep(page, name, folder)
        browser.close()


if __name__ == "__main__":
    main()
