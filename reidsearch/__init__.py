"""reidsearch finds a person again in footage archives.

The library is as simple as the command line:

    from reidsearch import Archive

    with Archive.open("archive") as archive:
        answer = archive.search("person.jpg", k=10)
        for match in answer.matches:
            print(match.rank, match.score, match.crop.facts.camera, match.crop.location)
        print(answer.statement)
"""

from __future__ import annotations

import sys

from reidsearch.base.version import __version__

# Importing OpenVINO makes ~/intel, writes an identifier there and reports to a web analytics
# service. It does so through this package; when that cannot be imported, OpenVINO takes its own
# silent stand-in. It stands here because it must come before any `import openvino`.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]

TYPE_CHECKING = False  # `typing` takes longer to import than all of this
if TYPE_CHECKING:
    from typing import Any

    from reidsearch.archive import Archive
    from reidsearch.base.boxes import Box
    from reidsearch.base.errors import (
        ArchiveError,
        ArchiveLocked,
        ArchiveVersionError,
        InputError,
        Interrupted,
        Kind,
        ModelError,
        NotFound,
        Reason,
        Refused,
        ReidsearchError,
        SomeFailed,
        StorageError,
        UsageError,
    )
    from reidsearch.base.progress import NO_PROGRESS, Progress
    from reidsearch.base.settings import PRESETS, FootageSettings, PictureLimits, RuntimeSettings
    from reidsearch.base.time_of_day import TimeOfDay
    from reidsearch.base.weekdays import Weekdays
    from reidsearch.domain.absence import Absence
    from reidsearch.domain.answers import Answer, Failed, Match, Plan, Statement
    from reidsearch.domain.browsing import BrowseItem, BrowsePage, BrowseRequest
    from reidsearch.domain.crops import Crop, CropInput, Facts, Rejected
    from reidsearch.domain.decisions import Transits
    from reidsearch.domain.distance import Limit
    from reidsearch.domain.footage import Clock
    from reidsearch.domain.ground import GroundPoint
    from reidsearch.domain.intersection import Place
    from reidsearch.domain.joint import JointAnswer, JointMatch
    from reidsearch.domain.nearby import CloserThan
    from reidsearch.domain.places import Line, Region
    from reidsearch.domain.reports import Failure, Finding, FootageReport, IndexReport, Summary
    from reidsearch.domain.request import Filters, QueryPicture, SearchRequest
    from reidsearch.domain.streamed import StreamedTracklet
    from reidsearch.media.naming.patterns import Naming
    from reidsearch.media.naming.source_facts import SourceNaming
    from reidsearch.services.follow import FollowPlan
    from reidsearch.services.index import FootageOptions
    from reidsearch.services.joint import search_archives
    from reidsearch.services.maintenance import migrate, restore
    from reidsearch.services.query_input import (
        FrameInput,
        PersonUnclear,
        QueryInput,
        query_input,
        read_frame,
    )
    from reidsearch.services.stream import PersonStream

_HOME = {
    "Archive": "archive",
    "search_archives": "services.joint",
    "JointAnswer": "domain.joint",
    "JointMatch": "domain.joint",
    "migrate": "services.maintenance",
    "restore": "services.maintenance",
    "Box": "base.boxes",
    "ArchiveError": "base.errors",
    "ArchiveLocked": "base.errors",
    "ArchiveVersionError": "base.errors",
    "InputError": "base.errors",
    "Interrupted": "base.errors",
    "Kind": "base.errors",
    "ModelError": "base.errors",
    "NotFound": "base.errors",
    "Reason": "base.errors",
    "Refused": "base.errors",
    "ReidsearchError": "base.errors",
    "SomeFailed": "base.errors",
    "StorageError": "base.errors",
    "UsageError": "base.errors",
    "NO_PROGRESS": "base.progress",
    "Progress": "base.progress",
    "FootageSettings": "base.settings",
    "PRESETS": "base.settings",
    "PictureLimits": "base.settings",
    "RuntimeSettings": "base.settings",
    "TimeOfDay": "base.time_of_day",
    "Absence": "domain.absence",
    "Weekdays": "base.weekdays",
    "CloserThan": "domain.nearby",
    "GroundPoint": "domain.ground",
    "Limit": "domain.distance",
    "Place": "domain.intersection",
    "Region": "domain.places",
    "Line": "domain.places",
    "Answer": "domain.answers",
    "Failed": "domain.answers",
    "Match": "domain.answers",
    "Plan": "domain.answers",
    "Statement": "domain.answers",
    "BrowseItem": "domain.browsing",
    "BrowsePage": "domain.browsing",
    "BrowseRequest": "domain.browsing",
    "Crop": "domain.crops",
    "CropInput": "domain.crops",
    "Facts": "domain.crops",
    "Rejected": "domain.crops",
    "Transits": "domain.decisions",
    "Clock": "domain.footage",
    "Failure": "domain.reports",
    "Finding": "domain.reports",
    "FootageReport": "domain.reports",
    "IndexReport": "domain.reports",
    "Summary": "domain.reports",
    "Filters": "domain.request",
    "QueryPicture": "domain.request",
    "SearchRequest": "domain.request",
    "Naming": "media.naming.patterns",
    "SourceNaming": "media.naming.source_facts",
    "FollowPlan": "services.follow",
    "FootageOptions": "services.index",
    "PersonStream": "services.stream",
    "StreamedTracklet": "domain.streamed",
    "FrameInput": "services.query_input",
    "PersonUnclear": "services.query_input",
    "QueryInput": "services.query_input",
    "query_input": "services.query_input",
    "read_frame": "services.query_input",
}

__all__ = [
    "NO_PROGRESS",
    "PRESETS",
    "Absence",
    "Answer",
    "Archive",
    "ArchiveError",
    "ArchiveLocked",
    "ArchiveVersionError",
    "Box",
    "BrowseItem",
    "BrowsePage",
    "BrowseRequest",
    "Clock",
    "CloserThan",
    "Crop",
    "CropInput",
    "Facts",
    "Failed",
    "Failure",
    "Filters",
    "Finding",
    "FollowPlan",
    "FootageOptions",
    "FootageReport",
    "FootageSettings",
    "FrameInput",
    "GroundPoint",
    "IndexReport",
    "InputError",
    "Interrupted",
    "JointAnswer",
    "JointMatch",
    "Kind",
    "Limit",
    "Line",
    "Match",
    "ModelError",
    "Naming",
    "NotFound",
    "PersonStream",
    "PersonUnclear",
    "PictureLimits",
    "Place",
    "Plan",
    "Progress",
    "QueryInput",
    "QueryPicture",
    "Reason",
    "Refused",
    "Region",
    "ReidsearchError",
    "Rejected",
    "RuntimeSettings",
    "SearchRequest",
    "SomeFailed",
    "SourceNaming",
    "Statement",
    "StorageError",
    "StreamedTracklet",
    "Summary",
    "TimeOfDay",
    "Transits",
    "UsageError",
    "Weekdays",
    "__version__",
    "migrate",
    "query_input",
    "read_frame",
    "restore",
    "search_archives",
]


def __getattr__(name: str) -> Any:
    """Import public names on first use: a mere help text must not load numpy or OpenVINO."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
