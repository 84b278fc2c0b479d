"""How well each model finds people again, computed through the product's own embedder.

    python benchmarks/accuracy.py --model-path ../shared/models --reid ../shared/reid --write

Every re-ID model of the catalogue and the built-in baseline, on the two labelled sets, beside
the reference figures that were computed apart from this project. `--write` puts the table into
docs/accuracy.md. Takes about four minutes on two cores.
"""

from __future__ import annotations

import platform
import time
from importlib.metadata import version
from pathlib import Path

import click

from reidsearch.embedding import Embedder, load_embedder
from reidsearch.evaluation.datasets import DataSet, read_manifest, read_market
from reidsearch.evaluation.embedded import embed_set
from reidsearch.evaluation.protocol import Quality, evaluate
from reidsearch.models.catalogue import catalogue

DOCS = Path(__file__).parents[1] / "docs" / "accuracy.md"
BEGIN, END = "<!-- table: benchmarks/accuracy.py -->", "<!-- end of table -->"

# rank-1, mAP trapezoid, in per cent: computed apart from this project, with OpenCV's resize, which
# is also the product's where pictures are enlarged, as all but few of these are.
REFERENCE = {
    ("person-reidentification-retail-0286/FP16", "cuhk03-dev"): (56.96, 51.61),
    ("person-reidentification-retail-0286/FP16", "pku-viewpoints"): (93.75, 81.50),
    ("person-reidentification-retail-0277/FP16", "cuhk03-dev"): (59.24, 55.76),
    ("person-reidentification-retail-0277/FP16", "pku-viewpoints"): (92.74, 83.79),
    ("person-reidentification-retail-0287/FP16", "cuhk03-dev"): (43.04, 38.73),
    ("person-reidentification-retail-0287/FP16", "pku-viewpoints"): (91.94, 78.10),
    ("person-reidentification-retail-0288/FP16", "cuhk03-dev"): (28.35, 24.90),
    ("person-reidentification-retail-0288/FP16", "pku-viewpoints"): (80.85, 63.38),
}
COLUMNS = (
    "model",
    "set",
    "valid queries",
    "rank-1",
    "rank-5",
    "rank-10",
    "rank-20",
    "mAP trapezoid",
    "mAP step",
    "reference rank-1 / mAP",
    "difference",
)


def measure(embedder: Embedder, data: DataSet) -> Quality:
    return evaluate(*data.labelled(embed_set(data, embedder)))


def line(model: str, name: str, quality: Quality) -> str:
    ranks = [quality.cmc[rank] for rank in (1, 5, 10, 20)]
    shares = [*ranks, quality.map_trapezoid, quality.map_step]
    cells = [model, name, str(quality.valid_queries), *(f"{100 * share:.2f}" for share in shares)]
    reference = REFERENCE.get((model, name))
    if reference:
        rank1, average = reference
        cells.append(f"{rank1:.2f} / {average:.2f}")
        got = 100 * quality.cmc[1] - rank1, 100 * quality.map_trapezoid - average
        cells.append(f"{got[0]:+.2f} / {got[1]:+.2f}")
    else:
        cells += ["", ""]
    return "| " + " | ".join(cells) + " |"


def machine() -> str:
    names = ("openvino", "pillow", "opencv-python-headless", "numpy")
    return f"Python {platform.python_version()}, " + ", ".join(f"{n} {version(n)}" for n in names)


@click.command()
@click.option("--model-path", type=click.Path(path_type=Path, exists=True), multiple=True)
@click.option("--reid", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--write", is_flag=True, help="Put the table into docs/accuracy.md.")
@click.option("--model", multiple=True, help="Only these; default: all re-ID models and builtin.")
def main(model_path: tuple[Path, ...], reid: Path, write: bool, model: tuple[str, ...]) -> None:
    sets = {
        "cuhk03-dev": read_market(reid / "cuhk03-dev"),
        "pku-viewpoints": read_manifest(reid / "pku-viewpoints" / "manifest.csv").of_cameras(
            ["01"], ["02"]
        ),
    }
    every = [entry.key for entry in catalogue() if entry.role == "re-id"] + ["builtin"]
    lines = ["| " + " | ".join(COLUMNS) + " |", "|" + "---|" * len(COLUMNS)]
    print(*lines, sep="\n")
    for name in model or every:
        embedder = load_embedder(name, model_path=model_path)
        for set_name, data in sets.items():
            started = time.perf_counter()
            lines.append(line(name, set_name, measure(embedder, data)))
            print(f"{lines[-1]}  ({time.perf_counter() - started:.0f} s)", flush=True)
    if write:
        text = DOCS.read_text("utf-8")
        before, rest = text.split(BEGIN)
        after = rest.split(END)[1]
        table = "\n".join([BEGIN, "", f"Measured with {machine()}.", "", *lines, "", END])
        DOCS.write_text(before + table + after, "utf-8")


if __name__ == "__main__":
    main()
