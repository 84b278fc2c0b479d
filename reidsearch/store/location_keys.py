"""Under what the database looks places up."""

from __future__ import annotations

import hashlib


def location_key(key: str) -> bytes:
    """Return the 16 bytes that a `CropInput.key` is stored under; paths are too long."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()[:16]
