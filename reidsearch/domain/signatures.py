"""Signatures of seals, and what proving an event log says of each seal."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import Any

from reidsearch.base.reading import parse_json
from reidsearch.base.timecode import now
from reidsearch.domain.event_log import LogFault, Seal

SIGNATURE_FORMAT = "reidsearch-signature/1"
ALGORITHM = "Ed25519"


def fingerprint(public_key: bytes) -> str:
    """Return the SHA-256 of a public key's 32 bytes, in hexadecimal."""
    return hashlib.sha256(public_key).hexdigest()


@dataclass(frozen=True, slots=True)
class Signature:
    """An Ed25519 signature.

    Args:
        public_key: 32 bytes.
        signature: 64 bytes.
    """

    public_key: bytes
    signature: bytes

    @property
    def fingerprint(self) -> str:
        """Of the key."""
        return fingerprint(self.public_key)

    def document(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "format": SIGNATURE_FORMAT,
            "algorithm": ALGORITHM,
            "public_key": self.public_key.hex(),
            "signature": self.signature.hex(),
        }


def read_signature(data: bytes) -> Signature:
    """Read the document of a signature.

    Raises:
        ValueError, KeyError, TypeError: it is none.
    """
    told = parse_json(data)
    if (told["format"], told["algorithm"]) != (SIGNATURE_FORMAT, ALGORITHM):
        raise ValueError("it is of another format")
    found = Signature(bytes.fromhex(told["public_key"]), bytes.fromhex(told["signature"]))
    if (len(found.public_key), len(found.signature)) != (32, 64):
        raise ValueError("it holds no Ed25519 key and signature")
    return found


@dataclass(frozen=True, slots=True)
class SealProof:
    """What was found out about a seal.

    Args:
        signed_by: fingerprint of the key that it is signed with, if the signature holds.
        named: whether that is the key which the log named when it was sealed.
        stamped_at: when its time stamp says that it was there; None: it has none that holds.
        authority: whether the time stamp is of an authority that was given.
    """

    seal: Seal
    signed_by: str | None = None
    named: bool = False
    stamped_at: dt.datetime | None = None
    authority: bool = False

    @property
    def in_future(self) -> bool:
        """Whether it is dated past this moment: a clock was, or is, wrong."""
        return self.seal.at > now()


@dataclass(frozen=True, slots=True)
class LogProof:
    """Whether an event log holds.

    Args:
        entries: how many there are.
        faults: where it does not, the first first; none: it holds.
    """

    entries: int
    seals: list[SealProof]
    faults: list[LogFault]
