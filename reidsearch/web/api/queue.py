"""The queue of sources: where it stands, who works on it, how fast.

It names footage of all cameras, so whoever is limited to some sees none of it.
"""

from __future__ import annotations

from reidsearch.domain.queue import status_json
from reidsearch.web.api.jobs import require_all_cameras
from reidsearch.web.call import Call
from reidsearch.web.declared import Document, Endpoint, Nothing


def status(call: Call, _: Nothing) -> Document:
    """Return where the queue stands."""
    require_all_cameras(call)
    return status_json(call.archive.queue.status())


ENDPOINTS = (
    Endpoint(
        "GET",
        "/queue",
        status,
        "The queue of sources, and the workers that take from it.",
        document="status-1",
    ),
)
