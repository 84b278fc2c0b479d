"""`reidsearch demo`: the whole job on synthetic footage."""

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

from reidsearch.cli.files import write_file, write_picture
from reidsearch.cli.grouped import grouped_command, option
from reidsearch.cli.imprint import imprint_of
from reidsearch.cli.model_options import model_options
from reidsearch.output.terminal import say

if TYPE_CHECKING:
    from reidsearch.archive import Archive
    from reidsearch.base.progress import Progress
    from reidsearch.datasets.synthetic.footage import DrawnVideo
    from reidsearch.domain.answers import Answer
    from reidsearch.services.index import FootageOptions

CAMERAS = 3
MARKER = ".reidsearch-demo"
MADE = ("footage", "archive", "answer.png", "timeline.png", "sources.csv")


@dataclass(frozen=True)
class Found:
    """What was found of the truth.

    Args:
        persons: tracklet id -> the person that it shows; those that show nobody are not in it.
        visits, tracklets: how many there are.
        ranks: of each query, the rank of the first tracklet of the same person at another camera.
    """

    persons: dict[int, str]
    visits: int
    tracklets: int
    ranks: tuple[int, ...]


@grouped_command("demo")
@option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("demo"),
    show_default="./demo",
    help="Where everything is written; an earlier demo in it is replaced.",
)
@option(
    "--people", type=click.IntRange(2, 40), default=6, show_default=True, help="Number of people."
)
@model_options
def command(
    folder: Path, people: int, model: str | None, model_path: tuple[Path, ...], offline: bool
) -> None:
    """Draw synthetic footage, index it, and find its people again.

    Every synthetic person walks past three cameras, some at the same time. Without a trained model
    the built-in baseline is used, without a detector the true boxes; the first lines say so.
    """
    from reidsearch.datasets.synthetic.footage import draw_footage
    from reidsearch.output import text
    from reidsearch.output.answer_text import answer_view
    from reidsearch.output.progress import progress_for

    _make_room(folder)
    with (
        progress_for() as progress,
        _archive(folder / "archive", model, model_path, offline, progress) as archive,
    ):
        (folder / "footage").mkdir()
        videos = draw_footage(folder / "footage", people=people, progress=progress)
        options = _options(archive, folder, videos)
        report = archive.index([folder / "footage"], footage=options, progress=progress)
        found = _compare(archive, videos, progress)
        query = min(found.persons, default=None)
        answer = None if query is None else _show(archive, folder, found, query)
        crop_id = answer[1] if answer else None
    say(
        f"Drew {people} synthetic people, each walking past {CAMERAS} cameras: "
        f"{folder / 'footage'}."
    )
    text.show(text.report_view(report))
    if answer:
        say(f"\n{_program()} query --crop {crop_id} -a {folder / 'archive'}\n")
        text.show(answer_view(answer[0]))
    _tell(folder, found, crop_id, model_path)


@contextmanager
def _archive(
    folder: Path,
    model: str | None,
    model_path: tuple[Path, ...],
    offline: bool,
    progress: Progress,
) -> Iterator[Archive]:
    """A new archive whose model is ready; the baseline's where no trained one can be had."""
    from reidsearch.archive import Archive
    from reidsearch.vision.models.locate import ModelUnavailable

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
        say(
            "No trained model is available; the built-in baseline is used, which finds far fewer "
            f"people: {error.message}"
        )
        archive = opened("builtin")
    with archive:
        yield archive


def _options(archive: Archive, folder: Path, videos: Sequence[DrawnVideo]) -> FootageOptions:
    """How the footage is analysed: by a detector, or, without one, by the truth that was drawn."""
    import datetime as dt

    from reidsearch.media.naming.source_facts import SourceNaming
    from reidsearch.media.naming.source_list import read_source_list
    from reidsearch.services.index import FootageOptions
    from reidsearch.vision.models.locate import ModelUnavailable

    listed = None
    try:
        archive.detector()
    except ModelUnavailable as error:
        say(f"No person detector is available; the true boxes are used instead: {error.message}")
        rows = [f"footage/{one.path.name},footage/{one.detections.name}" for one in videos]
        path = folder / "sources.csv"
        write_file(path, "\n".join(["path,detections", *rows, ""]).encode())
        listed = read_source_list(path)
    return FootageOptions(naming=SourceNaming(zone=dt.UTC, recorder="plain", listed=listed))


def _make_room(folder: Path) -> None:
    """Take an earlier demo away, and nothing else."""
    from reidsearch.base.errors import UsageError

    if folder.exists() and any(folder.iterdir()) and not (folder / MARKER).exists():
        raise UsageError(
            f"{folder} contains other files than a demo; nothing was changed",
            "give another folder: reidsearch demo --dir DIR",
        )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARKER).touch()
    for name in MADE:
        made = folder / name
        if made.is_dir() and not made.is_symlink():
            shutil.rmtree(made)
        else:
            made.unlink(missing_ok=True)


