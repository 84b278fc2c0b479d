"""What a copy of an archive is, and what it could not take along."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reidsearch.output.visible import count, visible

if TYPE_CHECKING:
    from reidsearch.domain.copies import Copy


def copy_lines(made: Copy) -> list[str]:
    """Return what was copied, proven, and left behind."""
    held = sum(table.rows > 0 for table in made.tables)
    lines = [
        f"Copied {count(made.crops, 'crop')} to {visible(made.target)}: {count(made.rows, 'row')} "
        f"of {count(held, 'table')}, compared one by one.",
        f"SHA-256 of what both hold: {made.sha256}",
    ]
    if made.resumed:
        lines.append(
            "An earlier copy had begun it; "
            f"{count(made.brought, 'row')} that had changed since were brought over."
        )
    if made.log_faults:
        lines.append(
            f"WARNING: the event log has {count(made.log_faults, 'fault')}, there as here: "
            "reidsearch log verify"
        )
    if made.settings is not None:
        lines.append(
            f"Its settings stay in {visible(str(made.settings))}: write them into the file that "
            "names the database (docs/reference/settings.md)."
        )
    return lines


def copy_json(made: Copy) -> dict[str, Any]:
    """Return the same as JSON."""
    return {
        "schema": "reidsearch/copy/1",
        "from": made.source,
        "to": made.target,
        "archive_id": made.archive_id,
        "crops": made.crops,
        "rows": made.rows,
        "sha256": made.sha256,
        "tables": [
            {"name": one.name, "rows": one.rows, "sha256": one.sha256} for one in made.tables
        ],
        "resumed": made.resumed,
        "brought": made.brought,
        "entries": made.head.number if made.head else None,
        "head": made.head.digest.hex() if made.head else None,
        "log_faults": made.log_faults,
        "settings_left": str(made.settings) if made.settings else None,
    }
