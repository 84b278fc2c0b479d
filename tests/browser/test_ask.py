"""From a question to decisions in a browser, as people do it."""

from __future__ import annotations

import itertools
import re
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from reidsearch import Archive
from reidsearch.media.video.open import open_footage

pytestmark = pytest.mark.slow

CLIP = "one-by-one-person-detection.mp4"


@pytest.fixture
def anna(archive) -> int:
    with Archive.open(archive) as opened:
        return opened.identities.new("anna", [1]).changes[0].identity_id


@pytest.fixture
def two_people(shared, tmp_path) -> Path:
    """A picture of a scene with two people."""
    with open_footage(shared / "footage" / CLIP) as footage:
        alone = footage.frame_at(Fraction(12)).bgr()
    cv2.imwrite(str(tmp_path / "two.jpg"), np.hstack([alone, alone]))
    return tmp_path / "two.jpg"


def said(page, text: str) -> None:
    """Wait until a page says something."""
    page.locator("#said", has_text=re.compile(text)).wait_for()


def current(page) -> str:
    return page.locator(".match[aria-current]").get_attribute("id")


def marks(page, row: str) -> str:
    return page.locator(f"#{row} [data-marks]").inner_text().strip()


def test_by_the_keyboard_alone_from_a_picture_to_a_decision_and_back(one, anna, two_people):
    page = one.open("/ask")
    page.keyboard.press("Tab")  # to the skip link
    page.locator("#files").focus()
    with page.expect_navigation(), page.expect_file_chooser() as choosing:
        page.keyboard.press("Enter")
        choosing.value.set_files(two_people)
    assert "Several people are in this picture" in page.content()
    second = page.locator(".choice a").nth(1)
    second.focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert "The person you chose" in page.content()
    page.reload()  # loses nothing
    assert "The person you chose" in page.content()
    page.locator("#go").focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert "person 2 of 2" in page.locator(".statement").inner_text()

    page.keyboard.press("y")
    said(page, "Choose or make an identity first")
    select = page.locator("select[name=deciding]")
    select.focus()
    with page.expect_navigation():
        page.keyboard.press("ArrowDown")
    assert f"deciding={anna}" in page.url

    page.locator(".match").first.focus()
    for key in "jjkj":
        page.keyboard.press(key)
    row = current(page)
    assert row == page.locator(".match").nth(2).get_attribute("id")
    page.keyboard.press("u")
    said(page, "is left open for anna")
    assert marks(page, row) == "? unsure: anna"
    page.keyboard.press("n")
    said(page, "is rejected for anna")
    assert marks(page, row) == "✗ not anna"
    page.keyboard.press("z")
    said(page, "is taken back")
    assert marks(page, row) == "? unsure: anna"
    page.reload()
    assert marks(page, row) == "? unsure: anna"
    assert current(page) == row  # where one was
    page.keyboard.press("y")
    said(page, "confirmed|seen at the same time")
    page.keyboard.press("?")
    assert page.locator("#help").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("#help").is_visible()


def test_the_second_sees_the_firsts_decision_and_nothing_is_lost(people, anna):
    lea, max_ = people(), people()
    pages = [one.open(f"/answer?crop=1&deciding={anna}") for one in (lea, max_)]
    row = pages[0].locator(".match").nth(2).get_attribute("id")
    for page in pages:
        page.locator(f"#{row}").focus()
    pages[0].keyboard.press("n")
    said(pages[0], "is rejected for anna")
    pages[1].evaluate("window.dispatchEvent(new Event('focus'))")  # looks again
    said(pages[1], "Somebody else has decided")
    assert marks(pages[1], row) == "✗ not anna"
    pages[1].keyboard.press("n")
    said(pages[1], "decided already")
    other = pages[1].locator(".match").nth(1).get_attribute("id")
    pages[1].locator(f"#{other}").focus()
    pages[1].keyboard.press("u")
    said(pages[1], "left open")
    pages[0].evaluate("window.dispatchEvent(new Event('focus'))")
    said(pages[0], "Somebody else has decided")
    for page in pages:
        assert (marks(page, row), marks(page, other)) == ("✗ not anna", "? unsure: anna")


def test_feedback_is_an_address_and_back_is_the_answer_before(one):
    page = one.open("/answer?crop=1")
    page.locator(".match").nth(1).focus()
    row = current(page)
    before = page.locator(".match").count()
    with page.expect_navigation():
        page.keyboard.press("l")
    assert f"like={row.removeprefix('m-')}" in page.url
    assert page.locator(f"#{row}.liked").count() == 1
    page.go_back()
    assert "like=" not in page.url
    assert page.locator(".match").count() == before
    assert current(page) == row


def test_the_plan_follows_what_is_filled_in_and_stands_in_the_address(one):
    page = one.open("/ask")
    first = page.locator("#plan").inner_text()
    page.locator("select[name=camera]").select_option("yard")
    page.locator("#plan", has_text="1 camera: yard").wait_for()
    assert page.locator("#plan").inner_text() != first
    assert page.url.endswith("/ask?camera=yard&k=50&grouped=true&reranked=true&adjusted=true")
    page.reload()
    assert page.locator("select[name=camera]").input_value() == "yard"
    page.locator("input[name=after]").fill("nonsense")
    page.locator("input[name=after]").press("Tab")
    page.locator("#plan [role=alert]").wait_for()


