"""Files that a command writes: `-o FILE`, `--force`, and what an ending stands for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reidsearch.cli.grouped import OUTPUT, option

if TYPE_CHECKING:
    from PIL.Image import Image

PICTURES = (".png", ".jpg", ".jpeg", ".pdf")
"""Endings that every drawn picture can be written with."""
_FORCE = "reidsearch.force"

F = TypeVar("F", bound=Callable[..., Any])


class OutputFile(click.ParamType[Path]):
    """A file to write: its ending decides the format, and an existing one is left alone.

    Args:
        endings: the endings that can be written; none: any.
        allow_dash: `-` stands for standard output.
    """

    name = "file"

    def __init__(self, endings: tuple[str, ...] = (), *, allow_dash: bool = False) -> None:
        self.endings = endings
        self.allow_dash = allow_dash

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Refuse a folder, an ending that cannot be written, and a file that exists."""
        path = Path(value)
        if self.allow_dash and str(path) == "-":
            return path
        if self.endings and path.suffix.lower() not in self.endings:
            endings = ", ".join(self.endings)
            self.fail(f"'{path}' does not end in one of these: {endings}", param, ctx)
        if path.is_dir():
            self.fail(f"'{path}' is a folder", param, ctx)
        if path.exists() and not _forced(ctx):
            self.fail(f"'{path}' exists; --force overwrites it", param, ctx)
        return path


def output_option(
    help_: str,
    endings: tuple[str, ...] = PICTURES,
    *,
    required: bool = False,
    allow_dash: bool = False,
) -> Callable[[F], F]:
    """Declare `-o/--output FILE`, passed as `output`, and `--force`."""

    def declare(function: F) -> F:
        return file_option(
            "-o",
            "--output",
            help_=help_,
            endings=endings,
            required=required,
            allow_dash=allow_dash,
        )(force_option(function))

    return declare


def file_option(
    *names: str,
    help_: str,
    endings: tuple[str, ...] = PICTURES,
    required: bool = False,
    allow_dash: bool = False,
) -> Callable[[F], F]:
    """Declare an option for a file to write, such as `--timeline FILE`."""
    told = f" ({' '.join(endings)})" if endings else ""
    return option(
        *names,
        group=OUTPUT,
        type=OutputFile(endings, allow_dash=allow_dash),
        metavar="FILE",
        required=required,
        help=f"{help_}{told}",
    )


def force_option(function: F) -> F:
    """Declare `--force`, which lets the files of this command overwrite others."""
    return option(
        "--force",
        group=OUTPUT,
        is_flag=True,
        is_eager=True,  # read before the files are
        expose_value=False,
        callback=_remember,
        help="Overwrite files that exist.",
    )(function)


def verify_option(function: F) -> F:
    """Declare `--verify`, passed as `verify`."""
    return option(
        "--verify",
        is_flag=True,
        help="Hash the footage again, even if it was hashed before and looks unchanged.",
    )(function)


def write_file(path: Path, data: bytes) -> None:
    """Write a file that a user asked for; an existing one only with `--force`.

    Raises:
        UsageError: it exists.
        StorageError: it cannot be written.
    """
    from reidsearch.base.errors import StorageError, UsageError

    try:
        with path.open("wb" if _forced(click.get_current_context(silent=True)) else "xb") as file:
            file.write(data)
    except FileExistsError as error:
        raise UsageError(f"{path} exists", "--force overwrites it") from error
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}") from error


def write_picture(path: Path, picture: Image) -> None:
    """Write a drawn picture in the format of the file's ending, as `write_file` does.

    Raises:
        UsageError, StorageError: as `write_file`.
    """
    from reidsearch.output.picture_file import encode

    write_file(path, encode(picture, path.suffix))


def _remember(ctx: click.Context, _option: click.Parameter, value: bool) -> None:
    ctx.meta[_FORCE] = value


def _forced(ctx: click.Context | None) -> bool:
    return bool(ctx and ctx.meta.get(_FORCE))
