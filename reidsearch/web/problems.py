"""Errors as problem details (RFC 9457), made from the kinds of the product's errors."""

from __future__ import annotations

import logging
import secrets
from http import HTTPStatus
from typing import Any

from starlette.responses import JSONResponse, Response

from reidsearch.base.errors import (
    ArchiveError,
    ArchiveLocked,
    ArchiveVersionError,
    InputError,
    Interrupted,
    Kind,
    ModelError,
    NotFound,
    Refused,
    ReidsearchError,
    StorageError,
    UsageError,
)
from reidsearch.base.foreign_errors import exhausted
from reidsearch.web.words import advice

MEDIA = "application/problem+json"
TYPE = "urn:reidsearch:problem:"
STATUS: dict[type[ReidsearchError], HTTPStatus] = {
    NotFound: HTTPStatus.NOT_FOUND,
    UsageError: HTTPStatus.UNPROCESSABLE_ENTITY,
    Refused: HTTPStatus.UNPROCESSABLE_ENTITY,
    InputError: HTTPStatus.UNPROCESSABLE_ENTITY,
    ArchiveLocked: HTTPStatus.CONFLICT,
    StorageError: HTTPStatus.INSUFFICIENT_STORAGE,
    ModelError: HTTPStatus.SERVICE_UNAVAILABLE,
    Interrupted: HTTPStatus.SERVICE_UNAVAILABLE,
    ArchiveVersionError: HTTPStatus.SERVICE_UNAVAILABLE,
    ArchiveError: HTTPStatus.INTERNAL_SERVER_ERROR,
}
STATUS_OF_KIND: dict[str, HTTPStatus] = {
    Kind.PLAYBACK_BUSY: HTTPStatus.SERVICE_UNAVAILABLE,
    Kind.FOOTAGE_MISSING: HTTPStatus.CONFLICT,
    Kind.FOOTAGE_DIFFERS: HTTPStatus.CONFLICT,
    Kind.CASE_REQUIRED: HTTPStatus.FORBIDDEN,
    Kind.REASON_REQUIRED: HTTPStatus.FORBIDDEN,
    Kind.CASE_CLOSED: HTTPStatus.FORBIDDEN,
    Kind.CASE_EXPIRED: HTTPStatus.FORBIDDEN,
}
"""Where the kind says more than the class."""

_LOG = logging.getLogger("reidsearch.web")


class Denied(Exception):
    """A request that is refused before any handler sees it.

    Args:
        kind: `sign-in-needed`, `role-too-low`, `other-site`, ...: what the problem is of.
    """

    def __init__(
        self,
        status: HTTPStatus,
        kind: str,
        message: str,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.kind, self.message = status, kind, message
        self.headers = headers or {}


def problem_of(error: Exception) -> dict[str, Any]:
    """Return the problem details of an error; of an unforeseen one a number to find it by."""
    if isinstance(error, Denied):
        return _problem(error.status, error.kind, error.message, {}, "")
    if isinstance(error, OSError | MemoryError | RuntimeError):
        error = exhausted(error) or error
    if not isinstance(error, ReidsearchError):
        number = secrets.token_hex(4)
        _LOG.error("unexpected error %s", number, exc_info=error)
        message = f"an unexpected error happened here; the server's log has it as {number}"
        return _problem(HTTPStatus.INTERNAL_SERVER_ERROR, Kind.INTERNAL, message, {}, "")
    status = STATUS_OF_KIND.get(error.kind) or next(
        (status for kind, status in STATUS.items() if isinstance(error, kind)),
        HTTPStatus.INTERNAL_SERVER_ERROR,
    )
    return _problem(status, error.kind, error.message, error.fields, error.hint)


def _problem(
    status: HTTPStatus, kind: str, message: str, fields: dict[str, Any], hint: str
) -> dict[str, Any]:
    return {
        "type": TYPE + str(kind),
        "title": status.phrase,
        "status": status.value,
        "detail": message,
        "kind": str(kind),
        "fields": fields,
        "advice": advice(str(kind), fields) or hint,
    }


def problem_response(error: Exception) -> Response:
    """Return the response of an API for an error."""
    problem = problem_of(error)
    headers = error.headers if isinstance(error, Denied) else {}
    return JSONResponse(problem, problem["status"], headers=headers, media_type=MEDIA)