def test_a_paused_frame_gives_somebody_to_search_for(one, shared, archive):
    page = one.open("/ask?frame=1@3:10,10,60,110")
    assert "The person you chose" in page.content()
    with page.expect_navigation():
        page.locator("#go").click()
    assert "box 10,10,50,100 in" in page.locator(".statement").inner_text()


def test_space_plays_the_footage_around_a_match(one):
    page = one.open("/answer?crop=1")
    page.locator(".match").first.focus()
    page.keyboard.press(" ")
    one.until("document.querySelector('.match video').currentTime > 0")
    page.keyboard.press(" ")
    one.until("document.querySelector('.match video').paused")


def test_a_comparison_flips_shows_stripes_and_takes_a_verdict_with_a_note(one, anna, archive):
    page = one.open(f"/answer?crop=1&deciding={anna}")
    page.locator(".match").nth(2).focus()
    crop = int(current(page).removeprefix("m-"))
    with page.expect_navigation():
        page.keyboard.press("c")
    heights = [
        page.locator(f"[data-shown={which}]").bounding_box()["height"]
        for which in ("query", "match")
    ]
    assert heights[0] == heights[1] > 300
    assert not page.locator(".stripes").first.is_visible()
    page.keyboard.press("s")
    assert page.locator(".stripes").first.is_visible()
    page.keyboard.press("f")
    assert "mirrored" in page.locator("[data-shown=match]").get_attribute("class")
    page.locator("textarea[name=note]").fill("another bag")
    with page.expect_navigation():
        page.locator("button", has_text="Reject").click()
    assert marks_of_comparison(page) == "✗ not anna"
    with Archive.open(archive) as opened:
        last = opened.identities.decisions()[-1]
    assert (last.what, last.note, last.changes[0].crops) == ("reject", "another bag", (crop,))


def test_what_cannot_be_is_confirmed_only_when_that_is_said(one, archive):
    with Archive.open(archive) as opened:
        seen = [(each, each.part_in(1)) for each in opened.footage.tracklets(1)]
        first, second = next(
            (one.crop_ids[0], other.crop_ids[0])
            for (one, here), (other, there) in itertools.combinations(seen, 2)
            if here.first_s <= there.last_s and there.first_s <= here.last_s
        )
        anna = opened.identities.new("anna", [first]).changes[0].identity_id
    page = one.open(f"/compare?crop={first}&match={second}&deciding={anna}")
    force = page.locator("[data-force]")
    assert not force.is_visible()
    page.locator("button.main", has_text="Confirm").click()
    said(page, "seen at the same time")
    one.wrong.clear()  # the refusal, which the browser logs
    with page.expect_navigation():
        force.click()
    assert marks_of_comparison(page) == "✓ anna"


def marks_of_comparison(page) -> str:
    return page.locator("[data-marks]").inner_text().strip()


def test_it_reads_without_scripts(chromium, link):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    base = link.partition("/sign-in/")[0]
    page.goto(link)
    page.goto(base + "/ask?crop=1")
    page.locator("#go").click()
    assert page.locator(".match").count() > 1
    assert "Searched" in page.locator(".statement").inner_text()
    page.locator(".match .button", has_text="Compare").first.click()
    assert page.locator(".picture img").count() == 2
    context.close()


def test_an_identity_is_made_where_it_is_needed_whatever_its_name(one):
    page = one.open("/answer?crop=1")
    page.get_by_role("textbox", name="New identity").fill("<img src=x onerror=alert(1)>")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.locator(".match").nth(2).focus()
    row = current(page)
    page.keyboard.press("n")
    said(page, "is rejected for <img src=x")
    assert marks(page, row) == "✗ not <img src=x onerror=alert(1)>"


def test_pictures_are_dropped_and_pasted(one, two_people):
    page = one.open("/ask")
    data = list(two_people.read_bytes())
    for kind, transfer in (("drop", "dataTransfer"), ("paste", "clipboardData")):
        with page.expect_navigation():
            page.evaluate(
                """([data, kind, transfer]) => {
                  const held = new DataTransfer();
                  const bytes = new Uint8Array(data);
                  held.items.add(new File([bytes], "two.jpg", { type: "image/jpeg" }));
                  const event = kind === "drop"
                    ? new DragEvent(kind, { [transfer]: held, bubbles: true, cancelable: true })
                    : new ClipboardEvent(kind, { [transfer]: held, bubbles: true });
                  document.getElementById("drop").dispatchEvent(event);
                }""",
                [data, kind, transfer],
            )
        assert page.locator(".choice a").count() == 2
        page.goto(one.base + "/ask")
    page.set_input_files(
        "#files", files=[{"name": "a.txt", "mimeType": "text/plain", "buffer": b"x"}]
    )
    said(page, "a.txt is no picture")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_anybody_from_reading_it(one, anna, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is missing")
    one.page.emulate_media(color_scheme=scheme)
    for path in (
        "/ask?look=1@3&crop=9&wearing=red",
        f"/answer?crop=1&deciding={anna}&camera=yard",
        f"/compare?crop=1&match=9&deciding={anna}",
    ):
        page = one.open(path)
        found = axe.Axe().run(page).response["violations"]
        assert [
            (path, each["id"]) for each in found if each["impact"] in {"serious", "critical"}
        ] == []
