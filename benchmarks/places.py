"""What filters by regions and lines cost: traces are read and judged one by one.

python benchmarks/places.py
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from reidsearch import Archive, Filters, Line, Region
from reidsearch.datasets.synthetic.town import drawn_town
from reidsearch.datasets.synthetic.town_archive import write_town
from reidsearch.domain.browsing import BrowseRequest


def main() -> None:
    """Print milliseconds of processor time for each tracklet of a camera."""
    town = drawn_town(people=150, cameras=2, hours=4, walks=4)
    camera = town.cameras[0].name
    region = Region(camera, ((0.1, 0.7), (0.9, 0.7), (1, 1), (0.5, 0.9), (0, 1)))
    line = Line(camera, ((0.5, 0), (0.5, 1)))
    with tempfile.TemporaryDirectory() as folder:
        written = write_town(Path(folder) / "town", town, views=1)
        judged = sum(one.sighting.camera == camera for one in written)
        print(f"{judged:,} tracklets of the camera, {len(written):,} in all")
        with Archive.open(Path(folder) / "town") as archive:
            plain = Filters(cameras=(camera,))
            archive.browse.page(BrowseRequest(plain))
            base_s = _seconds(archive, plain)
            for name, filters in (
                ("region", Filters(regions=(region,))),
                ("stay in a region", Filters(regions=(region,), dwell_s=5)),
                ("line", Filters(crossings=(line,))),
            ):
                took_s = _seconds(archive, filters) - base_s
                print(f"{name}: {1000 * took_s / judged:.2f} ms a tracklet")


def _seconds(archive: Archive, filters: Filters) -> float:
    """Return the least processor time of one page in three."""
    took = []
    for _ in range(3):
        begun = time.process_time()
        archive.browse.page(BrowseRequest(filters))
        took.append(time.process_time() - begun)
    return min(took)


if __name__ == "__main__":
    main()
