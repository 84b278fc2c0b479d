"""A drawn yard in which three people walk, where in metres is known; two come near each other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scenes import look

from reidsearch import Archive
from reidsearch.datasets.synthetic.footage import write_detections
from reidsearch.datasets.synthetic.ground import GroundCamera, Stroll, write_strolls
from reidsearch.domain.ground import GroundPoint
from reidsearch.media.naming.source_facts import SourceNaming
from reidsearch.media.naming.source_list import read_source_list
from reidsearch.services.index import FootageOptions

CAMERA = GroundCamera((640, 360), focal_px=450)
PLACES = np.array([(-3.0, 7), (3, 7), (4, 14), (-4, 14)])
ANNA = Stroll("anna", look(1), np.array([0.0, 5, 8]), np.array([(-3.0, 9), (0, 9.5), (0, 9.5)]))
BEN = Stroll("ben", look(2), np.array([0.0, 5, 8]), np.array([(4.0, 12), (1.2, 10), (1.2, 10)]))
CLEO = Stroll("cleo", look(3), np.array([1.0, 8]), np.array([(3.0, 16.0), (-2, 15)]))


def points() -> list[str]:
    """Four points of the ground as `camera ground` takes them."""
    shown = CAMERA.on_ground(PLACES)
    return [f"{x:.1f},{y:.1f}={e:g},{n:g}" for (x, y), (e, n) in zip(shown, PLACES, strict=True)]


def ground_points() -> list[GroundPoint]:
    """The same points as the archive takes them."""
    width, height = 640, 360
    shown = CAMERA.on_ground(PLACES)
    return [
        GroundPoint(x / width, y / height, e, n)
        for (x, y), (e, n) in zip(shown, PLACES, strict=True)
    ]


def write_yard(folder: Path) -> Path:
    """Draw and index it; return the archive, whose tracklets 1 and 2 are Anna and Ben."""
    visits = write_strolls(folder / "yard.mp4", [ANNA, BEN, CLEO], 8.0, CAMERA)
    write_detections(folder / "yard.det.txt", visits)
    (folder / "sources.csv").write_text(
        "path,camera,start,detections\nyard.mp4,yard,2024-05-31T12:00:00Z,yard.det.txt\n"
    )
    naming = SourceNaming(listed=read_source_list(folder / "sources.csv"))
    with Archive.open(folder / "archive", create=True, model="builtin") as archive:
        archive.index([folder / "yard.mp4"], footage=FootageOptions(naming=naming))
    return folder / "archive"
