"""How a connection reads past the views that prove rows: by the schema of the tables."""

from __future__ import annotations

from typing import Any

UNPROVEN: dict[str, Any] = {"schema_translate_map": {None: "main"}}
"""Execution options; in SQLite `main` is the file, in PostgreSQL the schema of the tables."""
