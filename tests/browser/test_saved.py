"""Saving a question in a browser: from an answer, with new answers shown, to marked as seen."""

from __future__ import annotations

import pytest
from browser import unreadable

from reidsearch import Archive
from reidsearch.domain.crops import CropInput, Facts, HeldBytes

pytestmark = pytest.mark.slow


def require_whole_on_a_phone(page) -> None:
    """Nothing of the question is cut off, nor has to be scrolled to within the page."""
    size = page.viewport_size
    page.set_viewport_size({"width": 400, "height": 800})
    cut = page.locator("aside.pinned").evaluate("one => one.scrollHeight - one.clientHeight")
    assert cut <= 0, f"{cut} px are cut off"
    page.set_viewport_size(size)


def test_a_question_is_saved_from_its_answer_and_its_answers_are_looked_at(one, archive):
    page = one.open("/answer?crop=1&crop=2&not_camera=gate&adjusted=false")
    page.locator("details.save summary").click()
    require_whole_on_a_phone(page)
    page.locator("#save-name").fill("red & blue")
    page.locator("#save-score").fill("0.95")
    assert unreadable(page) == []
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.url.endswith("/saved?done=add")
    with Archive.open(archive, model="builtin", offline=True) as opened:
        [state] = opened.saved.all()
        assert state.question.asked.crops == (1, 2)
        assert state.question.asked.filters.not_cameras == ("gate",)
        assert not state.question.asked.requested.adjusted
        shown = page.request.get(one.base + "/api/v1/crops/1/picture").body()
        new = CropInput("/new/1.jpg", "1", HeldBytes(shown + b" "), None, Facts("yard"))
        opened.index_crops([new])
    page = one.open("/")
    assert page.locator("nav .badge").inner_text().startswith("1")
    page.locator(".figures a[href='/saved']").click()
    page.locator("th a").click()
    assert unreadable(page) == []
    require_whole_on_a_phone(page)
    assert page.locator(".match.new").count() == 1
    with page.expect_navigation():
        page.locator("form[data-api='/api/v1/saved/seen'] button").click()
    assert page.locator(".match").count() == 1
    assert page.locator(".badge, .match.new").count() == 0
    page.once("dialog", lambda dialog: dialog.accept())
    with page.expect_navigation():
        page.locator("form[data-api='/api/v1/saved/remove'] button").click()
    assert page.url.endswith("/saved?done=remove")
    with Archive.open(archive, model="builtin", offline=True) as opened:
        assert opened.saved.all() == []
