"""Reports of an index run, of what an archive holds, of failures and of verification."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from reidsearch.domain.footage import Clock
from reidsearch.domain.models import ModelIdentity
from reidsearch.domain.pending import Pending
from reidsearch.domain.pictures import PicturesKept
from reidsearch.domain.redaction import RedactionReport
from reidsearch.domain.tracklets import Purity, SourceInterval

if TYPE_CHECKING:
    pass


@dataclass(frozen=True, slots=True)
class Failure:
    """One line of the failures ledger."""

    location: str
    reason: str
    message: str
    at: dt.datetime
    run_id: int


@dataclass(frozen=True, slots=True)
class ClockChange:
    """One correction of a source's clock by hand.

    Args:
        location: of the source; empty when it is no longer held.
        before, after: the clock.
        who, why: empty where that was not recorded.
    """

    source_id: int
    location: str
    at: dt.datetime
    before: Clock
    after: Clock
    who: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class FactsReport:
    """What the archive does not know of the inputs of a run, and what was told for nothing.

    Args:
        inputs: that are held now, of those offered.
        without_time, without_camera: of these.
        names_read: names were read at all, by a pattern, a recorder or a convention.
        unread_names: of these inputs, whose names were not understood.
        same_start: sources of the archive to which an option gave one and the same start, an input
            of the run among them; 0 when at most one.
        source_list: the list of footage that was given; None: none was.
        rows_without_file: rows of it that name no file, `line 4`.
        rows_elsewhere: rows of it whose files are there, but were not among the inputs.
    """

    inputs: int = 0
    without_time: int = 0
    without_camera: int = 0
    names_read: bool = False
    unread_names: int = 0
    same_start: int = 0
    source_list: str | None = None
    rows_without_file: tuple[str, ...] = ()
    rows_elsewhere: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FootageReport:
    """What one index run did with footage.

    `offered` = indexed + unchanged + updated + duplicates + failed + in_other_runs, unless
    interrupted; `in_other_runs` were left to other index runs, which work on them; `resumed` of the
    indexed ones went on where an interrupted run had stopped, `restarted` were analysed from their
    start because the checkpoint of that run is damaged; `other_settings` of the unchanged ones were
    analysed with other settings than this run's. The rest counts what was found in the indexed
    ones: frames decoded and sampled, tracklets and best shots kept, and what was not kept (`small`
    detections, `brief` tracklets, best shots `unlike` the rest of their tracklet); `divided` counts
    how many times a tracklet was divided because it showed several people, `doubts` the detections
    at which a switch to somebody else could not be excluded. `footage_s` is their length.
    `precomputed` counts precomputed detections that were read, `precomputed_used` those that met a
    frame.

    `tiled` of the indexed ones were detected in tiles too.

    `partly` of the indexed, unchanged, updated and duplicate ones were not read as a whole; each is
    a failure of its own kind, and `losses` says of the first ones what is missing.
    """

    offered: int = 0
    indexed: int = 0
    resumed: int = 0
    restarted: int = 0
    tiled: int = 0
    unchanged: int = 0
    updated: int = 0
    other_settings: int = 0
    duplicates: int = 0
    failed: int = 0
    in_other_runs: int = 0
    partly: int = 0
    frames: int = 0
    sampled_frames: int = 0
    tracklets: int = 0
    best_shots: int = 0
    small: int = 0
    brief: int = 0
    unlike: int = 0
    divided: int = 0
    doubts: int = 0
    precomputed: int = 0
    precomputed_used: int = 0
    footage_s: float = 0.0
    seconds: float = 0.0
    facts: FactsReport = FactsReport()
    losses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AttributesReport:
    """What one run of recording did.

    Args:
        recorded: crops whose attributes were recorded now.
        failed: ids of crops whose picture cannot be read; theirs stay unknown.
        model: what recorded them.
    """

    recorded: int
    failed: tuple[int, ...]
    model: str


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What one index run did with what it was offered.

    `offered` = indexed + unchanged + updated + duplicates + failed + kept_out (deleted for good),
    unless interrupted. `skipped` files in folders and containers were skipped for their type;
    `skipped_names` are the first ones.
    `conflicting` of the duplicates came with other facts (camera, time, person, extra) than the
    crop's own, which were kept; `facts` tells which lack camera or time. All of this is of
    pictures; `footage` tells of videos. `model_doubt` says what speaks against the model; empty:
    nothing does. `attributes` is what was recorded of what people wear and carry, None where that
    was not asked for, or not reached.
    """

    run_id: int
    offered: int = 0
    indexed: int = 0
    unchanged: int = 0
    updated: int = 0
    duplicates: int = 0
    failed: int = 0
    seconds: float = 0.0
    interrupted: bool = False
    skipped: int = 0
    skipped_names: tuple[str, ...] = ()
    conflicting: int = 0
    kept_out: int = 0
    model_doubt: str = ""
    facts: FactsReport = FactsReport()
    footage: FootageReport = FootageReport()
    attributes: AttributesReport | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """What an archive holds."""

    archive: str
    archive_id: str
    created_at: dt.datetime
    schema: str
    model: ModelIdentity | None
    crops: int
    sources: int
    footage: int
    """Of the sources: videos and folders of frames."""
    tracklets: int
    persons_labelled: int
    cameras: tuple[tuple[str | None, int, dt.datetime | None, dt.datetime | None], ...]
    """(name or None, crops, first time, last time), most crops first."""
    first_time: dt.datetime | None
    last_time: dt.datetime | None
    crops_without_time: int
    crops_deleted: int
    """Of footage, and not indexed again."""
    small_detections: int
    """In footage, and too small to be kept."""
    failures: tuple[tuple[str, int], ...]
    """(reason, count), most first."""
    not_searched: tuple[Failure, ...]
    """The first lines of the failures ledger."""
    runs: int
    unfinished_runs: int
    """Interrupted, and not yet made up for."""
    running_runs: int
    """At work just now: 0 or 1."""
    database_bytes: int
    index_bytes: int
    generation: int
    crops_in_index: int
    index_kind: str
    """The engine and its method; empty: no index was written yet."""
    index_url: str | None
    """The server that has the vectors; None: they are in files."""
    pictures: PicturesKept
    pending: tuple[Pending, ...] = ()
    """What a committed change has left to do."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that `check` found wrong.

    `repairable` things are derived and can be rebuilt; the rest is lost data, named precisely.
    """

    code: str
    message: str
    repairable: bool
    crop_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ClipReport:
    """What a written clip shows, in media time of its footage.

    Args:
        from_s, to_s: of its first and last picture.
        asked_from_s, asked_to_s: of the stretch that was asked for.
        footage_s: length of the source.
        crop_s: since the clip's first picture, when the frame of the crop is shown.
        copied: the stream is the camera's own; nothing was encoded.
        location: of the file that was read.
        elsewhere: what other files of the recording show of the same tracklet.
        purity: how far the tracklet is known to show one person; None: nobody knows.
        redaction: what was altered, so that others cannot be recognised; None: nothing was.
    """

    crop_id: int
    from_s: Fraction
    to_s: Fraction
    asked_from_s: Fraction
    asked_to_s: Fraction
    footage_s: Fraction
    crop_s: Fraction
    copied: bool
    location: str
    elsewhere: tuple[SourceInterval, ...] = ()
    purity: Purity | None = None
    redaction: RedactionReport | None = None


