"""What has to be measured again: figures that are older than the code they speak of.

A file of results/speed names the commit that it was measured at. `SPEAKS_OF` says which parts of
the program a file is about; its figures are stale once a commit has touched one of them.
"""

from __future__ import annotations

import subprocess
from collections import Counter
from pathlib import Path

import results
from speed_files import FOLDER, measured

ROOT = Path(__file__).resolve().parents[1]
SEARCH = ("reidsearch/index", "reidsearch/search", "reidsearch/store")
FOOTAGE = ("reidsearch/media", "reidsearch/vision", "reidsearch/ingest")
SPEAKS_OF = {
    "index": ("reidsearch/ingest", "reidsearch/vision", "reidsearch/store"),
    "memory": ("reidsearch/ingest", "reidsearch/vision", "reidsearch/store"),
    "rerun": ("reidsearch/ingest", "reidsearch/store"),
    "query_warm": SEARCH,
    "query_cold": ("reidsearch",),
    "help": ("reidsearch/cli",),
    "looking": ("reidsearch/media", "reidsearch/services", "reidsearch/cli", "reidsearch/store"),
    "neighbours": SEARCH,
    "open": ("reidsearch/index", "reidsearch/store"),
    "footage": FOOTAGE,
    "memory_footage": FOOTAGE,
    "growth-footage": FOOTAGE,
    "skip_rules": FOOTAGE,
    "trackers": ("reidsearch/vision/tracking", "reidsearch/vision/detection"),
    "serve": ("reidsearch/web", *SEARCH),
    "clients": ("reidsearch/web", *SEARCH),
    "scale": SEARCH,
    "scale-goals": SEARCH,
}
NEVER = ("before",)  # what it holds is meant to be old


def files() -> list[str]:
    """Every file of results/speed, by name."""
    return sorted(path.stem for path in (results.RESULTS / FOLDER).glob("*.csv"))


def stale() -> list[str]:
    """A line for each file, or part of one, that is older than its code or of another machine."""
    when = {name: measured(name) for name in files() if name not in NEVER}
    machines = Counter(one.machine for parts in when.values() for one in parts.values())
    usual = machines.most_common(1)[0][0]
    told = []
    for name, parts in when.items():
        for commit in sorted({one.commit for label, one in parts.items() if _ours(name, label)}):
            newer = changes(commit, SPEAKS_OF[name])
            if newer:
                told.append(f"{name}: measured at {commit}; since then {newer} of the commits "
                            f"changed {', '.join(SPEAKS_OF[name])}")  # fmt: skip
        for machine in sorted({one.machine for one in parts.values()} - {usual}):
            told.append(f"{name}: measured on {machine}, others on {usual}")
        if any(one.busy for one in parts.values()):
            told.append(f"{name}: measured while other programs ran")
    return told


def _ours(name: str, label: str) -> bool:
    """Whether a part of a file speaks of this program, and not of another system."""
    return name != "scale" or "ours" in label


def changes(commit: str, paths: tuple[str, ...]) -> str:
    """How many commits since then touched these paths; empty when none did."""
    git = ["git", "-c", f"safe.directory={ROOT}", "-C", str(ROOT), "rev-list", "--count"]
    ran = subprocess.run(
        [*git, f"{commit}..HEAD", "--", *paths], check=False, capture_output=True, text=True
    )
    if ran.returncode:
        return "an unknown number"
    return ran.stdout.strip().removeprefix("0")