def _compare(archive: Archive, videos: Sequence[DrawnVideo], progress: Progress) -> Found:
    """Hold tracklets against the truth, then search with each for the same person elsewhere."""
    from reidsearch.datasets.synthetic.footage import FPS
    from reidsearch.datasets.synthetic.truth import match_visits

    persons: dict[int, str] = {}
    count = 0
    for video in videos:
        source = archive.footage.find(video.path.name)
        base = source.info.time_base
        traces = {}
        for one in archive.footage.tracklets(source.source_id):
            trace = archive.footage.trace(one.tracklet_id, source.source_id)
            frames = ((trace.pts - source.info.first_pts) * float(base) * FPS).round()
            traces[one.tracklet_id] = frames.astype("int64"), trace.xyxy
        count += len(traces)
        for tracklet_id, row in match_visits(video.visits, traces).items():
            persons[tracklet_id] = video.visits[row].person
    ranks = []
    progress.begin("searching", len(persons), "queries")
    for tracklet_id, person in persons.items():
        others = _ranking(archive, tracklet_id)
        right = [rank for rank, other in enumerate(others, 1) if persons.get(other) == person]
        if right:
            ranks.append(right[0])
        progress.advance()
    progress.end()
    visits = sum(len(video.visits) for video in videos)
    return Found(persons, visits, count, tuple(ranks))


def _ranking(archive: Archive, tracklet_id: int) -> list[int]:
    """The tracklets of other cameras, best first, for a tracklet's best view."""
    from reidsearch.domain.request import Filters

    one = archive.footage.tracklet(tracklet_id)
    filters = Filters(not_cameras=(one.camera,) if one.camera else ())
    answer = archive.search(one.crop_ids[0], k=1000, filters=filters)
    return [match.tracklet.tracklet_id for match in answer.matches if match.tracklet]


def _show(archive: Archive, folder: Path, found: Found, tracklet_id: int) -> tuple[Answer, int]:
    """One answer, its contact sheet and its timeline."""
    from reidsearch.base.settings import PictureLimits
    from reidsearch.media.pictures import decode
    from reidsearch.output.cards import picture_name
    from reidsearch.output.pages.answers import answer_shown
    from reidsearch.output.sheet import contact_sheets
    from reidsearch.output.shown import QueryShown
    from reidsearch.output.timeline import timeline

    crop_id = archive.footage.tracklet(tracklet_id).crop_ids[0]
    answer = archive.search(crop_id, k=10)
    person = found.persons[tracklet_id]
    limits = PictureLimits()
    imprint = imprint_of(archive, answer.statement.asked_at)
    name = picture_name(crop_id)
    shown = answer_shown(
        answer,
        [QueryShown(name, crop_id=crop_id)],
        names=[name],
        truth=lambda match: (
            match.tracklet is not None and found.persons.get(match.tracklet.tracklet_id) == person
        ),
    )
    (sheet,) = contact_sheets(shown, lambda one: decode(archive.picture(one), limits), imprint)
    write_picture(folder / "answer.png", sheet)
    write_picture(folder / "timeline.png", timeline(archive.footage.coverage(), imprint, answer))
    return answer, crop_id


def _tell(folder: Path, found: Found, crop_id: int | None, model_path: Sequence[Path]) -> None:
    """Print how much of the truth was found, and what to try next."""
    from reidsearch.output.visible import count

    extra = found.tracklets - len(found.persons)
    first = sum(rank == 1 for rank in found.ranks)
    say(
        f"\n{len(found.persons)} of {found.visits} visits were found as one tracklet each; "
        f"{count(extra, 'further tracklet')} {'shows' if extra == 1 else 'show'} no visit or part "
        f"of one.\nIn {first} of {count(len(found.ranks), 'search', 'searches')} from one camera, "
        "the same person at another camera came first.\nThe people are synthetic: this says "
        "nothing about real footage."
    )
    if crop_id is None:
        return
    say(
        f"\nContact sheet: {folder / 'answer.png'}, timeline: {folder / 'timeline.png'}\n"
        "\nTry next:"
    )
    models = "".join(f" --model-path {shlex.quote(str(path))}" for path in model_path)
    archive = f"-a {shlex.quote(str(folder / 'archive'))}"
    video = shlex.quote(str(sorted((folder / "footage").glob("*.mp4"))[0]))
    for line in (
        f"coverage {archive} -o coverage.png",
        f"clip {crop_id} {archive} --box -o clip.mp4",
        f"detect {video}@0:05{models} -o people.png",
        f"query --crop {crop_id} {archive}{models} --camera hall -k 3 --format json",
        f"index YOUR/FOOTAGE -a my-archive{models}",
    ):
        say(f"  {_program()} {line}")


def _program() -> str:
    """How this program is called here: by its path when its environment is not active."""
    called = Path(sys.argv[0])
    if called.stem != "reidsearch" or shutil.which("reidsearch"):
        return "reidsearch"
    return shlex.quote(sys.argv[0])
