"""`reidsearch models`: the catalogue, and what of it is on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reidsearch.cli.grouped import CommandGroup, option
from reidsearch.cli.quantize import command as quantize

if TYPE_CHECKING:
    from reidsearch.vision.models.catalogue import ModelEntry
    from reidsearch.vision.models.locate import Installed


@click.group("models", cls=CommandGroup)
def command() -> None:
    """List, show, install, import, verify and quantize models.

    Models are looked for in --model-path, in the folders of REIDSEARCH_MODELS, in the user's
    cache (REIDSEARCH_CACHE moves it), then at their maker's.
    """


@command.command("list")
@option("--json", "as_json", is_flag=True, help="JSON: a list of models.")
def list_(as_json: bool) -> None:
    """List the models known by name, and where they lie."""
    from reidsearch.vision.models.catalogue import catalogue
    from reidsearch.vision.models.custom import own_models
    from reidsearch.vision.models.locate import installed
    from reidsearch.vision.models.store import models_folder

    there = {found.entry.key: found for found in reversed(installed())}
    if as_json:
        import json

        rows = [_facts(entry, there.get(entry.key)) for entry in catalogue()]
        click.echo(json.dumps(rows, indent=2))
        return
    width = max(len(entry.key) for entry in catalogue())
    for entry in catalogue():
        star = "*" if entry.default else " "
        state = _state(there.get(entry.key))
        click.echo(f"{star} {entry.key:<{width}}  {entry.role:<10}  {state}")
    for key in own_models(models_folder()):
        click.echo(f"  {key:<{width}}  {'re-id':<10}  {models_folder() / key} (made here)")
    click.echo("\n* the default; `builtin` needs no file; `reidsearch models show NAME` tells more")


@command.command()
@click.argument("name")
@option("--json", "as_json", is_flag=True, help="JSON: one model.")
def show(name: str, as_json: bool) -> None:
    """Show all that is known of the model NAME or NAME/PRECISION."""
    from reidsearch.vision.models.catalogue import find
    from reidsearch.vision.models.locate import installed

    entry = find(name)
    found = next((each for each in installed() if each.entry == entry), None)
    if as_json:
        import json

        click.echo(json.dumps(_facts(entry, found), indent=2))
        return
    taken = entry.input
    click.echo(entry.key)
    for label, value in (
        ("role", entry.role + (" (default)" if entry.default else "")),
        ("installed", _state(found)),
        ("input", f"{taken.layout}, {taken.width_px} x {taken.height_px} px, {taken.colour}"),
        ("embedding", f"{entry.dimension} floats" if entry.dimension else "none"),
        ("licence", entry.licence),
        ("digest", entry.digest),
        ("card", entry.card),
    ):
        click.echo(f"  {label:<10} {value}")
    click.echo("  published by its makers (model card)")
    for label, value in entry.published.items():
        click.echo(f"    {label}: {value}")
    click.echo("  files")
    for file in entry.files:
        click.echo(f"    {file.name}: {file.size_bytes} bytes\n      {file.url}")
        click.echo(f"      SHA-384 {file.sha384}")


@command.command()
@click.argument("names", nargs=-1, metavar="NAME...")
@option("--all", "everything", is_flag=True, help="Install every model of the catalogue.")
@option("--json-progress", is_flag=True, help="Progress as JSON lines on standard error.")
def install(names: tuple[str, ...], everything: bool, json_progress: bool) -> None:
    """Fetch models into the cache, over HTTPS, verified."""
    from reidsearch.base.errors import UsageError
    from reidsearch.output.progress import progress_for
    from reidsearch.vision.models.catalogue import catalogue, find
    from reidsearch.vision.models.download import install as fetch

    if bool(names) == everything:
        raise UsageError("name the models to install, or give --all", "reidsearch models list")
    entries = catalogue() if everything else tuple(find(name) for name in names)
    for entry in entries:
        with progress_for(json_progress) as progress:
            xml = fetch(entry, progress)
        click.echo(f"{entry.key}  {xml.parent}")


@command.command("import")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
def import_(folder: Path) -> None:
    """Copy the known models below DIR into the cache, verified."""
    from reidsearch.base.errors import ModelError, SomeFailed
    from reidsearch.output.progress import progress_for
    from reidsearch.vision.models.importing import import_folder

    with progress_for() as progress:
        report = import_folder(folder, progress)
    for entry in report.imported:
        click.echo(f"imported      {entry.key}")
    for entry, missing in report.incomplete:
        click.echo(f"incomplete    {entry.key}: {', '.join(missing)} not found")
    for path in report.unrecognised:
        click.echo(f"unrecognised  {path}")
    for text in report.differing:
        click.echo(f"differs       {text}")
    if report.differing or report.incomplete:
        raise SomeFailed(
            f"{len(report.differing)} files differ and {len(report.incomplete)} models are "
            "incomplete; they were not imported",
            "fetch them again from their maker; `reidsearch models show NAME` gives the addresses",
        )
    if not report.imported:
        raise ModelError(
            f"no known model lies below {folder}",
            "`reidsearch models list` names them; other models are used by --model path/to.xml",
        )


@command.command()
def verify() -> None:
    """Read every model that is installed, and compare its checksums."""
    from reidsearch.base.errors import ModelError, SomeFailed
    from reidsearch.vision.models.custom import find_custom, own_models
    from reidsearch.vision.models.locate import installed
    from reidsearch.vision.models.store import models_folder

    everything = installed()
    for found in everything:
        click.echo(f"{found.entry.key}  {_state(found)}")
    own = own_models(models_folder())
    broken = 0
    for key in own:
        try:
            find_custom(key, models_folder())
            click.echo(f"{key}  {models_folder() / key} (made here)")
        except ModelError as error:
            broken += 1
            click.echo(f"{key}  {error.message}")
    damaged = sum(bool(found.problem) for found in everything) + broken
    if damaged:
        raise SomeFailed(
            f"{damaged} of {len(everything) + len(own)} installed models are not whole",
            "`reidsearch models install NAME` fetches one anew into the cache",
        )
    click.echo(f"{len(everything) + len(own)} installed, all verified")


command.add_command(quantize)


def _state(found: Installed | None) -> str:
    if found is None:
        return "not installed"
    where = f"{found.folder} ({found.origin})"
    return f"{where}: {found.problem}" if found.problem else where


def _facts(entry: ModelEntry, found: Installed | None) -> dict[str, object]:
    """One model as a JSON object; `installed` means whole and verified."""
    import dataclasses

    facts = {
        field.name: getattr(entry, field.name)
        for field in dataclasses.fields(entry)
        if field.name not in ("files", "input", "published")
    }
    return facts | {
        "digest": entry.digest,
        "size_bytes": entry.size_bytes,
        "input": dataclasses.asdict(entry.input),
        "published": dict(entry.published),
        "files": [dataclasses.asdict(file) for file in entry.files],
        "installed": found is not None and not found.problem,
        "folder": str(found.folder) if found else None,
        "origin": found.origin if found else None,
        "problem": found.problem if found else "",
    }
