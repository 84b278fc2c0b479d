"""Files that a command writes: `-o`, `--force`, pipes."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import numpy as np
import pytest
from PIL import Image

from reidsearch.base.errors import StorageError, UsageError
from reidsearch.cli.commands import COMMANDS, LazyGroup
from reidsearch.cli.export_evidence import BundleTarget
from reidsearch.cli.export_page import PageTarget
from reidsearch.cli.files import OutputFile, force_option, write_file
from reidsearch.cli.grouped import grouped_command


@pytest.mark.full
def test_crop_writes_the_picture(held, tmp_path):
    assert held("crop", 1, "-o", tmp_path / "one.jpg").code == 0
    with Image.open(tmp_path / "one.jpg") as image:
        assert (image.format, image.size) == ("JPEG", (16, 32))


def test_a_crop_is_drawn_with_a_caption_when_asked(held, tmp_path):
    assert held("crop", 1, "-o", tmp_path / "one.png", "--caption").code == 0
    assert held("crop", 1, "-o", tmp_path / "one.jpg").code == 0
    with Image.open(tmp_path / "one.png") as drawn, Image.open(tmp_path / "one.jpg") as stored:
        whole, crop = np.asarray(drawn), np.asarray(stored)
        assert drawn.text["Title"] == "Crop 1"
    assert np.array_equal(whole[: crop.shape[0], : crop.shape[1]], crop)
    assert whole.shape[0] > crop.shape[0]
    refused = held("crop", 1, "-o", tmp_path / "two.png")
    assert (refused.code, "add --caption" in refused.err) == (2, True)
    refused = held("crop", 1, "-o", "-", "--caption")
    assert (refused.code, "--caption needs a file" in refused.err) == (2, True)


@pytest.mark.full
def test_crop_writes_the_picture_to_a_pipe(held, tmp_path):
    assert held("crop", 1, "-o", tmp_path / "one.jpg").code == 0
    command = [sys.executable, "-m", "reidsearch", "crop", "1", "-o", "-", "-a", held.archive]
    for name in ("-", "/dev/stdout"):
        command[command.index("-o") + 1] = name
        piped = subprocess.run(command, capture_output=True, check=True)
        assert piped.stderr == b""
        assert piped.stdout == (tmp_path / "one.jpg").read_bytes()


@pytest.mark.full
def test_a_file_that_exists_is_only_overwritten_with_force(held, tmp_path):
    picture = tmp_path / "sheet.jpg"
    assert held("query", "--crop", 1, "-o", picture).code == 0
    first = picture.read_bytes()
    ran = held("query", "--crop", 1, "-o", picture)
    assert (ran.code, "--force overwrites it" in ran.err) == (2, True)
    assert picture.read_bytes() == first
    assert held("query", "--crop", 2, "-o", picture, "--force").code == 0
    assert picture.read_bytes() != first
    wrong = held("query", "--crop", 1, "-o", tmp_path / "sheet.bmp")
    assert (wrong.code, ".png, .jpg, .jpeg, .pdf, .html" in wrong.err) == (2, True)


def every_command() -> Iterator[tuple[str, click.Command]]:
    """All commands with the names by which they are called, those of groups among them."""

    def below(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
        if isinstance(command, click.Group):
            context = click.Context(command)
            for each in command.list_commands(context):
                found = command.get_command(context, each)
                assert found is not None
                yield from below(f"{name} {each}", found)
        else:
            yield name, command
            for further, one in getattr(command, "more", {}).items():
                yield f"{name} {further}", one

    for name in COMMANDS:
        found = LazyGroup().get_command(click.Context(LazyGroup()), name)
        assert found is not None
        yield from below(name, found)


WRITING = {
    f"{name} {param.opts[-1]}": (command, param)
    for name, command in every_command()
    for param in command.params
    if isinstance(param.type, OutputFile)
}
MANDATORY = {"match": "1", "crop_id": "1", "frame": "x.png", "identity": "anna", "output": "-"}


def test_every_option_for_a_file_to_write_is_one_of_these():
    """Guards the next tests: an option of another type would pass unseen."""
    for name, command in every_command():
        for param in command.params:
            if isinstance(param.type, click.Path) and not param.type.file_okay:
                continue  # a folder to write into
            drawn = str(getattr(param, "help", "")).startswith(("Draw the m", "Write "))
            if {"-o", "--output"} & set(param.opts) or (drawn and param.metavar == "FILE"):
                assert isinstance(param.type, OutputFile | BundleTarget), name
                assert any("--force" in each.opts for each in command.params), name
    assert len(WRITING) >= 11


@pytest.mark.parametrize("name", WRITING)
def test_what_cannot_be_written_is_told_before_any_work_everywhere(name, tmp_path):
    command, param = WRITING[name]
    good = tmp_path / f"out{param.type.endings[0]}"
    good.write_bytes(b"before")
    bad = {
        tmp_path / "out": "does not end in one of these",
        tmp_path / "out.gif": "does not end in one of these",
        tmp_path / "gone" / good.name: "there is no folder",
        tmp_path: "is a folder" if not param.type.endings else "",
        good: "--force overwrites it",
    }
    if isinstance(param.type, PageTarget):
        del bad[tmp_path / "out"]  # a name without an ending is a folder to be made
    for path, said in bad.items():
        with pytest.raises((click.UsageError, StorageError)) as refused:
            parse(command, param, path)
        assert said in refused.value.message
    assert good.read_bytes() == b"before"
    good.unlink()
    with pytest.raises(click.UsageError, match=r"no option is like this|No such option"):
        parse(command, param, good, "--no-option-is-like-this")  # the file itself is taken


def parse(command: click.Command, param: click.Parameter, path: Path, *more: str) -> None:
    """Parse a command line that names this file; nothing runs."""
    given = [
        MANDATORY.get(str(each.name), "1")
        for each in command.params
        if isinstance(each, click.Argument) and each.required
    ]
    command.make_context("reidsearch", [*given, param.opts[-1], str(path), *more])


def test_two_options_do_not_write_to_one_file(held, tmp_path):
    path = tmp_path / "a.png"
    for force in ([], ["--force"]):
        ran = held("query", "--crop", 1, "-o", path, "--timeline", f"{tmp_path}/./a.png", *force)
        assert (ran.code, "is to be written by" in ran.err) == (2, True)
        assert not path.exists()


def test_a_plan_draws_nothing_and_says_so(held, tmp_path):
    ran = held("query", "--explain-plan", "-o", tmp_path / "a.png")
    assert (ran.code, "a plan is printed" in ran.err) == (2, True)


@pytest.mark.full
def test_what_is_read_is_never_overwritten_not_even_with_force(held, tmp_path, crops):
    picture = tmp_path / "a.png"
    shutil.copy(crops / "unknown.png", picture)
    before = picture.read_bytes()
    link = tmp_path / "link.png"
    link.symlink_to(picture)
    for command in (
        ("query", picture, "-o", link),
        ("query", "--frame", picture, "--box", "0,0,16,32", "--timeline", picture),
        ("explain", picture, 1, "-o", picture),
    ):
        ran = held(*command, "--force")
        assert (ran.code, "is what is read here" in ran.err) == (2, True), command
        assert picture.read_bytes() == before
    own = tmp_path / "one.jpg"
    with Image.open(picture) as image:
        image.save(own)
    assert held("index", own).code == 0
    before = own.read_bytes()
    ran = held("crop", 10, "-o", own, "--force")
    assert (ran.code, "was indexed in" in ran.err) == (2, True)
    assert own.read_bytes() == before


@contextmanager
def files_of_at_most(size_bytes: int) -> Iterator[None]:
    """A disk that is full, as far as this process can tell."""
    kept = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, kept[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, kept)


def written(path: Path, data: bytes, *, force: bool) -> None:
    """`write_file` within a command that got `--force` or did not."""

    @grouped_command("command")
    @force_option
    def command() -> None:
        write_file(path, data)

    command.main(["--force"] if force else [], standalone_mode=False)


@pytest.mark.parametrize("force", [False, True])
def test_a_failed_write_leaves_no_part_of_a_file(tmp_path, force):
    path = tmp_path / "sheet.png"
    if force:
        path.write_bytes(b"before")
    with (
        files_of_at_most(1000),
        pytest.raises(StorageError, match=r"sheet\.png cannot be written: File too large"),
    ):
        written(path, bytes(5000), force=force)
    left = {each.name: each.read_bytes() for each in tmp_path.iterdir()}
    assert left == ({"sheet.png": b"before"} if force else {})


def test_a_file_that_appears_meanwhile_is_not_overwritten(tmp_path):
    path = tmp_path / "sheet.png"
    path.write_bytes(b"before")
    with pytest.raises(UsageError, match="exists"):
        written(path, b"after", force=False)
    assert [each.read_bytes() for each in tmp_path.iterdir()] == [b"before"]


def test_force_overwrites_what_a_link_points_to_and_keeps_its_permissions(tmp_path):
    path, link = tmp_path / "sheet.png", tmp_path / "link.png"
    path.write_bytes(b"before")
    path.chmod(0o640)
    link.symlink_to(path)
    written(link, b"after", force=True)
    assert link.is_symlink()
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"after", 0o640)


def test_a_pipe_is_written_to_without_force_and_stays_a_pipe(held, tmp_path):
    assert held("crop", 1, "-o", tmp_path / "one.jpg").code == 0
    pipe = tmp_path / "pipe.jpg"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()), daemon=True)
    reader.start()
    assert held("crop", 1, "-o", pipe).code == 0
    reader.join(60)
    assert read == [(tmp_path / "one.jpg").read_bytes()]
    assert pipe.is_fifo()
    refused = held("clip", 1, "-o", pipe.rename(tmp_path / "pipe.mp4"), "--force")
    assert (refused.code, "is no ordinary file" in refused.err) == (2, True)


@pytest.mark.full
def test_standard_output_by_its_name_goes_wherever_it_was_redirected(tmp_path):
    script = (
        "import os; from pathlib import Path; from reidsearch.cli.files import write_file; "
        "os.write(1, b'before '); write_file(Path('/dev/stdout'), b'after')"
    )
    with (tmp_path / "out").open("wb") as out:
        subprocess.run([sys.executable, "-c", script], stdout=out, check=True)
    assert (tmp_path / "out").read_bytes() == b"before after"
    piped = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert piped.stdout == b"before after"


def test_a_full_device_is_told(tmp_path):
    with pytest.raises(StorageError, match="/dev/full cannot be written: No space left on device"):
        write_file(Path("/dev/full"), b"data")
