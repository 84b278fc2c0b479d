"""`reidsearch demo`: the whole job on people that it draws itself."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reidsearch.cli.options import model_options

if TYPE_CHECKING:
    from reidsearch.library import Archive
    from reidsearch.progress import Progress
    from reidsearch.records import Answer

# The gallery's cameras; the queries come from one more, which the gallery has never seen.
CAMERAS, VIEWS = 4, 2
MARKER = ".reidsearch-demo"
MADE = ("crops", "queries", "archive", "answer.png", "crops.csv")


@dataclass(frozen=True)
class Found:
    """How one person was found: ranks of their crops among all, from 1, increasing."""

    ranks: tuple[int, ...]

    @property
    def average_precision(self) -> float:
        """Mean, over the person's crops, of the share of right ones down to each (`step`)."""
        shares = [number / rank for number, rank in enumerate(self.ranks, start=1)]
        return sum(shares) / len(shares)


@click.command("demo")
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("demo"),
    show_default="./demo",
    help="Where everything is written; an earlier demo in it is replaced.",
)
@click.option(
    "--people", type=click.IntRange(2, 1000), default=40, show_default=True, help="How many."
)
@model_options
def command(
    folder: Path, people: int, model: str | None, model_path: tuple[Path, ...], offline: bool
) -> None:
    """Draw people, index them, find them again, and count what was found.

    Each person is drawn by four cameras for the archive, and by a fifth for the query. When no
    trained model can be had, the built-in baseline stands in, and the first line says so.
    """
    from reidsearch.footage.pictures import decode, read_picture
    from reidsearch.present import text
    from reidsearch.present.progress import progress_for
    from reidsearch.present.sheet import contact_sheet
    from reidsearch.settings import PictureLimits

    _make_room(folder)
    with (
        progress_for() as progress,
        _archive(folder / "archive", model, model_path, offline, progress) as archive,
    ):
        _draw(folder, people, progress)
        report = archive.index([folder / "crops.csv"], progress=progress)
        queries = sorted((folder / "queries").iterdir())
        crops = len(archive)
        progress.begin("searching", people, "queries")
        found = [_find(archive, query, crops, progress) for query in queries]
        progress.end()

        answer = archive.search(queries[0], k=10)
        limits = PictureLimits()
        sheet = contact_sheet(
            answer,
            [read_picture(queries[0], limits)],
            lambda crop_id: decode(archive.picture(crop_id), limits),
            truth=lambda match: match.crop.facts.person == queries[0].stem,
        )
        (folder / "answer.png").write_bytes(sheet)
    click.echo(
        f"Drew {people} people at {CAMERAS} cameras, {VIEWS} crops at each, in {folder / 'crops'}; "
        f"a query for each, from one more camera, in {folder / 'queries'}."
    )
    text.show(text.report_view(report))
    click.echo(f"\n{_program()} query {queries[0]} -a {folder / 'archive'}\n")
    text.show(text.answer_view(answer))
    _tell(folder, found, answer, queries, model_path)


@contextmanager
def _archive(
    folder: Path,
    model: str | None,
    model_path: tuple[Path, ...],
    offline: bool,
    progress: Progress,
) -> Iterator[Archive]:
    """A new archive whose model is ready; the baseline's where no trained one can be had."""
    from reidsearch.library import Archive
    from reidsearch.models.locate import ModelUnavailable

    def opened(name: str | None) -> Archive:
        return Archive.open(
            folder,
            create=True,
            model=name,
            model_path=model_path,
            offline=offline,
            progress=progress,
        )

    archive = opened(model)
    try:
        archive.embed([])  # loads the model
    except ModelUnavailable as error:
        archive.close()
        if model is not None:
            raise
        click.echo(
            "No trained model can be had, so the built-in baseline stands in, which finds far "
            f"fewer people: {error.message}"
        )
        archive = opened("builtin")
    with archive:
        yield archive


def _make_room(folder: Path) -> None:
    """Take an earlier demo away, and nothing else."""
    from reidsearch.errors import UsageError

    if folder.exists() and any(folder.iterdir()) and not (folder / MARKER).exists():
        raise UsageError(
            f"{folder} holds something that is no demo; nothing was touched",
            "give another folder: reidsearch demo --dir DIR",
        )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARKER).touch()
    for name in MADE:
        made = folder / name
        if made.is_dir():
            shutil.rmtree(made)
        else:
            made.unlink(missing_ok=True)


def _draw(folder: Path, people: int, progress: Progress) -> None:
    """Write the gallery with its manifest, and one query a person."""
    import csv

    import cv2

    from reidsearch.evaluation.drawn import PLACES, drawn_people
    from reidsearch.timecode import iso

    asked = PLACES[CAMERAS]
    (folder / "queries").mkdir()
    for camera in PLACES[:CAMERAS]:
        (folder / "crops" / camera).mkdir(parents=True)
    progress.begin("drawing", people * (CAMERAS + 1) * VIEWS, "crops")
    with (folder / "crops.csv").open("w", encoding="utf-8", newline="") as file:
        manifest = csv.writer(file)
        manifest.writerow(("path", "camera", "time", "person"))
        for drawn in drawn_people(people, CAMERAS + 1, VIEWS):
            progress.advance()
            _, jpeg = cv2.imencode(".jpg", drawn.pixels, [cv2.IMWRITE_JPEG_QUALITY, 95])
            if drawn.camera == asked:
                path = folder / "queries" / f"{drawn.person}.jpg"
                if not path.exists():
                    path.write_bytes(jpeg.tobytes())
                continue
            name = f"crops/{drawn.camera}/{drawn.time:%H%M%S}-{drawn.person}.jpg"
            (folder / name).write_bytes(jpeg.tobytes())
            manifest.writerow((name, drawn.camera, iso(drawn.time), drawn.person))
    progress.end()


def _find(archive: Archive, query: Path, crops: int, progress: Progress) -> Found:
    answer = archive.search(query, k=crops)
    progress.advance()
    return Found(
        tuple(match.rank for match in answer.matches if match.crop.facts.person == query.stem)
    )


def _tell(
    folder: Path,
    found: Sequence[Found],
    answer: Answer,
    queries: Sequence[Path],
    model_path: Sequence[Path],
) -> None:
    """How many truths were found, and what to try next."""
    first = sum(one.ranks[0] == 1 for one in found)
    tenth = sum(one.ranks[0] <= 10 for one in found)
    precision = sum(one.average_precision for one in found) / len(found)
    click.echo(
        f"\nOf {len(found)} people {first} were found at rank 1 and {tenth} among the first ten; "
        f"mean average precision {precision:.1%}\n({CAMERAS * VIEWS} of the "
        f"{answer.statement.crops_held:,} crops show the right person). The people are drawn: "
        "this says nothing about real footage.\n"
        f"\nContact sheet: {folder / 'answer.png'}\n\nTry next:"
    )
    models = "".join(f" --model-path {shlex.quote(str(path))}" for path in model_path)
    archive = f"-a {shlex.quote(str(folder / 'archive'))}"
    other = shlex.quote(str(queries[1]))
    for line in (
        f"query {other} {archive}{models} --sheet sheet.png",
        f"query {other} {archive}{models} --camera hall -k 3 --format json",
        f"show {archive}",
        f"index YOUR/CROPS -a my-archive{models}",
    ):
        click.echo(f"  {_program()} {line}")


def _program() -> str:
    """How this program is called here: by its path when its environment is not active."""
    called = Path(sys.argv[0])
    if called.stem != "reidsearch" or shutil.which("reidsearch"):
        return "reidsearch"
    return shlex.quote(sys.argv[0])
