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
from typing import TYPE_CHECKING, Any

from reidsearch.base.version import __version__

# Importing OpenVINO makes ~/intel, writes an identifier there and reports to a web analytics
# service. It does so through this package; when that cannot be imported, OpenVINO takes its own
# silent stand-in. It stands here because it must come before any `import openvino`.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]

if TYPE_CHECKING:
    from reidsearch.archive import Archive
    from reidsearch.base.boxes import Box
    from reidsearch.base.errors import ReidsearchError
    from reidsearch.domain.answers import Answer, Match, Statement
    from reidsearch.domain.crops import Crop, CropInput, Facts
    from reidsearch.domain.request import Filters

_HOME = {
    "Archive": "archive",
    "ReidsearchError": "base.errors",
    "Box": "base.boxes",
    "Answer": "domain.answers",
    "Crop": "domain.crops",
    "Facts": "domain.crops",
    "Filters": "domain.request",
    "Match": "domain.answers",
    "CropInput": "domain.crops",
    "Statement": "domain.answers",
}

__all__ = [
    "Answer",
    "Archive",
    "Box",
    "Crop",
    "CropInput",
    "Facts",
    "Filters",
    "Match",
    "ReidsearchError",
    "Statement",
    "__version__",
]


def __getattr__(name: str) -> Any:
    """Import public names on first use: `reidsearch --help` must not load numpy or OpenVINO."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
