"""Deciding as people do it: by keys alone, with reloads, two at once, and on the way back."""

from __future__ import annotations

from typing import Any

import pytest
from browser import until

pytestmark = pytest.mark.slow

MOST_STOPS = 120


def tab_to(page: Any, selector: str, back: bool = False) -> None:
    """Press Tab until the element that has the focus is one of these."""
    for _ in range(MOST_STOPS):
        page.keyboard.press("Shift+Tab" if back else "Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
    raise AssertionError(f"Tab does not reach {selector}")


def enter(page: Any, selector: str) -> None:
    """Go to a link or a button by Tab, and press it."""
    tab_to(page, selector)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def marks(page: Any) -> list[str]:
    """What is decided of each row of an answer."""
    return page.locator("[data-marks]").all_inner_texts()


def row_of(page: Any, crop: int) -> Any:
    return page.locator(f"#m-{crop}")


def said(page: Any, text: str) -> None:
    """Wait until the page says something."""
    page.locator("#said", has_text=text).wait_for()


def answer(site: Any, page: Any, name: str) -> int:
    """Make an identity of nobody yet, and open the answer to crop 1 deciding on it."""
    made = site.api(page, "/identities", {"name": name})["decision"]["changes"]
    number = next(one["identity_id"] for one in made if one["of"] == "name")
    page.goto(f"{site.address}/answer?crop=1&deciding={number}")
    return int(number)


def test_by_keys_alone_from_the_question_to_the_journey(site) -> None:
    page = site.by_link()
    enter(page, "nav a[href='/ask']")
    tab_to(page, "#crops")
    page.keyboard.type("1")
    enter(page, "#go")
    tab_to(page, "form[data-new-identity] input")
    page.keyboard.type("Anna")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    tab_to(page, ".match")
    page.keyboard.press("j")
    for _ in range(2):
        page.keyboard.press("y")
        said(page, "Anna")
        until(page, "document.activeElement.querySelector('[data-marks] .yes') !== null")
        page.keyboard.press("j")
    page.keyboard.press("z")
    until(page, "document.querySelectorAll('[data-marks] .yes').length === 1")
    page.keyboard.press("k")
    page.keyboard.press("y")
    until(page, "document.querySelectorAll('[data-marks] .yes').length === 2")
    page.keyboard.press("j")
    page.keyboard.press("n")
    until(page, "document.querySelectorAll('[data-marks] .no').length === 1")
    page.keyboard.press("?")
    assert page.locator("#help").is_visible()
    page.keyboard.press("Escape")
    enter(page, "nav a[href='/people']")
    enter(page, ".card a[href^='/people/']")
    assert page.locator("h1").inner_text().startswith("Anna")
    enter(page, "a[href^='/journeys/']")
    stops = page.locator(".stops .stop")
    assert stops.count() == 2
    assert all(stops.all_inner_texts())


def test_a_reload_loses_nothing(site) -> None:
    page = site.by_link()
    number = answer(site, page, "Anna")
    rows = page.locator(".match")
    rows.nth(2).click(position={"x": 5, "y": 5})
    page.keyboard.press("y")
    said(page, "Anna")
    until(page, "document.querySelectorAll('[data-marks] .yes').length === 1")
    before, address = marks(page), page.url
    page.reload()
    assert page.url == address
    assert marks(page) == before
    assert page.evaluate("document.activeElement.matches('.match:nth-child(3)')")
    page.goto(f"{site.address}/ask")
    page.fill("#crops", "1")
    page.select_option("select[name=camera]", "hall")
    page.keyboard.press("Tab")
    until(page, "document.querySelector('#plan').innerText.includes('hall')")
    until(page, "location.search.includes('camera=hall')")
    plan = page.locator("#plan").inner_text()
    page.reload()
    assert page.input_value("#crops") == "1"
    assert page.locator("#plan").inner_text() == plan
    for path in ("/browse?camera=yard&sort=duration", f"/people/{number}", "/log", "/play/1?at=4"):
        page.goto(site.address + path)
        shown, address = page.locator("main").inner_text(), page.url
        page.reload()
        assert (page.locator("main").inner_text(), page.url) == (shown, address)


def test_back_and_forward_return_to_what_was_shown(site) -> None:
    page = site.by_link()
    answer(site, page, "Anna")
    addresses = [page.url]
    page.locator(".match").nth(1).click(position={"x": 5, "y": 5})
    page.keyboard.press("y")
    said(page, "Anna")
    addresses[0] = page.url
    with page.expect_navigation():
        page.keyboard.press("c")
    addresses.append(page.url)
    page.goto(f"{site.address}/log")
    page.go_back()
    assert page.url == addresses[1]
    page.go_back()
    assert page.url == addresses[0]
    until(page, "document.querySelectorAll('[data-marks] .yes').length === 1")
    page.go_forward()
    assert page.url == addresses[1]


def test_the_second_of_two_sees_what_the_first_decided_and_nothing_is_lost(site) -> None:
    first = site.by_link()
    number = answer(site, first, "Anna")
    second = site.by_password("berta", but=("409",))
    second.goto(first.url)
    crops = [int(row.get_attribute("data-crop")) for row in second.locator(".match").all()]
    one, other = crops[1], crops[2]
    row_of(first, one).click(position={"x": 5, "y": 5})
    first.keyboard.press("y")
    until(first, "document.querySelectorAll('[data-marks] .yes').length === 1")
    # The second page was opened before, and says the opposite of the same match.
    row_of(second, one).click(position={"x": 5, "y": 5})
    second.keyboard.press("n")
    until(second, "document.querySelector('#said').classList.contains('error')")
    until(second, "document.querySelectorAll('[data-marks] .yes').length === 1")
    row_of(second, other).click(position={"x": 5, "y": 5})
    second.keyboard.press("n")
    until(second, "document.querySelectorAll('[data-marks] .no').length === 1")
    first.evaluate("window.dispatchEvent(new Event('focus'))")
    until(first, "document.querySelectorAll('[data-marks] .no').length === 1")
    assert marks(first) == marks(second)
    told = site.api(first, "/decisions")["decisions"]
    by = {(one["who"], one["what"]) for one in told}
    assert ("berta", "reject") in by
    assert len({one["who"] for one in told}) == 2
    held = site.api(first, f"/identities/{number}")
    assert len(held["members"]) == 1
    # Each takes back their own.
    second.keyboard.press("z")
    until(second, "document.querySelectorAll('[data-marks] .no').length === 0")
    assert len(site.api(first, f"/identities/{number}")["members"]) == 1
