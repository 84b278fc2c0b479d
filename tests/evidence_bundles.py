"""A small real evidence bundle for the tests."""

from __future__ import annotations

import json
from pathlib import Path

from archives import CommandLine

CASE = "2026-17"


def made(run: CommandLine, out: Path, *arguments: object, code: int = 0) -> dict[str, object]:
    """Write a bundle; return what the command says as JSON."""
    ran = run("export", "evidence", *arguments, "-o", out, "--format", "json")
    assert ran.code == code, ran.err
    told: dict[str, object] = json.loads(ran.out)
    return told


def work_on_a_case(run: CommandLine) -> None:
    """Search, decide for one case, and search for another one."""
    for number in (CASE, "other"):
        assert run("case", "new", number, "--title", "Theft", "--authority-kind", "order").code == 0
        assert run("query", "--crop", 1, "--case", number, "--format", "json").code == 0
    assert run("identity", "new", "anna", 1, "--case", CASE).code == 0
