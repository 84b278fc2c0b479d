"""The page of a source in a real browser: each way of playing shows the right frame and box."""

from __future__ import annotations

import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import cv2
import numpy as np
import pytest
from browser import Told, chromium, served_at_a_port, until
from played import index_all

from reidsearch import Archive
from reidsearch.media.video.frames import Frame
from reidsearch.media.video.open import open_footage
from reidsearch.web.app import make_state
from reidsearch.web.state import ServeSettings

pytestmark = pytest.mark.full

READY = "document.documentElement.dataset.ready === 'play'"
WAYS = ["file", "remuxed", "transcoded", "counted"]


@pytest.fixture(scope="module")
def site(scene, tmp_path_factory):
    """A served archive: its address, the sources, and how to open a page of it."""
    folder = tmp_path_factory.mktemp("browser")
    ids = index_all(scene[0], folder)
    with (
        chromium() as browser,
        Archive.open(folder / "archive", model="builtin", offline=True) as archive,
    ):
        state = make_state(archive, ServeSettings())
        with served_at_a_port(state) as address:
            yield Site(browser, state, address, ids)


class Site:
    """Opens pages of a served archive."""

    def __init__(self, browser, state, address, ids):
        self.browser, self.state, self.address, self.ids = browser, state, address, ids
        self.archive = state.archive

    def context(self, **more):
        context = self.browser.new_context(viewport={"width": 1280, "height": 720}, **more)
        link = self.state.sessions.link()
        context.request.get(f"{self.address}/sign-in/{link}")
        return context

    def play(self, name, at, **more):
        page = self.context(**more).new_page()
        page.goto(f"{self.address}/play/{self.ids[name]}?at={at}")
        return page


@pytest.fixture
def opened(site):
    """`opened("file", 11)`: a page that plays, and what it said wrongly."""
    pages = []

    def open_(name, at, but=()):
        page = site.context().new_page()
        told = Told(page, site.address, but)
        page.goto(f"{site.address}/play/{site.ids[name]}?at={at}")
        until(page, READY)
        pages.append(page)
        return page, told

    yield open_
    for page in pages:
        page.context.close()


def moment(page):
    return float(parse_qs(urlsplit(page.url).query)["at"][0])


def at(page, media_s):
    """Wait until the address says this moment."""
    end = time.monotonic() + 15
    while abs(moment(page) - media_s) > 0.002:
        assert time.monotonic() < end, (moment(page), media_s)
        page.wait_for_timeout(50)


def frames_of(site, name):
    path = Path(site.archive.playback.source(site.ids[name]).source.location)
    with open_footage(path) as footage:
        return {
            round(float(footage.info.media_s(item.pts)), 6): item.bgr()
            for item in footage.frames()
            if isinstance(item, Frame)
        }


@pytest.mark.parametrize("name", WAYS)
def test_each_way_shows_the_very_frame_of_the_moment(site, opened, name) -> None:
    """Every frame of the scene differs from its neighbours: people walk."""
    begin = 4.4 if name == "counted" else 11.0
    frames = frames_of(site, name)
    page, told = opened(name, begin)
    shot = page.evaluate("document.getElementById('video').currentTime")
    assert shot == pytest.approx(begin, abs=0.05)
    wanted = max(one for one in frames if one <= begin + 1e-6)
    page.keyboard.press(".")
    at(page, min(one for one in frames if one > wanted))
    page.keyboard.press(",")
    at(page, wanted)
    pixels = page.evaluate(
        """() => { const video = document.getElementById('video');
        const canvas = document.createElement('canvas');
        [canvas.width, canvas.height] = [160, 90];
        const drawn = canvas.getContext('2d');
        drawn.drawImage(video, 0, 0, 160, 90);
        return [...drawn.getImageData(0, 0, 160, 90).data]; }"""
    )
    shown = np.array(pixels, np.uint8).reshape(90, 160, 4)[..., 2::-1]

    def apart(pixels):
        small = cv2.resize(pixels, (160, 90), interpolation=cv2.INTER_AREA)
        return float(np.abs(small.astype(int) - shown).mean())

    near = [one for one in frames if abs(one - wanted) < 0.6]
    assert min(near, key=lambda one: apart(frames[one])) == wanted
    assert told.wrong == []


