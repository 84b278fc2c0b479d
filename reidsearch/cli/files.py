"""Files that a command writes: `-o FILE`, `--force`, and what an ending stands for."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reidsearch.cli.exports import log_when_written
from reidsearch.cli.grouped import OUTPUT, WrittenFile, option

if TYPE_CHECKING:
    from reidsearch.output.drawing import Drawing

PICTURES = (".png", ".jpg", ".jpeg", ".pdf")
"""Endings that every drawn picture can be written with."""
_FORCE = "reidsearch.force"
_WRITTEN = "reidsearch.written"

F = TypeVar("F", bound=Callable[..., Any])


class OutputFile(WrittenFile):
    """A file to write: its ending decides the format, and an existing one is left alone.

    Args:
        endings: the endings that can be written; none: any.
        allow_dash: `-` stands for standard output, and a stream needs no ending.
        streams: a pipe or a device such as /dev/stdout can be written to, as by `write_file`.
    """

    name = "file"

    def __init__(
        self, endings: tuple[str, ...] = (), *, allow_dash: bool = False, streams: bool = True
    ) -> None:
        self.endings = endings
        self.allow_dash = allow_dash
        self.streams = streams

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Refuse what could not be written in the end, before any work is done.

        That is a folder, an ending of no format, a folder that is not there, a file that exists,
        and the file of another option of the same command.
        """
        path = Path(value)
        if self.allow_dash and str(path) == "-":
            return path
        named = self.allow_dash and _is_stream(path)  # as `-`: only one format is written
        if self.endings and path.suffix.lower() not in self.endings and not named:
            endings = ", ".join(self.endings)
            self.fail(f"'{path}' does not end in one of these: {endings}", param, ctx)
        if path.is_dir():
            self.fail(f"'{path}' is a folder", param, ctx)
        if path.is_block_device() or (_is_stream(path) and not self.streams):
            self.fail(f"'{path}' is no ordinary file, which this needs", param, ctx)
        if path.exists() and not (_is_stream(path) or is_forced(ctx)):
            self.fail(f"'{path}' exists; --force overwrites it", param, ctx)
        if not _is_stream(path) and not path.parent.is_dir():
            from reidsearch.base.errors import StorageError

            raise StorageError(f"{path} cannot be written: there is no folder {path.parent}")
        if ctx is not None and not _is_stream(path):
            written = ctx.meta.setdefault(_WRITTEN, {})
            other = written.setdefault(path.resolve(), param)
            if other is not param:
                self.fail(f"'{path}' is to be written by {other.opts[-1]} already", param, ctx)
            log_when_written(ctx, path)
        return path

    def require_harmless(self, path: Path, ctx: click.Context) -> None:
        """Refuse what the command reads, and what an archive holds; see `protected`."""
        from reidsearch.cli.protected import require_harmless

        if not (self.allow_dash and str(path) == "-") and not _is_stream(path):
            require_harmless(path, ctx, _read_by(ctx))


def output_option(
    help_: str,
    endings: tuple[str, ...] = PICTURES,
    *,
    required: bool = False,
    allow_dash: bool = False,
    streams: bool = True,
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
            streams=streams,
        )(force_option(function))

    return declare


def file_option(
    *names: str,
    help_: str,
    endings: tuple[str, ...] = PICTURES,
    required: bool = False,
    allow_dash: bool = False,
    streams: bool = True,
) -> Callable[[F], F]:
    """Declare an option for a file to write, such as `--timeline FILE`."""
    told = f" ({' '.join(endings)})" if endings else ""
    return option(
        *names,
        group=OUTPUT,
        type=OutputFile(endings, allow_dash=allow_dash, streams=streams),
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
        help="Hash the footage again, even if it seems unchanged since it was hashed.",
    )(function)


def redact_option(function: F) -> F:
    """Declare `--redact`, passed as `redact`."""
    return option(
        "--redact",
        type=click.Choice(["others", "faces", "others-and-faces", "all"]),
        metavar="WHOM",
        help="Pixelate others, faces, others-and-faces or all, as far as stored.",
    )(function)


def write_file(path: Path, data: bytes) -> None:
    """Write a file that a user asked for, whole or not at all; an existing one with `--force`.

    What a link points to is overwritten, not the link, and keeps its permissions. A pipe or a
    device is written to as it is. What the command reads is never overwritten.

    Raises:
        UsageError: it exists, or is what the command was given to read.
        StorageError: it cannot be written.
    """
    from reidsearch.base import atomic
    from reidsearch.base.errors import StorageError, UsageError

    ctx = click.get_current_context(silent=True)
    forced = is_forced(ctx)
    if forced and ctx is not None:
        require_other_file(path, *_read_by(ctx))
    try:
        if _is_stream(path):
            # Appended, because /dev/stdout may be a file that something was printed to before.
            with path.open("ab") as stream:
                stream.write(data)
            return
        final = path.resolve() if forced else path
        with atomic.replacing(final) if forced else atomic.creating(final) as partial:
            partial.write_bytes(data)
            if forced and final.exists():
                shutil.copymode(final, partial)
    except FileExistsError as error:
        raise UsageError(f"{path} exists", "--force overwrites it") from error
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}") from error


def require_writable(*paths: Path) -> None:
    """Refuse files that could not be written, before what they are to tell of is done.

    Raises:
        StorageError: a folder takes no new file.
    """
    from reidsearch.base.errors import StorageError

    for path in paths:
        try:
            with tempfile.TemporaryFile(dir=path.resolve().parent):
                pass
        except OSError as error:
            raise StorageError(f"{path} cannot be written: {error.strerror}") from error


def require_other_file(path: Path, *read: str | Path) -> None:
    """Refuse to overwrite what was read to make the file: evidence is not to be lost.

    Raises:
        UsageError: the file is one of these.
    """
    from reidsearch.base.errors import UsageError

    for one in read:
        try:
            same = path.samefile(one)
        except (OSError, ValueError):  # one of them is not there: nothing is overwritten
            continue
        if same:
            raise UsageError(
                f"{path} is what is read here, and is not overwritten", "give another file"
            )


def write_picture(path: Path, drawing: Drawing) -> None:
    """Write a drawing in the format of the file's ending, as `write_file` does.

    Raises:
        UsageError, StorageError: as `write_file`.
    """
    from reidsearch.output.picture_file import encode

    write_file(path, encode(drawing, path.suffix))


def _read_by(ctx: click.Context) -> Iterator[str | Path]:
    """Yield the files that a command was given to read."""
    outputs = {param.name for param in ctx.command.params if isinstance(param.type, WrittenFile)}
    outputs.add("archive")
    for name, value in ctx.params.items():
        if name in outputs:
            continue
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, Path):
                yield one
            elif isinstance(one, str):  # VIDEO@TIME, or the name of a picture
                yield from filter(None, (one, one.rpartition("@")[0]))


def _remember(ctx: click.Context, _option: click.Parameter, value: bool) -> None:
    ctx.meta[_FORCE] = value


def is_forced(ctx: click.Context | None) -> bool:
    """Tell whether --force was given."""
    return bool(ctx and ctx.meta.get(_FORCE))


def _is_stream(path: Path) -> bool:
    """Tell what is not replaced but written to: a pipe, a device, one's own standard output.

    /dev/stdout counts whatever it was redirected to: whoever did that has opened the file.
    """
    descriptor = path.absolute().as_posix().startswith(("/dev/std", "/dev/fd/", "/proc/self/fd/"))
    return descriptor or path.is_fifo() or path.is_char_device()
