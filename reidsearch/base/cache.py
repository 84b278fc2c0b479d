"""The user's cache folder: what lies there can be made again."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """`REIDSEARCH_CACHE`, else the system's folder for this user's caches."""
    chosen = os.environ.get("REIDSEARCH_CACHE")
    if chosen:
        return Path(chosen).expanduser()
    import platformdirs

    return platformdirs.user_cache_path("reidsearch")
