"""The bridge to Alembic, the only thing that creates or changes tables.

Opening an archive compares one row with `REVISION` and imports no Alembic (0.6 s); creating and
migrating do.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from reidsearch.base.address import Address
from reidsearch.base.errors import ArchiveError, ArchiveVersionError, Kind
from reidsearch.store.database import expected

if TYPE_CHECKING:
    from alembic.config import Config

REVISION = "0024"
"""The head revision; a test holds it equal to Alembic's."""


def migrations_folder() -> Path:
    """Return where the migrations lie: in the package, or in the repository beside it.

    Raises:
        ArchiveError: when neither place holds them (a broken installation).
    """
    package = Path(__file__).resolve().parents[2]
    for folder in (package / "migrations", package.parent / "migrations"):
        if (folder / "env.py").is_file():
            return folder
    raise ArchiveError("the migrations are missing from the installation", "reinstall reidsearch")


def alembic_config(connection: Connection) -> Config:
    """Return Alembic's configuration for one open connection."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def upgrade(connection: Connection) -> None:
    """Create or migrate all tables, within the caller's transaction."""
    from alembic import command

    command.upgrade(alembic_config(connection), "head")


def revision(connection: Connection) -> str | None:
    """Return the archive's revision; None when it has no tables yet."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def require_revision(found: str | None, where: Address) -> None:
    """Refuse an archive of another version.

    Raises:
        ArchiveError: it has no revision.
        ArchiveVersionError: it has to be migrated, or this program to be upgraded.
    """
    if found == REVISION:
        return
    if found is None:
        raise ArchiveError(f"{where} holds no archive tables", "restore it from a backup")
    if found < REVISION:
        raise ArchiveVersionError(
            f"{where} was made by an earlier version (schema {found}, this program {REVISION})",
            "make a backup, then migrate it",
            kind=Kind.ARCHIVE_OUTDATED,
            archive=str(where),
        )
    raise ArchiveVersionError(
        f"{where} was made by a newer version (schema {found}, this program {REVISION})",
        "upgrade reidsearch",
    )


def require_current(connection: Connection, where: Path) -> None:
    """Refuse an archive of another version, or with other tables than this version makes.

    Raises:
        ArchiveError: it holds something else.
        ArchiveVersionError: it has to be migrated, or this program to be upgraded.
    """
    entries = expected.require_plain(connection, where)
    found = revision(connection)
    require_revision(found, where)
    expected.require_expected(entries, where, upgrade)
