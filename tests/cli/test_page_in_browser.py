"""A page in a real browser: nothing refused, nothing asked for, no script run, clips that play."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from archives import CommandLine, sql

from reidsearch import Archive

pytestmark = pytest.mark.slow

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
PROBE = """<!doctype html><title>probe</title><video src="{}" preload="auto"></video><script>
const video = document.querySelector("video")
video.onloadeddata = () => document.title = `plays ${{video.videoWidth}}`
video.onerror = () => document.title = `error ${{video.error.message}}`
</script>"""


@pytest.fixture
def seen(run: CommandLine, footage_once: Path, footage: Path) -> CommandLine:
    """Two videos, whose cameras have names that would run if they were not escaped."""
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine")
    shutil.copytree(footage_once, run.archive)
    hostile = "<script>document.title='owned'</script><img src=http://example.org/x.png>"
    sql(run.archive, "UPDATE camera SET name = :name || id", name=hostile)
    return run


def browsed(address: Path, profile: Path) -> tuple[str, str]:
    """What a browser makes of a page, and what its console and network said."""
    ran = subprocess.run(
        [
            str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom",
            f"--user-data-dir={profile}", "--enable-logging=stderr", "--v=0",
            "--virtual-time-budget=5000", "--autoplay-policy=no-user-gesture-required",
            address.as_uri(),
        ],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    return ran.stdout, "\n".join(
        line for line in ran.stderr.splitlines() if "CONSOLE" in line or "example.org" in line
    )


@pytest.mark.parametrize("form", ["file", "folder"])
def test_a_page_in_a_browser(form: str, seen: CommandLine, tmp_path: Path) -> None:
    out = tmp_path / ("page.html" if form == "file" else "page")
    more = [] if form == "file" else ["--clips"]
    assert seen("export", "page", "query", "--crop", 1, *more, "-o", out).code == 0
    page = out if form == "file" else out / "index.html"
    dom, said = browsed(page, tmp_path / "profile")
    assert said == "", "neither errors nor what the policy refused"
    assert re.search(r"<title>Query: crop 1 - reidsearch</title>", dom)
    assert "<script" not in dom
    if form == "folder":
        eager = out / "eager.html"  # the policy lets clips be loaded
        eager.write_text(page.read_text().replace('preload="none"', 'preload="auto"'))
        assert "<video" in dom
        assert browsed(eager, tmp_path / "profile")[1] == ""
        clip = next((out / "clips").iterdir())
        probe = tmp_path / "probe.html"
        probe.write_text(PROBE.format(clip.as_uri()))
        dom, _ = browsed(probe, tmp_path / "profile")
        with Archive.open(seen.archive) as archive:
            width = archive.footage.coverage()[0].info.width_px
        assert f"<title>plays {width}</title>" in dom
