"""The user's data folder: what this machine keeps of archives that lie elsewhere."""

from __future__ import annotations

import os
from pathlib import Path


def data_folder() -> Path:
    """`REIDSEARCH_DATA`, else the system's folder for this user's data."""
    chosen = os.environ.get("REIDSEARCH_DATA")
    if chosen:
        return Path(chosen).expanduser()
    import platformdirs

    return platformdirs.user_data_path("reidsearch", appauthor=False)
