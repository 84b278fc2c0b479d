"""A server that dies while a job runs: what its pages say, and what the next server knows."""

from __future__ import annotations

import shutil

import pytest
from browser import until
from browser_site import serving

pytestmark = pytest.mark.slow

STATE = "document.querySelector('[data-job]')?.dataset.state"


def test_a_job_whose_server_died_is_told_and_can_be_started_again(browser, demo, tmp_path) -> None:
    shutil.copytree(demo / "archive", tmp_path / "archive")
    shutil.copytree(demo / "footage", tmp_path / "footage")
    with serving(browser, tmp_path / "archive", tmp_path / "footage") as site:
        page = site.by_link(but=("ERR_",))
        crops = site.api(page, "/archive")["crops"]
        page.goto(f"{site.address}/jobs")
        page.click("#index-open")
        page.locator("#folder-entries button", has_text="Add").first.click()
        page.locator("#index-form input[name=frames]").check()
        page.click("#index-start")
        until(page, f"{STATE} === 'running'")
        page.reload()
        assert page.evaluate(STATE) == "running"
        site.kill()
        page.get_by_text("cannot be reached").wait_for()
        site.start()
        after = site.by_link()
        after.goto(f"{site.address}/jobs")
        assert after.evaluate(STATE) == "interrupted"
        assert site.api(after, "/archive")["crops"] >= crops
        after.locator("[data-act=again]").first.click()
        until(after, f"{STATE} === 'done'", seconds=120)
