"""The address of a camera, without and with its credentials.

Credentials stand in memory only: they are added to the address where FFmpeg is given it, and
nowhere else. What is shown, written and raised is made of `CameraAddress.shown`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import quote, unquote, urlsplit

from reidsearch.base.errors import UsageError

SCHEMES = ("rtsp", "rtsps")
LONGEST = 2000
LONGEST_CREDENTIALS = 127
"""FFmpeg's `rtsp.c` cuts off what is longer, and says nothing."""
# Cameras that take their password as a part of path or query.
_SECRET_PART = re.compile(
    r"(?:pass(?:w(?:or)?d)?|pwd|token|auth|secret|key)\w*=[^&/]", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class CameraAddress:
    """Where a camera sends from.

    Args:
        shown: the address as it may be shown: no user, no password, no query.
        full: all of it; None where there are credentials to add: see `with_credentials`.
    """

    shown: str
    full: str = field(repr=False)

    def with_credentials(self, user: str, password: str) -> CameraAddress:
        """Return the same address with a user and a password.

        Raises:
            UsageError: they are too long. The message does not repeat them.
        """
        parts = urlsplit(self.full)
        host = parts.netloc.rpartition("@")[2]
        netloc = f"{quote(user, safe='')}:{quote(password, safe='')}@{host}"
        _require_taken(netloc)
        return CameraAddress(self.shown, parts._replace(netloc=netloc).geturl())

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be shown, longest first."""
        parts = urlsplit(self.full)
        found = {parts.netloc.rpartition("@")[0], parts.password or "", parts.query}
        found.add(unquote(parts.password or ""))
        return tuple(sorted((one for one in found if one), key=len, reverse=True))


def read_camera_address(text: str, *, credentials: bool) -> CameraAddress:
    """Read an address such as `rtsp://host:554/stream`.

    Args:
        credentials: it may carry them: it comes from a file that its owner alone reads.

    Raises:
        UsageError: it is no such address, or carries credentials where everybody could read them.
            The message does not repeat them.
    """
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise UsageError("the address of the camera cannot be read", _EXAMPLE) from error
    if parts.scheme.lower() not in SCHEMES or not host or len(text) > LONGEST:
        raise UsageError("a camera's address begins with rtsp:// or rtsps:// and a host", _EXAMPLE)
    if not text.isprintable() or " " in text:
        raise UsageError("the address of the camera holds what no address holds", _EXAMPLE)
    netloc = parts.netloc.rpartition("@")[2]
    secret_path = _SECRET_PART.search(parts.path)
    path = parts.path[: secret_path.start()] if secret_path else parts.path
    shown = f"{parts.scheme.lower()}://{netloc}{path}"
    if not credentials and ("@" in parts.netloc or secret_path or _SECRET_PART.search(parts.query)):
        raise UsageError(
            f"the address of {netloc} carries credentials, and everybody on this machine can read "
            "what a command was given",
            "leave them out of the address, and give the user by its own option and the password "
            "by the environment or a file; or write the address into a list of cameras that its "
            "owner alone can read",
        )
    _require_taken(parts.netloc)
    return CameraAddress(shown, text)


def _require_taken(netloc: str) -> None:
    """Refuse credentials of which FFmpeg would take the beginning, and the camera refuse that."""
    credentials, _, host = netloc.rpartition("@")
    if len(credentials) > LONGEST_CREDENTIALS:
        raise UsageError(
            f"the user and the password of {host} take {len(credentials)} characters in an "
            f"address, and FFmpeg takes {LONGEST_CREDENTIALS}",
            "give the camera a shorter password; each character but letters, digits and - . _ ~ "
            "takes three or more",
        )


_EXAMPLE = "for instance rtsp://192.168.1.64:554/stream1"
