"""What a job may be asked for: read from plain JSON, and refused in a sentence."""

from __future__ import annotations

from typing import Any

import pytest

from reidsearch.base.errors import UsageError
from reidsearch.domain.job_requests import (
    AttributesWork,
    ClipWork,
    IndexWork,
    JobWork,
    LinkWork,
    PageWork,
    TracksWork,
    document_of,
    request_of,
)

WORKS: list[JobWork] = [
    IndexWork(("/footage/ä.mp4", "/footage/b"), camera="gate", tiles="auto", sample_rate_hz=8),
    LinkWork(0.5),
    AttributesWork(),
    TracksWork(7, ".xml", interpolate=True),
    PageWork("source", source_id=3),
    PageWork("proposals"),
    ClipWork(7, 1.5, box=True),
]


@pytest.mark.parametrize("work", WORKS, ids=lambda work: work.kind)
def test_a_request_is_read_as_it_was_written(work) -> None:
    assert request_of(work.kind.value, document_of(work)) == work


@pytest.mark.parametrize(
    ("kind", "request_", "told"),
    [
        ("reembed", {}, "there is no job of kind 'reembed'"),
        ("index", {}, "needs the field 'paths'"),
        ("index", {"paths": []}, r"paths is \[\], not a list of 1 to"),
        ("index", {"paths": "/footage"}, "paths is '/footage', not a list"),
        ("index", {"paths": ["/a\0b"]}, "paths is"),
        ("index", {"paths": ["/a"], "detector": "/tmp/x.xml"}, "has no field 'detector'"),
        ("index", {"paths": ["/a"], "camera": "\x1b[31m"}, "camera is .*not printable text"),
        ("index", {"paths": ["/a"], "frames": 1}, "frames is 1, not true or false"),
        ("index", {"paths": ["/a"], "tiles": True}, "tiles is True"),
        ("index", {"paths": ["/a"], "preset": {}}, "preset is {}, not one of default"),
        ("link", {"join_above": 1.5}, "join_above is 1.5, not a score"),
        ("link", {"join_above": float("nan")}, "join_above is nan"),
        ("clip", {"crop_id": "7"}, "crop_id is '7', not the id of a crop"),
        ("clip", {"crop_id": 2**70}, "crop_id is"),
        ("export-tracks", {"source_id": 1, "ending": "/../x"}, "ending is '/../x', not one of"),
        ("export-page", {"of": "journey"}, "of kind journey needs the field 'identity'"),
        ("export-page", {"of": "answer"}, "of is 'answer', not one of identity"),
        ("attributes", {"model": "x"}, "it has none|has no field 'model'"),
    ],
)
def test_what_makes_no_sense_is_refused(kind: str, request_: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        request_of(kind, request_)
