"""`reidsearch models`: the catalogue, and which models are installed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reidsearch.cli.added_models import add, remove
from reidsearch.cli.grouped import CommandGroup, argument, option
from reidsearch.cli.options import format_option
from reidsearch.cli.quantize import command as quantize
from reidsearch.output.terminal import say

if TYPE_CHECKING:
    from reidsearch.vision.models.catalogue import ModelEntry
    from reidsearch.vision.models.locate import Installed


@click.group("models", cls=CommandGroup)
def command() -> None:
    """List, show, install, import, add, remove, verify and quantize models.

    Models are searched in --model-path, in the folders of REIDSEARCH_MODELS, in the user's cache
    (REIDSEARCH_CACHE moves it), then downloaded from their maker.
    """


@command.command("list")
@format_option()
def list_(form: str) -> None:
    """List the models known by name, and where they are."""
    from rich.console import Group
    from rich.text import Text

    from reidsearch.output.columns import Column, FittedTable
    from reidsearch.output.emit import emit
    from reidsearch.vision.models.catalogue import catalogue
    from reidsearch.vision.models.custom import custom_models
    from reidsearch.vision.models.locate import installed, role_of
    from reidsearch.vision.models.store import models_folder

    there = {found.entry.key: found for found in reversed(installed())}
    rows = [_facts(entry, there.get(entry.key)) for entry in catalogue()]
    custom = [
        {"key": key, "role": role_of(key, models_folder()), "folder": str(models_folder() / key)}
        for key in custom_models(models_folder())
    ]
    document = {"schema": "reidsearch/models/1", "models": rows, "custom": custom}
    lines = [
        ("* " if entry.default else "  ", entry.key, entry.role, _state(there.get(entry.key)))
        for entry in catalogue()
    ]
    lines += [("  ", one["key"], one["role"], f"{one['folder']} (custom)") for one in custom]
    view = FittedTable(
        [
            Column("  model", [f"{mark}{key}" for mark, key, _, _ in lines], 0),
            Column("role", [role for _, _, role, _ in lines], 2),
            Column("installed", [state for *_, state in lines], 1, wrapped=True),
        ]
    )
    told = "* the default; `builtin` needs no file; details: reidsearch models show NAME"
    emit(form, document, Group(view, Text(), Text(told)), "models")


@command.command()
@argument("name")
@format_option()
def show(name: str, form: str) -> None:
    """Show all that is known of the model NAME or NAME/PRECISION."""
    from reidsearch.output.custom_models import custom_model_json, custom_model_text
    from reidsearch.output.emit import emit
    from reidsearch.vision.models.catalogue import find
    from reidsearch.vision.models.custom import find_custom, is_custom
    from reidsearch.vision.models.locate import installed, manifest_beside
    from reidsearch.vision.models.store import models_folder

    if is_custom(name) and (own := find_custom(name, models_folder())):
        beside = manifest_beside(own)
        told = own, beside.document() if beside else None
        emit(form, custom_model_json(*told), custom_model_text(*told))
        return
    entry = find(name)
    found = next((each for each in installed() if each.entry == entry), None)
    document = {"schema": "reidsearch/model/1", **_facts(entry, found)}
    emit(form, document, _described(entry, found))


@command.command()
@argument("names", nargs=-1, metavar="NAME...")
@option("--all", "everything", is_flag=True, help="Install every model of the catalogue.")
@format_option()
def install(names: tuple[str, ...], everything: bool, form: str) -> None:
    """Fetch models into the cache, over HTTPS, verified."""
    from reidsearch.base.errors import UsageError
    from reidsearch.output.emit import emit
    from reidsearch.output.progress import progress_for
    from reidsearch.vision.models.catalogue import catalogue, find
    from reidsearch.vision.models.download import install as fetch

    if bool(names) == everything:
        raise UsageError("name the models to install, or give --all", "reidsearch models list")
    entries = catalogue() if everything else tuple(find(name) for name in names)
    rows = []
    for entry in entries:
        with progress_for(json_lines=form in {"json", "jsonl"}) as progress:
            xml = fetch(entry, progress)
        rows.append({"key": entry.key, "folder": str(xml.parent)})
        if form == "table":
            say(f"{entry.key}  {xml.parent}")
    emit(form, {"schema": "reidsearch/models-installed/1", "models": rows}, None, "models")


@command.command("import")
@argument("folder", metavar="FOLDER", type=click.Path(path_type=Path))
@format_option()
def import_(folder: Path, form: str) -> None:
    """Copy the known models below FOLDER into the cache, verified."""
    from reidsearch.base.errors import ModelError, SomeFailed
    from reidsearch.output.emit import emit
    from reidsearch.output.progress import progress_for
    from reidsearch.vision.models.importing import import_folder

    with progress_for(quiet=form != "table") as progress:
        report = import_folder(folder, progress)
    missing = {entry.key: list(files) for entry, files in report.incomplete}
    document = {
        "schema": "reidsearch/models-imported/1",
        "imported": [entry.key for entry in report.imported],
        "incomplete": [{"key": key, "missing": files} for key, files in missing.items()],
        "unrecognised": [str(path) for path in report.unrecognised],
        "differing": list(report.differing),
    }
    lines = [
        *(f"imported      {entry.key}" for entry in report.imported),
        *(f"incomplete    {key}: {', '.join(files)} not found" for key, files in missing.items()),
        *(f"unrecognised  {path}" for path in report.unrecognised),
        *(f"differs       {text}" for text in report.differing),
    ]
    emit(form, document, "\n".join(lines) if lines else None)
    if report.differing or report.incomplete:
        raise SomeFailed(
            f"{len(report.differing)} files differ and {len(report.incomplete)} models are "
            "incomplete; they were not imported",
            "fetch them again from their maker; `reidsearch models show NAME` gives the addresses",
        )
    if not report.imported:
        raise ModelError(
            f"no known model below {folder}",
            "`reidsearch models list` names them; other models: reidsearch models add FILE",
        )


@command.command()
@format_option()
def verify(form: str) -> None:
    """Verify the checksums of all installed models."""
    from reidsearch.base.errors import ModelError, SomeFailed
    from reidsearch.output.emit import emit
    from reidsearch.vision.models.custom import custom_models, find_custom
    from reidsearch.vision.models.locate import installed
    from reidsearch.vision.models.store import models_folder

    rows = [
        {
            "key": found.entry.key,
            "folder": str(found.folder),
            "origin": found.origin,
            "problem": found.problem,
        }
        for found in installed()
    ]
    for key in custom_models(models_folder()):
        problem = ""
        try:
            find_custom(key, models_folder())
        except ModelError as error:
            problem = error.message
        folder = str(models_folder() / key)
        rows.append({"key": key, "folder": folder, "origin": "custom", "problem": problem})
    damaged = sum(bool(row["problem"]) for row in rows)
    lines = [
        f"{row['key']}  {row['folder']} ({row['origin']})"
        + (f": {row['problem']}" if row["problem"] else "")
        for row in rows
    ]
    if not damaged:
        lines.append(f"{len(rows)} installed, all verified")
    emit(
        form, {"schema": "reidsearch/models-verified/1", "models": rows}, "\n".join(lines), "models"
    )
    if damaged:
        raise SomeFailed(
            f"{damaged} of {len(rows)} installed models are damaged",
            "`reidsearch models install NAME` fetches one again into the cache",
        )


command.add_command(add)
command.add_command(remove)
command.add_command(quantize)


def _described(entry: ModelEntry, found: Installed | None) -> str:
    """Return all that is known of a model, in lines."""
    taken = entry.input
    lines = [entry.key]
    for label, value in (
        ("role", entry.role + (" (default)" if entry.default else "")),
        ("installed", _state(found)),
        ("input", f"{taken.layout}, {taken.width_px} x {taken.height_px} px, {taken.colour}"),
        ("embedding", f"{entry.dimension} floats" if entry.dimension else "none"),
        ("licence", entry.licence),
        ("digest", entry.digest),
        ("card", entry.card),
    ):
        lines.append(f"  {label:<10} {value}")
    lines.append("  published by its makers (model card)")
    lines += [f"    {label}: {value}" for label, value in entry.published.items()]
    lines.append("  files")
    for file in entry.files:
        lines.append(f"    {file.name}: {file.size_bytes} bytes\n      {file.url}")
        lines.append(f"      SHA-384 {file.sha384}")
    return "\n".join(lines)


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
