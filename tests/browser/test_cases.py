"""Working for a case in a browser: chosen, shown on every page, recorded, refused at its end."""

from __future__ import annotations

import re

import pytest
from browser import unreadable

from reidsearch import Archive
from reidsearch.domain.cases import Needed
from reidsearch.domain.event_log import Event

pytestmark = pytest.mark.slow


def test_from_no_case_to_a_decision_that_belongs_to_one(one, archive):
    with Archive.open(archive) as opened:
        opened.cases.require(Needed.REASON)
        opened.identities.new("anna", [1])
    page = one.open("/cases")
    page.locator("#new-number").fill("2026/17 ä")
    page.locator("#new-title").fill("Theft")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.locator("summary").click()
    assert unreadable(page) == []
    one.open("/answer?crop=1&deciding=1")
    assert unreadable(page) == []
    assert "searched for a case only" in page.locator("[role=alert]").inner_text()
    page.locator("select[name=reason]").select_option("witness")
    page.locator("form[action='/cases/choose'] input[name=note]").focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.url.endswith("/answer?crop=1&deciding=1")
    assert page.locator(".working").inner_text().startswith("Case 2026/17 ä · Theft")

    with Archive.open(archive) as opened:
        opened.cases.new("2")
    other = page.context.new_page()  # another window of the same session
    other.goto(one.base + "/case?number=2")
    other.locator("select[name=reason]").select_option("missing")
    with other.expect_navigation():
        other.locator("button", has_text="Work for this case").click()
    page.locator(".match").nth(2).focus()
    page.keyboard.press("n")
    page.locator("#said", has_text="is rejected for anna").wait_for()
    with Archive.open(archive) as opened:
        *_, decided = opened.log.entries(events=[Event.DECISION])
        assert decided.case == "2026/17 ä", "for the case that the page shows"
        opened.cases.close("2026/17 ä")
    page.keyboard.press("z")
    page.locator("#said", has_text=re.compile("was closed at .* Choose another case")).wait_for()
    one.open("/case?number=2026/17+ä&done=close")
    assert unreadable(page) == []
    one.wrong.clear()  # refusals, which the browser logs
    assert page.locator(".working").inner_text().startswith("Case 2")
    with page.expect_navigation():
        page.locator("button", has_text="Leave").click()
    assert page.locator(".working").count() == 0
