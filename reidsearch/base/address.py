"""Where an archive is: a folder, or a database of a PostgreSQL server."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias
from urllib.parse import parse_qsl, unquote, urlsplit

from reidsearch.base.errors import InputError, UsageError
from reidsearch.base.reading import parse_toml, read_given

SCHEMES = ("postgresql://", "postgres://")
TEAM_FILE = ".toml"
ARCHIVE_KEY = "archive"
SECRETS = {"password", "sslpassword", "oauth_client_secret"}


@dataclass(frozen=True, slots=True)
class PostgresAddress:
    """A database of a PostgreSQL server, as libpq reads it; it has no password in it.

    Args:
        settings: the file that named it, which holds settings of its archive beside it.

    Example:
        >>> str(read_address("postgresql://anna@db.example/footage"))
        'postgresql://anna@db.example/footage'
    """

    url: str
    settings: Path | None = field(default=None, compare=False)

    def __str__(self) -> str:
        return self.url

    @property
    def given(self) -> str:
        """What another process is given to find the archive and its settings, wherever it runs."""
        return self.url if self.settings is None else str(self.settings.absolute())


Address: TypeAlias = Path | PostgresAddress
"""Where an archive is; `str` of it is what messages, commands and documents name it by."""


def read_address(given: str | os.PathLike[str] | PostgresAddress) -> Address:
    """Read where an archive is: a URL of PostgreSQL, a settings file that has one, or a folder.

    Raises:
        InputError: the settings file cannot be read, or names no URL.
        UsageError: the URL holds a password, which other users of the machine could read and
            which would stand in the archive's records, or it names no database.
    """
    if isinstance(given, PostgresAddress):
        return given
    text = os.fspath(given)
    if text.startswith(SCHEMES):
        return _of_url(text)
    path = Path(given)
    return _of_file(path) if path.suffix == TEAM_FILE and not path.is_dir() else path


def _of_file(path: Path) -> PostgresAddress:
    try:
        url = parse_toml(read_given(path).decode("utf-8-sig")).get(ARCHIVE_KEY)
    except ValueError as error:
        raise InputError(f"{path} is not valid TOML: {error}") from error
    if not isinstance(url, str) or not url.startswith(SCHEMES):
        raise InputError(
            f"{path} does not name the database of an archive",
            f'write {ARCHIVE_KEY} = "postgresql://user@host/database" before its first section',
        )
    return replace(_of_url(url), settings=path)


def _of_url(text: str) -> PostgresAddress:
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
