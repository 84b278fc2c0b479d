"""`reidsearch models add` and `models remove`: models that are not in the catalogue."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reidsearch.cli.grouped import GENERAL, OUTPUT, argument, grouped_command, option
from reidsearch.cli.model_options import runtime_options, runtime_settings
from reidsearch.cli.options import format_option, text_value

if TYPE_CHECKING:
    from reidsearch.base.address import Address

INPUT = "What it takes"
WAYS = ("bgr-255", "rgb-255", "rgb-unit", "rgb-half", "rgb-imagenet")


@grouped_command("add")
@argument("file", metavar="FILE", type=click.Path(path_type=Path))
@option(
    "--manifest",
    group=INPUT,
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="TOML",
    help="Its manifest; default: FILE's name in .toml.",
)
@option(
    "--input",
    "way",
    group=INPUT,
    type=click.Choice(WAYS),
    metavar="WAY",
    help=f"Instead of a manifest: {', '.join(WAYS)}.",
)
@option("--licence", group=INPUT, callback=text_value, help="With --input: its licence.")
@option("--source", group=INPUT, callback=text_value, help="With --input: where it is from.")
@option("--name", group=OUTPUT, metavar="NAME", help="Its name; default: FILE's.")
@format_option()
@option(
    "-a",
    "--archive",
    "archive",
    group=GENERAL,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Try it on the people of this archive too.",
)
@runtime_options
def add(
    file: Path,
    manifest: Path | None,
    way: str | None,
    licence: str | None,
    source: str | None,
    name: str | None,
    archive: Address | None,
    device: str | None,
    form: str,
) -> None:
    """Add a custom model: check it, run it, copy it into the cache.

    FILE is an .xml with its .bin beside it, or an .onnx: a re-identification model, a person
    detector or an attribute model. A manifest, FILE's name in .toml, says what it takes and
    answers (docs/reference/model-manifests.md). With --input the usual ways need none: the order
    of colours, and numbers from 0 to 255, from 0 to 1 (unit), from -1 to 1 (half), or by ImageNet's
    mean and deviation; pictures are stretched to the model's size.

    The model is run on synthetic people, and refused if its embeddings say nothing of them. With
    -a it is tried on an archive's own people as well: two seen at once are two people. It is then
    called NAME/PRECISION-custom, for --model and --detector; `doctor` compares it with what it
    answered here.
    """
    from contextlib import ExitStack

    from reidsearch.output.custom_models import custom_model_json, custom_model_text
    from reidsearch.output.emit import emit
    from reidsearch.services.adding import add_model
    from reidsearch.store.crops.store import Store

    with ExitStack() as stack:
        store = None if archive is None else stack.enter_context(Store(archive))
        added = add_model(
            file,
            manifest=manifest,
            way=way,
            name=name,
            licence=licence or "",
            source=source or "",
            store=store,
            runtime=runtime_settings(device),
        )
    told = added.model, added.manifest.document(), added.separation, added.doubts
    emit(form, custom_model_json(*told), custom_model_text(*told))


@grouped_command("remove")
@argument("name", metavar="NAME/PRECISION")
@format_option()
def remove(name: str, form: str) -> None:
    """Remove a custom model from the cache.

    Archives that hold its embeddings can still be searched with their crops; for pictures the model
    has to be added again.
    """
    from reidsearch.output.emit import emit
    from reidsearch.vision.models.custom import remove_custom

    folder = str(remove_custom(name))
    document = {"schema": "reidsearch/model-removed/1", "key": name, "folder": folder}
    emit(form, document, f"removed  {name}  {folder}")
