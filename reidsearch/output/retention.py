"""Retention rules, and what they delete, as text and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from reidsearch.base.timecode import iso
from reidsearch.domain.holds import Due, RetentionRule
from reidsearch.output.columns import Column, FittedTable
from reidsearch.output.holds import held_json, held_lines
from reidsearch.output.visible import count, visible


def rules_view(rules: Sequence[RetentionRule]) -> RenderableType:
    """All rules, one a line."""
    if not rules:
        return Text("No retention rules: nothing is deleted by its age.")
    return FittedTable(
        [
            Column("of", [visible(one.text) for one in rules], 0, wrapped=True),
            Column("days", [str(one.days) for one in rules], 0),
            Column("set by", [visible(one.set_by) for one in rules], 1, wrapped=True),
        ]
    )


def rules_json(rules: Sequence[RetentionRule]) -> dict[str, Any]:
    """All rules."""
    return {"schema": "reidsearch/retention/1", "rules": [_rule(one) for one in rules]}


def rule_text(change: str, rule: RetentionRule) -> str:
    """What was done with a rule."""
    if change == "clear":
        return f"No retention rule for {visible(rule.text)} any more."
    kept = f"Crops of {visible(rule.text)} are kept {count(rule.days, 'day')}"
    return f"{kept}: reidsearch retention run deletes older ones."


def rule_json(change: str, rule: RetentionRule) -> dict[str, Any]:
    """What was done with a rule."""
    return {"schema": "reidsearch/retention-change/1", "change": change, "rule": _rule(rule)}


def run_lines(planned: Sequence[Due]) -> list[str]:
    """What each rule deletes, and what holds keep."""
    lines = []
    for one in planned:
        of, crops = visible(one.rule.text), count(len(one.crop_ids), "crop")
        told = f"{of}, {count(one.rule.days, 'day')}: {crops}"
        if one.by_indexing:
            told += f" ({one.by_indexing} by the time of indexing)"
        lines += [told, *(f"  {line}" for line in held_lines(one.held))]
    return lines


def run_json(planned: Sequence[Due], *, deleted: bool) -> dict[str, Any]:
    """What each rule deleted, or would."""
    return {
        "schema": "reidsearch/retention-run/1",
        "deleted": deleted,
        "rules": [
            {
                **_rule(one.rule),
                "crop_ids": list(one.crop_ids),
                "by_indexing": one.by_indexing,
                "on_hold": held_json(one.held),
            }
            for one in planned
        ],
    }


def _rule(rule: RetentionRule) -> dict[str, Any]:
    return {
        "camera": rule.camera,
        "days": rule.days,
        "set_at": iso(rule.set_at),
        "set_by": rule.set_by,
    }
