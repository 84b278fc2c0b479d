"""Run every command of the tutorials, in order, in one empty folder.

    python docs/run_tutorial.py           run them; the first that fails ends it with exit code 1
    python docs/run_tutorial.py --write   also paste what they print into the pages

A command is a `sh` block. What it prints stands in the `text` block after it, if there is one.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

PAGES = tuple(
    Path(__file__).resolve().parent / name for name in ("tutorial.md", "case-tutorial.md")
)
"""The second one goes on where the first one ends."""
STEP = re.compile(r"^```sh\n(.*?)^```$(?:\n\n^```text\n(.*?)^```$)?", re.M | re.S)
FOLDER = "~/tutorial"
"""What the page shows in place of the folder that the commands really ran in."""


def run(page: str, folder: Path) -> str:
    """Return the page with the output of every command as it is now.

    Raises:
        subprocess.CalledProcessError: a command failed.
    """
    programs = Path(sys.executable).parent
    environment = os.environ | {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    for name in ("ARCHIVE", "CASE", "ACTOR"):
        environment.pop(f"REIDSEARCH_{name}", None)
    settings = folder / "settings"  # where the key of the event log goes
    environment["XDG_CONFIG_HOME"] = str(settings)

    def step(found: re.Match[str]) -> str:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", found[1]],
            cwd=folder,
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        )
        if found[2] is None:
            return found[0]
        told = done.stdout.replace(str(settings), "~/.config").replace(str(folder), FOLDER)
        lines = told.splitlines()
        printed = "\n".join(line.rstrip() for line in lines).strip("\n")
        return f"```sh\n{found[1]}```\n\n```text\n{printed}\n```"

    return STEP.sub(step, page)


def main() -> int:
    """Run the pages; write them when asked to."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            pages = [run(page.read_text("utf-8"), Path(folder).resolve()) for page in PAGES]
        except subprocess.CalledProcessError as error:
            print(f"{error.cmd[-1].strip()}\n{error.stdout}{error.stderr}", file=sys.stderr)
            return 1
    if "--write" in sys.argv[1:]:
        for path, page in zip(PAGES, pages, strict=True):
            path.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
