"""Writes the tables of docs/accuracy.md: `reidsearch evaluate --compare` on two labelled sets.

    python benchmarks/accuracy.py --model-path ../shared/models --reid ../shared/reid

Prints them; `--write` puts them into the page, `--only` and `--set` make less of it. Takes about
ten minutes on two cores. `--picture FILE` draws docs/evaluation.png instead, on drawn people.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import tempfile
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import click
from measuring import machine

from reidsearch.datasets.readers import DataSet, read_manifest, read_market
from reidsearch.datasets.synthetic.people import write_market
from reidsearch.evaluation.compare import AXES, evaluate_data
from reidsearch.output.evaluation_picture import evaluation_picture
from reidsearch.output.evaluation_text import markdown

DOCS = Path(__file__).parents[1] / "docs" / "accuracy.md"
SETS = ("cuhk03-dev", "pku-viewpoints")


def read(reid: Path, name: str) -> DataSet:
    if name == "cuhk03-dev":
        return read_market(reid / name)
    return read_manifest(reid / name / "manifest.csv").of_cameras(["01"], ["02"])


def write(axis: str, name: str, table: str) -> None:
    begin, end = f"<!-- table: {axis}, {name} -->", "<!-- end of table -->"
    page = DOCS.read_text("utf-8")
    part = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    changed, found = part.subn(lambda _: f"{begin}\n\n{table}\n\n{end}", page)
    if found != 1:
        raise click.ClickException(f"{DOCS} has no place for: {begin} ... {end}")
    DOCS.write_text(changed, "utf-8")


@click.command(help=__doc__)
@click.option("--model-path", type=click.Path(path_type=Path, exists=True), multiple=True)
@click.option("--reid", type=click.Path(path_type=Path), default=Path("../shared/reid"))
@click.option("--only", multiple=True, type=click.Choice(AXES), help="May be repeated.")
@click.option("--set", "sets", multiple=True, type=click.Choice(SETS), help="May be repeated.")
@click.option("--write", "to_page", is_flag=True, help="Put the tables into docs/accuracy.md.")
@click.option("--picture", type=click.Path(path_type=Path), help="Draw this instead.")
def main(
    model_path: tuple[Path, ...],
    reid: Path,
    only: tuple[str, ...],
    sets: tuple[str, ...],
    to_page: bool,
    picture: Path | None,
) -> None:
    if picture:
        with tempfile.TemporaryDirectory() as folder:
            written = write_market(Path(folder) / "drawn", people=40, cameras=4, views=4)
            data = replace(read_market(written), name="drawn people")
            found = evaluate_data(data, model_path=model_path)
            evaluation_picture(found.ways[0]).save(picture)
        return
    opencv = f"opencv-python-headless {version('opencv-python-headless')}"
    for name in sets or SETS:
        for axis in only or AXES:
            found = evaluate_data(read(reid, name), axes=[axis], model_path=model_path)
            today = dt.datetime.now(dt.UTC).date()
            load = f"load {os.getloadavg()[0]:.1f}"
            table = f"{markdown(found)}\n\n{today}: {machine()}, {opencv}; {load}."
            click.echo(f"\n{axis}, {name}\n{table}")
            if to_page:
                write(axis, name, table)


if __name__ == "__main__":
    main()
