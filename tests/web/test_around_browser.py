"""What follows a page in a real browser: put in by itself, or when it is asked for by keys."""

from __future__ import annotations

import pytest
from browser import Told, chromium, served_at_a_port, until

from reidsearch.domain.cases import Needed

pytestmark = pytest.mark.slow


def test_what_is_asked_for_is_put_into_the_page_and_focused(town) -> None:
    with chromium() as browser, served_at_a_port(town.state) as address:
        page = browser.new_context(viewport={"width": 1280, "height": 720}).new_page()
        told = Told(page, address)
        page.goto(f"{address}/sign-in/{town.state.sessions.link()}")

        page.goto(f"{address}/people/p0")
        assert page.locator("#company").is_hidden()
        page.locator("form[data-into=company] button").focus()
        page.keyboard.press("Enter")
        until(page, "document.activeElement.id === 'company'")
        assert page.url == f"{address}/people/p0"
        assert page.locator("#company tbody th").first.inner_text() == "p1"

        page.goto(f"{address}/answer?crop=1&k=3")
        until(page, "document.querySelector('#absence .note') !== null")
        assert "this search would have shown them" in page.locator("#absence").inner_text()

        page.goto(f"{address}/")
        until(page, "document.querySelector('#audit details') !== null")
        assert "has gone dark at" in page.locator("#audit").inner_text()
        town.archive.cases.require(Needed.CASE)
        page.goto(f"{address}/people/p0")
        page.locator("form[data-into=next] button").click()
        page.wait_for_url(f"{address}/cases?why=case-required*")
        assert told.wrong == []
