"""Time stamps of seals by an authority (RFC 3161): that a seal was there at a time.

The service gets the SHA-256 of the seal's file and nothing else. What it answers is kept as it is,
so that others can verify it with their own tools.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reidsearch.base.errors import InputError, Kind, UsageError
from reidsearch.base.reading import read_bytes
from reidsearch.base.said import said

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

TIMEOUT_S = 20
LARGEST = 200_000  # an answer with its chain of certificates takes some thousands of bytes
SHA256 = "2.16.840.1.101.3.4.2.1"
_TYPE = "application/timestamp-query"


@dataclass(frozen=True, slots=True)
class TimeStamp:
    """What a time stamp says.

    Args:
        trusted: its certificate leads to one of those that were given.
    """

    at: dt.datetime
    trusted: bool


def fetch(url: str, data: bytes) -> bytes:
    """Let a service stamp bytes, and return its answer, verified but for who it is.

    Raises:
        UsageError: it is no address of a service.
        InputError: the service cannot be reached, or does not answer as it should.
    """
    import http.client
    import urllib.request
    from urllib.parse import urlsplit

    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

    if urlsplit(url).scheme not in ("http", "https"):
        raise UsageError(f"{url} is no address of a time stamp service: http:// or https://")
    asked = TimestampRequestBuilder().data(data).hash_algorithm(HashAlgorithm.SHA256).build()
    request = urllib.request.Request(url, asked.as_bytes(), {"Content-Type": _TYPE})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310 (checked)
            told: bytes = answer.read(LARGEST + 1)
        if len(told) > LARGEST:
            raise ValueError(f"the answer has more than {LARGEST} bytes")
        verify(told, data, nonce=asked.nonce)
    except (OSError, http.client.HTTPException, ValueError) as error:
        why = said(error) if isinstance(error, OSError) else str(error)
        text = f"{url} gave no time stamp: {why}"
        raise InputError(text, kind=Kind.TIMESTAMP_REFUSED) from error
    return told


def verify(
    answer: bytes, data: bytes, roots: Sequence[Certificate] = (), nonce: int | None = None
) -> TimeStamp:
    """Verify the answer of a service: that it is of these bytes, and signed.

    Args:
        roots: certificates of authorities that are trusted; none: who signed is not verified, and
            so neither is the time.
        nonce: of the request.

    Raises:
        ValueError: it does not hold.
    """
    from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response

    found = decode_timestamp_response(answer)
    if found.status != 0:
        told = ", ".join(found.status_string) or f"status {found.status}"
        raise ValueError(f"the service refused: {told}")
    stamped = found.tst_info
    imprint = stamped.message_imprint
    if (imprint.hash_algorithm.dotted_string, imprint.message) != (
        SHA256,
        hashlib.sha256(data).digest(),
    ):
        raise ValueError("it is of something else")
    if nonce is not None and stamped.nonce != nonce:
        raise ValueError("it answers another request")
    if roots:
        try:
            VerifierBuilder(roots=list(roots)).build().verify(found, imprint.message)
        except VerificationError as error:
            raise ValueError("its signature is not one of the given authorities") from error
    return TimeStamp(stamped.gen_time, bool(roots))


def read_roots(path: Path) -> list[Certificate]:
    """Read the certificates of authorities, in PEM.

    Raises:
        InputError: there are none.
    """
    from cryptography.x509 import load_pem_x509_certificates

    try:
        return load_pem_x509_certificates(read_bytes(path, LARGEST))
    except ValueError as error:
        raise InputError(f"{path} holds no certificates in PEM: {error}") from error
