"""The key that seals of the event log are signed with: a file outside of the archive.

Whoever can write an archive could sign a log made anew if the key lay in it, and every copy of the
archive would be a copy of the key. So it lies in the user's folder of settings, one for each
archive, or wherever the setting `signing_key` says; its owner alone may read it.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reidsearch.base import atomic
from reidsearch.base.errors import InputError, Kind, StorageError, UsageError
from reidsearch.base.reading import read_bytes
from reidsearch.base.said import said
from reidsearch.base.settings_file import read_settings, user_folder
from reidsearch.domain.signatures import Signature, fingerprint

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

LARGEST = 10_000


@dataclass(frozen=True, slots=True)
class LogKey:
    """A key that can sign."""

    _private: Ed25519PrivateKey

    @property
    def public_key(self) -> bytes:
        """Its public half, 32 bytes."""
        return self._private.public_key().public_bytes_raw()

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the public half, in hexadecimal."""
        return fingerprint(self.public_key)

    def sign(self, data: bytes) -> Signature:
        """Sign bytes."""
        return Signature(self.public_key, self._private.sign(data))


def key_path(archive_id: str) -> Path:
    """Return where the key of an archive lies, whether it is there or not."""
    chosen = read_settings().log.signing_key
    return Path(chosen).expanduser() if chosen else user_folder() / "keys" / f"{archive_id}.pem"


def make_key(path: Path, archive: Path, passphrase: bytes | None) -> LogKey:
    """Make a key, and keep it in a new file that its owner alone may read.

    Args:
        archive: the folder, in which no key may lie.
        passphrase: what the file is encrypted with; None: it is not.

    Raises:
        UsageError: the file exists, or lies in the archive's folder.
        StorageError: it cannot be written.
    """
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    if path.resolve().is_relative_to(archive.resolve()):
        text = f"{path} is in the archive, whose key must lie elsewhere"
        raise UsageError(text, kind=Kind.SIGNING_KEY_INSIDE)
    private = Ed25519PrivateKey.generate()
    kept = form.BestAvailableEncryption(passphrase) if passphrase else form.NoEncryption()
    data = private.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, kept)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with atomic.creating(path) as partial:
            partial.chmod(0o600)
            partial.write_bytes(data)
    except FileExistsError as error:
        text = f"{path} exists already"
        raise UsageError(text, kind=Kind.SIGNING_KEY_EXISTS, file=path) from error
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {said(error)}") from error
    return LogKey(private)


def read_key(path: Path, passphrase: bytes | None = None) -> LogKey:
    """Read a key.

    Raises:
        InputError: there is none, others may read it, or the passphrase is wrong or missing; the
            kind tells which.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    if not path.exists():
        text = f"there is no signing key {path}"
        raise InputError(text, kind=Kind.SIGNING_KEY_MISSING, file=path)
    data = read_bytes(path, LARGEST)
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        text = f"the signing key {path} can be read by others than its owner"
        raise InputError(text, kind=Kind.SIGNING_KEY_OPEN, file=path)
    if b"ENCRYPTED" in data and not passphrase:
        text = f"the signing key {path} needs its passphrase"
        raise InputError(text, kind=Kind.SIGNING_KEY_LOCKED, file=path)
    if b"ENCRYPTED" not in data:
        passphrase = None
    try:
        private = load_pem_private_key(data, passphrase)
    except (ValueError, TypeError) as error:
        text = f"the signing key {path} cannot be read: it is damaged, or the passphrase is wrong"
        raise InputError(text, kind=Kind.SIGNING_KEY_BAD, file=path) from error
    if not isinstance(private, Ed25519PrivateKey):
        text = f"{path} holds a key of another kind than Ed25519"
        raise InputError(text, kind=Kind.SIGNING_KEY_BAD, file=path)
    return LogKey(private)


def holds(signature: Signature, data: bytes) -> bool:
    """Tell whether a signature is that of these bytes."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(signature.public_key).verify(signature.signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True
