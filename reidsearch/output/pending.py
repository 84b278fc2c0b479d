"""Pending work in words, with the command that finishes it."""

from __future__ import annotations

from collections.abc import Sequence

from reidsearch.domain.pending import Pending
from reidsearch.output.visible import visible


def finishing(archive: str) -> str:
    """Return what finishes pending work."""
    return (
        "any writing command finishes it, for instance: "
        f"reidsearch check --repair -a {visible(archive)}"
    )


def pending_lines(pending: Sequence[Pending], archive: str) -> list[str]:
    """Return what a command says at its end of work that is still pending."""
    told = [f"reidsearch: {one.sentence}" for one in pending]
    if any(not one.running for one in pending):
        told.append(f"  -> {finishing(archive)}")
    return told


def finished_line(finished: Pending) -> str:
    """Return what a command says of pending work that it has finished."""
    return f"Finished {finished.noun}: nothing of it is left."
