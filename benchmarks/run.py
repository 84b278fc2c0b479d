"""Run all benchmarks, each against its limit, and say which are met.

    python benchmarks/run.py [--only NAME] [--model-path ../shared/models] [--write]

Each is a small file beside this one and runs in a process of its own; `--write` puts the tables,
with machine, versions and date, into docs/benchmarks.md. Takes about 20 minutes on two cores the
first time, while archives of up to a million crops (5 GB) are generated, and 10 after. Run it on
an idle machine: what other programs used meanwhile is printed, and written, with every table.
Exit code 1 when a limit is missed.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import click
from measuring import HEAD, Figure, default_work, machine

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "benchmarks.md"
NAMES = ("index", "memory", "rerun", "query_warm", "query_cold", "help", "open", "footage")
NAMES += ("memory_footage", "neighbours", "serve", "looking")


def run(name: str, work: Path, model_path: Path, reid: Path) -> tuple[list[Figure], float]:
    """The figures of one benchmark, and how many cores other programs used meanwhile."""
    command = [sys.executable, str(HERE / f"{name}.py"), "--work", str(work)]
    command += ["--model-path", str(model_path), "--reid", str(reid)]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    result = json.loads(printed.splitlines()[-1])
    return [Figure(**figure) for figure in result["figures"]], result["others"]


def table(figures: list[Figure]) -> str:
    """The figures in Markdown."""
    rows = [HEAD, ("---",) * len(HEAD), *(figure.row() for figure in figures)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def write(name: str, text: str) -> None:
    """Replace one benchmark's part of the page."""
    begin, end = f"<!-- table: benchmarks/{name}.py -->", "<!-- end of table -->"
    page = PAGE.read_text("utf-8")
    part = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    changed, found = part.subn(lambda _: f"{begin}\n\n{text}\n\n{end}", page)
    if found != 1:
        raise click.ClickException(f"{PAGE} has no place for {name}: {begin} ... {end}")
    PAGE.write_text(changed, "utf-8")


@click.command(help=__doc__)
@click.option("--only", multiple=True, type=click.Choice(NAMES), help="May be repeated.")
@click.option("--model-path", type=click.Path(path_type=Path), default=Path("../shared/models"))
@click.option("--reid", type=click.Path(path_type=Path), default=Path("../shared/reid"))
@click.option("--work", type=click.Path(path_type=Path), default=default_work())
@click.option("--write", "to_page", is_flag=True, help="Update docs/benchmarks.md.")
def main(only: tuple[str, ...], model_path: Path, reid: Path, work: Path, to_page: bool) -> None:
    click.echo(machine())
    missed = False
    for name in only or NAMES:
        load = os.getloadavg()[0]
        figures, others = run(name, work, model_path, reid)
        quiet = f"load before {load:.1f}, other programs used {others:.2f} cores meanwhile"
        click.echo(f"\n{name}: {quiet}\n{table(figures)}")
        missed |= any(figure.met is False for figure in figures)
        if to_page:
            today = dt.datetime.now(dt.UTC).date()
            write(name, f"{table(figures)}\n\n{today}: {machine()}; {quiet}.")
    sys.exit(missed)


if __name__ == "__main__":
    main()