@dataclass(frozen=True, slots=True)
class Relocated:
    """Where footage of a folder that was moved lies now.

    Args:
        found: how many sources are there, of the right size.
        missing: places where nothing lies.
        differing: places where a file of another size lies.
    """

    old: str
    new: str
    found: int
    missing: tuple[str, ...]
    differing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FolderEntry:
    """Something in a folder whose footage may be indexed.

    Args:
        kind: folder, video, picture or container.
        size_bytes: None: of a folder.
    """

    name: str
    path: str
    kind: str
    size_bytes: int | None


@dataclass(frozen=True, slots=True)
class FolderListing:
    """What may be indexed in a folder.

    Args:
        path: of the folder; None: these are the folders that are offered.
        above: the folder that it lies in; None: that is not offered.
        whole: nothing was left out.
    """

    path: str | None
    above: str | None
    entries: tuple[FolderEntry, ...]
    whole: bool


@dataclass(frozen=True, slots=True)
class BackupOrigin:
    """What a backup says of itself, and what is known of its archive.

    Args:
        made: when it was made, as its note says; None: it does not.
        treated: when it last lost what its archive had erased by then; None: never.
        archive: its archive, where that was found beside it; None: it was not.
        deleted_since: how many crops of the backup that archive no longer has.
        photos_since: how many reference photographs.
    """

    made: str | None
    treated: str | None
    archive: Path | None = None
    deleted_since: int | None = None
    photos_since: int | None = None
