"""What the tables of docs/accuracy.md have in common: sets, and how lines and columns are named."""

from __future__ import annotations

from results import Row

REAL = {"cuhk03": "cuhk03-dev", "pku": "pku-viewpoints"}
ALL = {"few": "synthetic, few", "many": "synthetic, many", **REAL}
QUALITY = {"rank-1": "{rank-1}", "mAP": "{mAP}"}


def by_set(sets: Row, figures: Row, **where: str) -> dict[str, tuple[Row, str]]:
    """Columns: every figure on every set."""
    return {
        f"{short}: {title}": ({"set": name, **where}, template)
        for short, name in sets.items()
        for title, template in figures.items()
    }


def named(column: str, values: Row) -> dict[str, Row]:
    """Rows: what a line is called, and the value of one column that chooses it."""
    return {title: {column: value} for title, value in values.items()}


def same(column: str, *values: str) -> dict[str, Row]:
    """Rows that are called as the value that chooses them."""
    return named(column, dict(zip(values, values, strict=True)))


MAP_THEN_QUALITY = by_set({name: ALL[name] for name in ("few", "many")}, {"mAP": "{mAP}"}) | by_set(
    REAL, QUALITY
)
"""Synthetic sets by mAP alone, real ones by both."""
