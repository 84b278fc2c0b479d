"""Where objects are: a bucket of an S3-compatible store, or a folder; as text, without any key."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from reidsearch.base.errors import UsageError

S3, FOLDER = "s3", "file"
BUCKET_SCHEME = f"{S3}://"
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}")


@dataclass(frozen=True, slots=True)
class ObjectAddress:
    """A place that objects lie below.

    Args:
        bucket: of an S3-compatible store; None: it is a folder.
        path: below the bucket, without a slash at its ends, or the folder's absolute path.

    Example:
        >>> read_object_address("s3://pictures/station/")
        ObjectAddress(bucket='pictures', path='station')
    """

    bucket: str | None
    path: str

    def __str__(self) -> str:
        if self.bucket is None:
            return f"{FOLDER}://{self.path}"
        return f"{BUCKET_SCHEME}{self.bucket}" + (f"/{self.path}" if self.path else "")

    def below(self, name: str) -> ObjectAddress:
        """Return the address of a folder in it."""
        return ObjectAddress(self.bucket, f"{self.path}/{name}" if self.path else name)


def read_object_address(text: str) -> ObjectAddress:
    """Read `s3://bucket/folder` or `file:///folder`.

    Raises:
        UsageError: it is neither, or holds more: a user, a key, a port, a query.
    """
    try:
        parts = urlsplit(text)
        odd = parts.query or parts.fragment or not text.isprintable() or "\\" in text
    except ValueError:
        odd = True
    if odd:
        raise _refused()
    steps = [step for step in parts.path.split("/") if step]
    if ".." in steps or "." in steps:
        raise _refused()
    path = "/".join(steps)
    if parts.scheme == S3 and _BUCKET.fullmatch(parts.netloc):
        return ObjectAddress(parts.netloc, path)
    if parts.scheme == FOLDER and not parts.netloc and path:
        return ObjectAddress(None, f"/{path}")
    raise _refused()


def _refused() -> UsageError:
    # What was given is not repeated: it may hold a key.
    return UsageError(
        "the address of a store of objects cannot be read",
        "write s3://bucket/folder, or file:///folder; the environment gives keys, as "
        "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    )
