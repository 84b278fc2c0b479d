"""Options of models and of the devices that run them or decode video."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reidsearch.cli.grouped import HARDWARE, option

if TYPE_CHECKING:
    from reidsearch.base.address import Address
    from reidsearch.base.settings import RuntimeSettings

F = TypeVar("F", bound=Callable[..., Any])


def model_options(function: F) -> F:
    """`--model`, `--model-path`, `--offline`: passed as `model`, `model_path`, `offline`."""
    return _model_option(model_path_options(function))


def which_model_options(function: F) -> F:
    """`--model`, `--model-path`: passed as `model`, `model_path`."""
    return _model_option(_model_path_option(function))


def model_path_options(function: F) -> F:
    """`--model-path`, `--offline`: passed as `model_path`, `offline`."""
    offline = option(
        "--offline",
        group=HARDWARE,
        is_flag=True,
        envvar="REIDSEARCH_OFFLINE",
        help="Never download a model.",
    )
    return _model_path_option(offline(function))


def _model_path_option(function: F) -> F:
    return option(
        "--model-path",
        group=HARDWARE,
        multiple=True,
        type=click.Path(path_type=Path, file_okay=False, exists=True),
        metavar="DIR",
        help="Folder of models beside REIDSEARCH_MODELS; repeatable.",
    )(function)


def _model_option(function: F) -> F:
    return option(
        "--model",
        group=HARDWARE,
        metavar="NAME|FILE",
        help="`models list` name, .xml, .onnx; default: archive's.",
    )(function)


def flip_option(function: F) -> F:
    """`--flip/--no-flip`, passed as `flip`; None when neither is given."""
    return option(
        "--flip/--no-flip",
        "flip",
        group=HARDWARE,
        default=None,
        help="Embed with the mirror image too; default: as stored.",
    )(function)


def runtime_options(function: F) -> F:
    """`--device`, passed as `device`; None when it is not given."""
    return option(
        "--device",
        group=HARDWARE,
        metavar="NAME",
        envvar="REIDSEARCH_DEVICE",
        help="CPU (default), GPU, NPU or AUTO.",
    )(function)


def decode_option(function: F) -> F:
    """`--decode-device`, passed as `decode_device`; None when it is not given."""
    return option(
        "--decode-device",
        group=HARDWARE,
        metavar="KIND",
        envvar="REIDSEARCH_DECODE_DEVICE",
        help="Decode by cuda, vaapi, qsv ...; default: software.",
    )(function)


def runtime_settings(
    device: str | None, archive: Address | None = None, decode_device: str | None = None
) -> RuntimeSettings:
    """Return the runtime settings that hold for an archive, with the devices of the options."""
    from dataclasses import replace

    from reidsearch.base.settings_file import read_settings

    runtime = read_settings(archive).runtime
    runtime = replace(runtime, device=device) if device else runtime
    return replace(runtime, decode_device=decode_device) if decode_device else runtime
