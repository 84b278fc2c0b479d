"""Measure `reidsearch evaluate --compare` on two labelled sets, for docs/accuracy.md.

    python benchmarks/accuracy.py --model-path ../shared/models --reid ../shared/reid

Prints the tables; `--write` also puts them into results/evaluate.csv, `--only` and `--set` measure
a part. Takes about ten minutes on two cores. `--picture FILE` draws docs/evaluation.png instead, on
synthetic people.
"""

from __future__ import annotations

import datetime as dt
import os
import tempfile
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import click
from drawn_set import write_market
from measuring import machine
from results import put, rows_of

from reidsearch.datasets.readers import DataSet, read_manifest, read_market
from reidsearch.evaluation.compare import AXES, evaluate_data
from reidsearch.output.evaluation_picture import evaluation_picture
from reidsearch.output.evaluation_text import markdown
from reidsearch.output.imprint import Imprint
from reidsearch.output.picture_file import encode

SETS = ("cuhk03-dev", "pku-viewpoints")


def read(reid: Path, name: str) -> DataSet:
    if name == "cuhk03-dev":
        return read_market(reid / name)
    return read_manifest(reid / name / "manifest.csv").of_cameras(["01"], ["02"])


@click.command(help=__doc__)
@click.option("--model-path", type=click.Path(path_type=Path, exists=True), multiple=True)
@click.option("--reid", type=click.Path(path_type=Path), default=Path("../shared/reid"))
@click.option("--only", multiple=True, type=click.Choice(AXES), help="May be repeated.")
@click.option("--set", "sets", multiple=True, type=click.Choice(SETS), help="May be repeated.")
@click.option("--write", "to_file", is_flag=True, help="Write results/evaluate.csv.")
@click.option("--picture", type=click.Path(path_type=Path), help="Draw this instead.")
def main(
    model_path: tuple[Path, ...],
    reid: Path,
    only: tuple[str, ...],
    sets: tuple[str, ...],
    to_file: bool,
    picture: Path | None,
) -> None:
    if picture:
        with tempfile.TemporaryDirectory() as folder:
            written = write_market(Path(folder) / "drawn", people=40, cameras=4, views=4)
            data = replace(read_market(written), name="synthetic people")
            found = evaluate_data(data, model_path=model_path)
            command = f"python benchmarks/accuracy.py --picture {picture}"
            imprint = Imprint("", "", dt.datetime.now(dt.UTC), command)
            picture.write_bytes(encode(evaluation_picture(found.ways[0], imprint), picture.suffix))
        return
    opencv = f"opencv-python-headless {version('opencv-python-headless')}"
    for name in sets or SETS:
        for axis in only or AXES:
            found = evaluate_data(read(reid, name), axes=[axis], model_path=model_path)
            today = dt.datetime.now(dt.UTC).date()
            load = f"load {os.getloadavg()[0]:.1f}"
            note = f"{today}: {machine()}, {opencv}; {load}"
            table = markdown(found)
            click.echo(f"\n{axis}, {name}\n{table}\n\n{note}")
            if to_file:
                put(
                    "evaluate",
                    rows_of(table),
                    command="python benchmarks/accuracy.py --write",
                    note=note,
                    part={"axis": axis, "set": name},
                )


if __name__ == "__main__":
    main()
