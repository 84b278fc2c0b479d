"""Secrets that a server is given: by the environment, or in a file that its owner alone reads."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from reidsearch.base.errors import InputError, Refused
from reidsearch.base.reading import read_bytes

LARGEST = 4096


def read_secret(
    variable: str, file: str | None, environment: Mapping[str, str] = os.environ
) -> str | None:
    """Return a secret; None: there is none. It is never an argument: everybody sees those.

    Args:
        variable: of the environment, which goes before.
        file: holds it in its first line.

    Raises:
        InputError: the file cannot be read, is empty, or others may read it.

    Example:
        read_secret("REIDSEARCH_OIDC_SECRET", settings.oidc_secret_file)
    """
    if value := environment.get(variable):
        return value
    if file is None:
        return None
    path = Path(file).expanduser()
    try:
        text = read_bytes(path, LARGEST).decode("utf-8", "replace").partition("\n")[0].strip()
    except Refused as refused:
        raise InputError(f"{path}, which has to hold a secret: {refused.message}") from refused
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise InputError(f"{path} holds a secret, and others may read it", f"chmod 600 {path}")
    if not text:
        raise InputError(f"{path} is empty; its first line has to hold the secret")
    return text
