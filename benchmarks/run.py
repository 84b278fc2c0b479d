"""Run the benchmarks, each against its limit, and say which are met.

    python benchmarks/run.py [--only NAME] [--model-path ../shared/models] [--write]
    python benchmarks/run.py --stale

NAME is a benchmark or a group of them: `start-up`, `search`, `indexing`, `footage`, `serving` (each
done within half an hour on two cores, archives of up to a million crops included, 5 GB) and `long`,
which is left out unless it is named. Each benchmark is a small file beside this one and runs in a
process of its own. `--write` keeps the figures, with machine, versions, date and commit, in
results/speed and makes the tables and pictures of docs/benchmarks.md and docs/benchmarks/ from
them. Run it on an idle machine: what other programs used meanwhile is printed, and written, with
every table. `--stale` measures nothing: it names what was measured before the last change of the
code that it speaks of, or on another type of machine. Exit code 1 when a limit is missed, or
something is stale.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import click
import results
import speed_files
import speed_pictures
from measuring import Figure, Watch, default_work, machine
from speed_stale import stale
from speed_tables import figures_of

HERE = Path(__file__).resolve().parent
OURS = ("--only", "ours", "--only", "ours, exact", "--only", "ours, whole answer")
FLAT = ("--only", "faiss IndexFlatIP")
GROUPS = {
    "start-up": ("help", "query_cold", "looking"),
    "search": ("query_warm", "open", "neighbours", "scale", "scale_goals"),
    "indexing": ("index", "memory", "rerun"),
    "footage": ("footage", "memory_footage", "growth_footage"),
    "serving": ("serve", "clients"),
    "long": ("scale_10m", "scale_goals_10m", "skip_rules", "trackers", "growth_footage_long"),
}
SCRIPTS = {
    "scale": ("scale.py", "--crops", "100000", "--crops", "1000000", *OURS, *FLAT),
    "scale_goals": ("scale.py", "--goals", "--crops", "100000", "--crops", "1000000"),
    "scale_10m": ("scale.py", "--crops", "10000000", *OURS),
    "scale_goals_10m": ("scale.py", "--goals", "--crops", "10000000"),
    "growth_footage": ("growth_footage.py",),
    "growth_footage_long": ("growth_footage.py", "--hours", "8"),
    "clients": ("clients.py",),
    "skip_rules": ("skip_rules.py",),
    "trackers": ("trackers.py",),
}
"""Benchmarks whose results are more than figures: they keep them on their own, with `--write`."""
WITHOUT_MODELS = ("scale.py", "clients.py")
FIGURES = tuple(
    name
    for group, names in GROUPS.items()
    for name in names
    if group != "long" and name not in SCRIPTS
)


def chosen(only: tuple[str, ...]) -> list[str]:
    """The benchmarks of names and groups; all but the long ones when there are none."""
    groups = only or tuple(group for group in GROUPS if group != "long")
    return list(dict.fromkeys(name for one in groups for name in GROUPS.get(one, (one,))))


def run(name: str, work: Path, model_path: Path, reid: Path) -> tuple[list[Figure], float]:
    """The figures of one benchmark, and how many cores other programs used meanwhile."""
    command = [sys.executable, str(HERE / f"{name}.py"), "--work", str(work)]
    command += ["--model-path", str(model_path), "--reid", str(reid)]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    result = json.loads(printed.splitlines()[-1])
    return [Figure(**figure) for figure in result["figures"]], result["others"]


def run_script(name: str, work: Path, model_path: Path, *, write: bool) -> None:
    """A benchmark that prints and keeps its own results."""
    script, *arguments = SCRIPTS[name]
    command = [sys.executable, str(HERE / script), *arguments, "--work", str(work / script[:-3])]
    if script not in WITHOUT_MODELS:
        command += ["--model-path", str(model_path)]
    subprocess.run([*command, "--write"] if write else command, check=True)


def run_figures(name: str, work: Path, model_path: Path, reid: Path, *, write: bool) -> bool:
    """Measure, print and keep the figures of a benchmark; whether all limits are met."""
    watch = Watch()
    figures, others = run(name, work, model_path, reid)
    rows, note = speed_files.figure_rows(figures), watch.note(others)
    click.echo(f"\n{name}: {note}\n{figures_of(rows)}")
    if write:
        command = f"python benchmarks/run.py --only {name} --write"
        speed_files.put(name, rows, command=command, note=note)
    return all(figure.met is not False for figure in figures)


@click.command(help=__doc__)
@click.option("--only", multiple=True, type=click.Choice([*GROUPS, *FIGURES, *SCRIPTS]))
@click.option("--model-path", type=click.Path(path_type=Path), default=Path("../shared/models"))
@click.option("--reid", type=click.Path(path_type=Path), default=Path("../shared/reid"))
@click.option("--work", type=click.Path(path_type=Path), default=default_work())
@click.option("--write", is_flag=True, help="Keep the figures, and make the pages from them.")
@click.option("--stale", "only_stale", is_flag=True, help="Say what has to be measured again.")
def main(
    only: tuple[str, ...], model_path: Path, reid: Path, work: Path, write: bool, only_stale: bool
) -> None:
    if only_stale:
        found = stale()
        click.echo("\n".join(found) or "every figure is as new as the code it speaks of")
        sys.exit(bool(found))
    click.echo(machine())
    met = True
    for name in chosen(only):
        if name in SCRIPTS:
            run_script(name, work, model_path, write=write)
        else:
            met &= run_figures(name, work, model_path, reid, write=write)
    if write:
        speed_pictures.draw()
        met &= results.main([]) == 0
    sys.exit(not met)


if __name__ == "__main__":
    main()
