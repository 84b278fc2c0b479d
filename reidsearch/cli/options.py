"""Options that several commands share, so that they read the same everywhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def archive_option(function: F) -> F:
    """`-a/--archive DIR`, passed as `archive: Path`."""
    return click.option(
        "-a",
        "--archive",
        "archive",
        type=click.Path(path_type=Path, file_okay=True),
        default=Path("archive"),
        envvar="REIDSEARCH_ARCHIVE",
        show_default="./archive",
        show_envvar=True,
        help="The archive's folder.",
    )(function)


def model_options(function: F) -> F:
    """`--model`, `--model-path`, `--offline`: passed as `model`, `model_path`, `offline`."""
    for option in (
        click.option(
            "--offline", is_flag=True, envvar="REIDSEARCH_OFFLINE", help="Never download a model."
        ),
        click.option(
            "--model-path",
            multiple=True,
            type=click.Path(path_type=Path, file_okay=False, exists=True),
            help="Folder of models in Open Model Zoo layout; may be repeated. "
            "REIDSEARCH_MODELS holds more, separated as in PATH.",
        ),
        click.option(
            "--model",
            metavar="NAME|FILE",
            help="Catalogue name, name/precision, `builtin`, or an .xml/.onnx file. "
            "Default: the archive's model, else the catalogue's default.",
        ),
    ):
        function = option(function)
    return function


def runtime_options(function: F) -> F:
    """`--device`, `--streams`, `--threads`: passed under these names."""
    for option in (
        click.option(
            "--threads", type=click.IntRange(0), default=0, help="Inference threads; 0: automatic."
        ),
        click.option(
            "--streams", type=click.IntRange(0), default=0, help="Inference streams; 0: automatic."
        ),
        click.option(
            "--device",
            default="CPU",
            show_default=True,
            envvar="REIDSEARCH_DEVICE",
            help="OpenVINO device: CPU, GPU, NPU, AUTO.",
        ),
    ):
        function = option(function)
    return function
