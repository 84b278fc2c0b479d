"""Report of a large case: time, memory, and sizes of its forms.

    python benchmarks/report.py                      # 300 searches, 600 decisions
    python benchmarks/report.py --searches 40 --decisions 40

The archive holds drawn people by four cameras, 1,200 crops; each search is of the case and answers
with fifty matches, each decision confirms one crop, of sixty identities. Prints one line per form.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

from reidsearch import Archive
from reidsearch.datasets.synthetic.people import drawn_people
from reidsearch.output.casework.subject import Subject
from reidsearch.output.casework.write import write_report

PEOPLE, CAMERAS, EACH = 60, 4, 5


def make(folder: Path, searches: int, decisions: int) -> Path:
    """Return an archive with a case `7` that so much was done for."""
    pictures = folder / "set"
    pictures.mkdir()
    lines = ["path,person_id,camera_id"]
    people = []
    for number, crop in enumerate(drawn_people(PEOPLE, CAMERAS, EACH)):
        Image.fromarray(crop.pixels[..., ::-1].copy()).save(pictures / f"{number}.png")
        lines.append(f"{number}.png,{crop.person},{crop.camera}")
        people.append(crop.person)
    (pictures / "manifest.csv").write_text("\n".join(lines) + "\n")
    with Archive.open(folder / "archive", create=True, model="builtin") as archive:
        archive.index([pictures / "manifest.csv"])
        archive.cases.new("7")
    with Archive.open(folder / "archive", model="builtin", case="7") as archive:
        for number in range(searches):
            archive.search([number + 1], k=50)
        known: set[str] = set()
        for number, person in enumerate(people[:decisions], start=1):
            if person in known:
                archive.identities.confirm(f"person {person}", [number])
            else:
                archive.identities.new(f"person {person}", [number])
                known.add(person)
    return folder / "archive"


def main() -> int:
    """Make the archive, write the report in each form."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--searches", type=int, default=300)
    asked.add_argument("--decisions", type=int, default=600)
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = make(Path(folder), given.searches, given.decisions)
        with Archive.open(place, model="builtin") as archive:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            for ending in ("json", "html", "pdf"):
                begin, busy = time.perf_counter(), time.process_time()
                path = Path(folder) / f"case.{ending}"
                written = write_report(archive, Subject.case("7"), path, by="benchmark")
                took, used = time.perf_counter() - begin, time.process_time() - busy
                peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
                print(
                    f"{ending}: {took:.1f} s ({used:.1f} s of processor), "
                    f"{written.size_bytes / 1e6:.2f} MB, peak {peak / 1024:.0f} MiB "
                    f"({before / 1024:.0f} before)"
                )
    return 0


if __name__ == "__main__":
    sys.exit(main())