@pytest.mark.parametrize("name", WAYS)
def test_keys_step_play_and_jump_and_the_address_follows(site, opened, name) -> None:
    page, told = opened(name, 4)
    step = 0.04 if name == "counted" else 0.1
    page.keyboard.press(".")
    at(page, 4 + step)
    for _ in range(3):
        page.keyboard.press(",")
    at(page, 4 - 2 * step)
    page.keyboard.press("ArrowLeft")
    at(page, 0)
    page.keyboard.press("k")
    until(page, "document.getElementById('video').currentTime > 1.2")
    page.keyboard.press("k")
    until(page, "document.getElementById('video').paused")
    page.wait_for_timeout(600)
    stopped = moment(page)
    assert stopped > 1
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("k")
    until(page, "document.getElementById('video').ended")
    page.evaluate(f"history.replaceState(null, '', '?at={stopped}')")
    page.reload()
    until(page, READY)
    assert page.evaluate("document.getElementById('video').currentTime") == pytest.approx(
        stopped, abs=0.05
    )
    assert told.wrong == []


def boxes(page):
    """Left edge of the box of each tracklet, as drawn."""
    return page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll('#boxes a')].map(
        (link) => [link.dataset.tracklet, Number(link.firstElementChild.getAttribute('x'))]))"""
    )


@pytest.mark.parametrize("name", ["file", "transcoded"])
def test_boxes_move_with_the_picture_and_lead_to_their_tracklets(site, opened, name) -> None:
    page, _ = opened(name, 10.5, but=("404",))
    page.keyboard.press(".")
    at(page, 10.6)
    page.wait_for_timeout(300)
    told = site.archive.playback.boxes(site.ids[name], 10, 11)
    media_s = told.source.info.media_s
    wanted = {
        str(one.tracklet_id): round(float(run.xyxy[row][0]), 1)
        for one in told.tracklets
        for run in one.runs
        for row in range(len(run))
        if abs(float(media_s(int(run.pts[row]))) - 10.6) < 0.001
    }
    assert len(wanted) == 2
    assert boxes(page) == pytest.approx(wanted, abs=0.15)
    page.keyboard.press("k")
    until(page, "document.getElementById('video').currentTime > 12")
    moved = boxes(page)
    assert all(abs(moved[one] - wanted[one]) > 20 for one in wanted if one in moved)
    page.keyboard.press("k")
    page.wait_for_timeout(600)
    link = page.locator("#boxes a").first
    number = link.get_attribute("data-tracklet")
    link.locator("rect").click()
    page.wait_for_url(f"**/tracklets/{number}")


def test_footage_that_goes_away_is_told_while_it_plays(site, opened) -> None:
    page, told = opened("transcoded", 1, but=("409", "ERR_INCOMPLETE_CHUNKED_ENCODING"))
    path = Path(site.archive.playback.source(site.ids["transcoded"]).source.location)
    kept = path.read_bytes()
    try:
        path.unlink()
        page.evaluate("document.getElementById('video').currentTime = 1")
        page.keyboard.press(".")
        until(page, "!document.getElementById('problem').hidden")
        assert "no longer there" in page.locator("#problem").inner_text()
        assert page.locator("#video").is_hidden()
        page.reload()
        assert "no longer there" in page.locator("#problem").inner_text()
        assert page.locator("#video").count() == 0
    finally:
        path.write_bytes(kept)
    assert told.wrong == []


def test_nothing_works_on_when_the_page_is_left(site, opened) -> None:
    slots = site.archive.playback._slots._free
    page, _ = opened("transcoded", 1)
    for second in (15, 2, 16, 3):
        page.evaluate(f"document.getElementById('video').currentTime = {second}")
        page.wait_for_timeout(30)
    page.close()
    end = time.monotonic() + 10
    while slots._value != slots._initial_value:
        assert time.monotonic() < end
        time.sleep(0.05)


def test_without_javascript_it_shows_the_still_and_links(site) -> None:
    page = site.play("file", 11, java_script_enabled=False)
    try:
        assert page.locator("#boxes a").count() == 2
        assert page.locator("#still").evaluate("image => image.naturalWidth") == 640
        page.get_by_text("Frame after").click()
        assert moment(page) == pytest.approx(11.1)
    finally:
        page.context.close()
