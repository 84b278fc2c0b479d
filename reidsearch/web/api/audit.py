"""What the archive's own footage says of its calibration and its cameras."""

from __future__ import annotations

from reidsearch.output.audit import audit_json
from reidsearch.web.call import Call
from reidsearch.web.declared import Document, Endpoint, Nothing


def audit(call: Call, _: Nothing) -> Document:
    """Return the audit of the cameras that may be seen."""
    return audit_json(call.sight.audit(call.state.audit.of(call.archive).found))


ENDPOINTS = (
    Endpoint(
        "GET",
        "/audit",
        audit,
        "At which cameras the calibration fails, and which cameras have changed; at most ten "
        "minutes old.",
        document="audit-1",
        for_case=False,
    ),
)
