"""Where an archive is: a folder, or a database of a PostgreSQL server."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias
from urllib.parse import parse_qsl, unquote, urlsplit

from reidsearch.base.errors import UsageError

SCHEMES = ("postgresql://", "postgres://")
SECRETS = {"password", "sslpassword", "oauth_client_secret"}


@dataclass(frozen=True, slots=True)
class PostgresAddress:
    """A database of a PostgreSQL server, as libpq reads it; it has no password in it.

    Example:
        >>> str(read_address("postgresql://anna@db.example/footage"))
        'postgresql://anna@db.example/footage'
    """

    url: str

    def __str__(self) -> str:
        return self.url


Address: TypeAlias = Path | PostgresAddress
"""Where an archive is; `str` of it is what messages, commands and documents name it by."""


def read_address(given: str | os.PathLike[str] | PostgresAddress) -> Address:
    """Read where an archive is; everything that is no URL of PostgreSQL is a folder.

    Raises:
        UsageError: the URL holds a password, which other users of the machine could read and
            which would stand in the archive's records, or it names no database.
    """
    if isinstance(given, PostgresAddress):
        return given
    text = os.fspath(given)
    if not text.startswith(SCHEMES):
        return Path(given)
    scheme, _, rest = text.partition("://")
    try:
        parts = urlsplit(f"{scheme}://{rest}")
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
    except ValueError as error:
        raise UsageError("the archive's postgresql:// address cannot be read") from error
    user, _, _ = parts.netloc.rpartition("@")
    if ":" in user or "@" in user or SECRETS & {name.lower() for name in options}:
        raise UsageError(
            "the archive's address holds a password, which other users of this machine could read",
            "leave it out of the address: PostgreSQL's own ~/.pgpass, PGPASSFILE, PGPASSWORD or a "
            "service file give it",
        )
    named = unquote(parts.path.strip("/")) or options.get("dbname") or options.get("service")
    if not named or not text.isprintable() or parts.fragment:
        raise UsageError(
            f"{text!r} names no database of PostgreSQL", "write postgresql://user@host/database"
        )
    return PostgresAddress(f"postgresql://{rest}")
