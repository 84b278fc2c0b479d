"""Runs the jobs of the archive that is served, as long as it is served."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from reidsearch.base.address import Address, PostgresAddress
from reidsearch.base.settings import RuntimeSettings
from reidsearch.web.state import State

WORKER = (sys.executable, "-m", "reidsearch.web.worker")


@dataclass(frozen=True, slots=True)
class Opening:
    """How the processes of jobs open the archive: as `Archive.open` takes it."""

    model: str | None = None
    model_path: tuple[Path, ...] = ()
    offline: bool = False
    runtime: RuntimeSettings = RuntimeSettings()


@contextmanager
def jobs_running(state: State, opening: Opening) -> Iterator[None]:
    """Run jobs within; at the end what runs is stopped cleanly, and told as interrupted."""
    told = {
        "archive": _absolute(state.archive.address),
        "folders": [str(folder) for folder in state.settings.footage],
        "opening": asdict(opening) | {"model_path": [str(one) for one in opening.model_path]},
    }
    state.runner = state.archive.job_runner(WORKER, told)
    state.runner.start()
    try:
        yield
    finally:
        state.runner.stop()


def _absolute(address: Address) -> str:
    """Return where an archive is, for a process that may run in another folder."""
    return address.given if isinstance(address, PostgresAddress) else str(address.absolute())
