"""The process that does one job: `python -m reidsearch.web.worker`, started by the runner.

It opens the archive itself, calls the service that the command line calls, and tells the same
document as its result.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reidsearch.archive import Archive
from reidsearch.base.errors import Interrupted, NotFound
from reidsearch.base.foreign_errors import as_ours
from reidsearch.base.progress import Progress
from reidsearch.base.settings import RuntimeSettings
from reidsearch.base.settings_file import read_settings
from reidsearch.base.timecode import now, parse_zone
from reidsearch.domain.job_requests import (
    AttributesWork,
    ClipWork,
    IndexWork,
    JobKind,
    JobWork,
    LinkWork,
    PageWork,
    TracksWork,
    request_of,
)
from reidsearch.domain.jobs import JobProblem
from reidsearch.output.times import use_zone
from reidsearch.services.jobs import told as telling
from reidsearch.services.jobs.folders import FootageFolders
from reidsearch.services.jobs.told import Told, ToldProgress

if TYPE_CHECKING:
    from reidsearch.domain.reports import ClipReport
    from reidsearch.output.imprint import Imprint
    from reidsearch.output.shown import Shown

NICER = 5
"""By so much a job yields to searches on a busy machine."""


@dataclass(frozen=True)
class Doing:
    """What the functions of the kinds work with.

    Args:
        output: folder for files that are written; there for kinds that only read.
        stop: set when the job is to stop.
    """

    archive: Archive
    progress: Progress
    stop: threading.Event
    output: Path
    folders: FootageFolders


Document = Mapping[str, Any]


def index(doing: Doing, work: IndexWork) -> Document:
    """Index what lies at the paths; the document says whether all of it was."""
    from reidsearch.output.reports_json import report_json
    from reidsearch.services.jobs.index_options import options_of, paths_of

    doing.folders.require(work.paths)
    settings = read_settings(doing.archive.address)
    naming, footage = options_of(work, settings)
    if work.timezone and doing.archive.timezone is None:
        doing.archive.timezone = work.timezone
    report = doing.archive.index(
        paths_of(work),
        naming=naming,
        footage=footage,
        limits=settings.pictures,
        progress=doing.progress,
        stop=doing.stop,
    )
    return report_json(report)


def link(doing: Doing, work: LinkWork) -> Document:
    """Propose identities; the document counts them, since the list of them changes."""
    from reidsearch.output.proposals import linked_json

    return linked_json(
        doing.archive.proposals.link(join_above=work.join_above, progress=doing.progress)
    )


def attributes(doing: Doing, _: AttributesWork) -> Document:
    """Record what people wear and carry."""
    from reidsearch.output.attributes import annotation_json

    return annotation_json(doing.archive.attributes.record(doing.progress))


def tracks(doing: Doing, work: TracksWork) -> Document:
    """Write the tracklets of a source."""
    from reidsearch.output.tracks import encode, exported_json

    written = doing.archive.export.tracks(
        work.source_id, interpolate=work.interpolate, progress=doing.progress
    )
    out = doing.output / f"source-{work.source_id}{work.ending}"
    out.write_bytes(encode(written, work.ending))
    return exported_json(written, out.name)


def page(doing: Doing, work: PageWork) -> Document:
    """Write a page with its clips, as one zip file."""
    from reidsearch.output.pages.report import made_json
    from reidsearch.output.pages.write import write_folder

    shown, document, name = _shown(doing.archive, work)
    cut = _clipper(doing.archive)
    folder = doing.output / name
    made = write_folder(
        folder,
        shown,
        doing.archive,
        _imprint(doing.archive),
        document,
        clip=lambda crop_id, out: cut(ClipWork(crop_id, box=True), out),
        progress=doing.progress,
    )
    out = shutil.make_archive(str(folder), "zip", doing.output, name)
    shutil.rmtree(folder)
    return made_json(made, Path(out).name)


def _shown(archive: Archive, work: PageWork) -> tuple[Shown, Document, str]:
    """Return what a page shows, the same as a document, and a name for its files."""
    from reidsearch.domain.decisions import Member
    from reidsearch.output.identities import story_json
    from reidsearch.output.journeys import journey_json
    from reidsearch.output.pages import people
    from reidsearch.output.proposals import linking_json
    from reidsearch.output.tracklets import list_json

    if work.of == "journey" and work.identity is not None:
        found = archive.journey(work.identity)
        number = found.identity.identity_id
        return people.journey_shown(found), journey_json(found), f"journey-{number}"
    if work.of == "identity" and work.identity is not None:
        story = archive.identities.show(work.identity)
        shown = people.story_shown(story, archive.identities.names())
        return shown, story_json(story), f"identity-{story.identity.identity_id}"
    if work.of == "proposals":
        linking = archive.proposals.last()
        shown = people.proposals_shown(linking, *archive.proposals.pictured(linking))
        return shown, linking_json(linking), "proposals"
    source = {one.source_id: one for one in archive.footage.coverage()}.get(work.source_id or 0)
    if source is None:
        raise NotFound(f"{archive.location} holds no source {work.source_id}")
    seen = archive.footage.tracklets(source.source_id)
    marks = archive.identities.marks(Member("tracklet", one.tracklet_id) for one in seen)
    shown = people.tracklets_shown(source, seen, marks)
    return shown, list_json(source, seen, marks), f"source-{source.source_id}"


def clip(doing: Doing, work: ClipWork) -> Document:
    """Cut out footage."""
    from reidsearch.output.reports_json import clip_json

    out = doing.output / f"crop-{work.crop_id}.mp4"
    return clip_json(_clipper(doing.archive)(work, out), out.name)


def _clipper(archive: Archive) -> Callable[[ClipWork, Path], ClipReport]:
    """Return what cuts a clip, with a margin that says what it shows."""
    from reidsearch.output.stills import ClipMargin

    clocks = {one.source_id: one.facts.clock for one in archive.footage.coverage()}
    imprint = _imprint(archive)

    def cut(work: ClipWork, out: Path) -> ClipReport:
        below = None
        crop = archive.crop(work.crop_id)
        if work.caption and not work.as_it_is and crop.source_id in clocks:
            below = ClipMargin(crop, clocks[crop.source_id], imprint)
        return archive.footage.clip(
            work.crop_id,
            out,
            margin_s=work.margin_s,
            box=work.box,
            as_it_is=work.as_it_is,
            below=below,
        )

    return cut


def _imprint(archive: Archive) -> Imprint:
    from reidsearch.output.imprint import Imprint

    return Imprint(archive.location, archive.archive_id, now(), "")


DOING: dict[JobKind, Callable[[Doing, Any], Document]] = {
    JobKind.INDEX: index,
    JobKind.LINK: link,
    JobKind.ATTRIBUTES: attributes,
    JobKind.EXPORT_TRACKS: tracks,
    JobKind.EXPORT_PAGE: page,
    JobKind.CLIP: clip,
}


def main() -> None:
    """Do the job that standard input tells."""
    told = Told()
    if hasattr(os, "nice"):
        with contextlib.suppress(OSError):
            os.nice(NICER)
    telling.sign(told.what["job_id"])
    work = request_of(told.what["kind"], told.what["request"])
    told.watch(asked_only=work.kind is JobKind.INDEX)
    try:
        document = _done(told, work)
    except (KeyboardInterrupt, Interrupted):
        told.result(None, stopped=True)
    except Exception as error:  # noqa: BLE001  the one boundary
        told.problem(JobProblem.of(as_ours(error)))
    else:
        told.result(document, stopped=bool(document.get("interrupted")))


def _done(told: Told, work: JobWork) -> Document:
    opening = told.what["opening"]
    progress = ToldProgress(told)
    with Archive.open(
        told.what["archive"],
        model=opening["model"],
        model_path=[Path(path) for path in opening["model_path"]],
        offline=opening["offline"],
        runtime=RuntimeSettings(**opening["runtime"]),
        progress=progress,
        actor=told.what["actor"],
    ) as archive:
        zone = archive.timezone
        use_zone(parse_zone(zone) if zone else None)
        doing = Doing(
            archive,
            progress,
            told.stop,
            Path(told.what["output"]),
            FootageFolders([Path(folder) for folder in told.what["folders"]]),
        )
        document = DOING[work.kind](doing, work)
        if doing.output.is_dir():  # only jobs that write files are given one
            for written in sorted(doing.output.iterdir()):
                archive.log.exported(written, f"job {told.what['job_id']}")
        return document


if __name__ == "__main__":
    main()
