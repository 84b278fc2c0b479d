"""Files that a page hands over: each says where it comes from, and the log has its digest."""

from __future__ import annotations

from starlette.responses import Response

from reidsearch.base.timecode import now
from reidsearch.output.imprint import Imprint
from reidsearch.web.call import Call

NOT_KEPT = {"cache-control": "private, no-store"}


def imprint_of(call: Call) -> Imprint:
    """Return what a picture or a page that is made now says of where it comes from."""
    archive = call.archive
    return Imprint(archive.location, archive.archive_id, now(), f"page, {call.person.name}")


def handed_over(call: Call, name: str, data: bytes, media: str) -> Response:
    """Record a file, and return it to be saved.

    Args:
        name: of the file, in letters of ASCII.
        media: its media type.
    """
    call.archive.log.sent(name, data, "web page")
    headers = {"content-disposition": f'attachment; filename="{name}"', **NOT_KEPT}
    return Response(data, media_type=media, headers=headers)
