"""Comparing clocks in a browser: told on the page itself, and set when somebody says yes."""

from __future__ import annotations

from pathlib import Path

import pytest

from reidsearch import Archive
from reidsearch.datasets.synthetic.town import drawn_town
from reidsearch.datasets.synthetic.town_archive import Look, write_town

pytestmark = pytest.mark.slow


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A town of three cameras, one of which is 95 s fast."""
    town = drawn_town(people=40, cameras=3, hours=2, offsets_s=(0.0, 95.0, -140.0), seed=3)
    write_town(tmp_path / "archive", town, look=Look(own=0.6), views=1)
    return tmp_path / "archive"


def test_clocks_are_compared_and_those_that_are_chosen_are_set(one, archive):
    page = one.open("/")
    page.locator("a[href='/clocks']").click()
    page.locator("select[name=reference]").select_option("entrance")
    page.locator("button", has_text="Compare clocks").click()
    box = page.locator("#told input[name=accept][value^='hall=']")
    box.wait_for()
    assert page.url.endswith("/clocks"), "it stands on the page that asked"
    one.until("document.querySelector('#told .drawn img').naturalWidth === 1280")
    box.check()
    page.locator("#told input[name=note]").fill("by people")
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.locator("#told button", has_text="Set the clocks").click()
    with Archive.open(archive, offline=True) as opened:
        assert opened.footage.clock_changes() == []
    page.once("dialog", lambda dialog: dialog.accept())
    with page.expect_navigation():
        page.locator("#told button", has_text="Set the clocks").click()
    assert page.url.endswith("/clocks?done=accept")
    with Archive.open(archive, offline=True) as opened:
        changes = opened.footage.clock_changes()
    assert len(changes) == 2
    assert all(each.why.startswith("by people; as suggested") for each in changes)
