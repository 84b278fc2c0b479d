"""Draw the pictures of the browser's pages in docs/how-to: page-*.png.

    python docs/page_pictures.py

Makes the demo in an empty folder, serves its archive, and does in Chromium what the page tells,
with Playwright and the program of this environment. Each step is as the reader does it, so that a
step which no longer works ends the script with its name.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

DOCS = Path(__file__).resolve().parent
PROGRAM = [sys.executable, "-m", "reidsearch"]
SEEN = {"REIDSEARCH_ACTOR": "jane", "REIDSEARCH_OFFLINE": "1", "REIDSEARCH_MODELS": ""}
SIZE = {"width": 1280, "height": 720}
COLOURS = 200
CASE = {
    "number": "2026-17",
    "title": "Theft at the station",
    "authority_kind": "court order",
    "authority_reference": "12 Gs 345/26",
    "expires": "2036-12-02",
    "purpose": "find out where the bag was taken",
}
SHORT = """folder => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    texts.currentNode.data = texts.currentNode.data.replaceAll(folder, "~");
  }
}"""


@contextmanager
def served(folder: Path, archive: str = "demo/archive") -> Iterator[str]:
    """The demo's archive, or another beside it, served; its link."""
    serve = [*PROGRAM, "serve", "-a", archive, "--port", "0", "--offline"]
    process = subprocess.Popen(serve, cwd=folder, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        found = re.search(r"http://\S+", process.stdout.readline())
        assert found is not None, "the server did not say its address"
        yield found[0]
    finally:
        process.terminate()
        process.communicate(timeout=60)


def keep(page: Any, name: str, folder: Path) -> None:
    """Write what the page shows now as docs/page-NAME.png, in few colours so that it is small.

    The folder that the demo really lies in is shown as `~`.
    """
    page.wait_for_load_state("networkidle")
    page.evaluate(SHORT, str(folder))
    shown = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    few = shown.quantize(COLOURS, kmeans=1, dither=Image.Dither.NONE)
    few.save(DOCS / f"page-{name}.png", optimize=True)
    print(f"page-{name}.png")


def pressed(page: Any, key: str, marks: int) -> None:
    """Press a key that decides, and wait until so many rows say so."""
    page.keyboard.press(key)
    page.wait_for_timeout(100)
    for _ in range(100):
        if page.locator("[data-marks] .verdict").count() == marks:
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"{key} did not decide")


def review(page: Any, link: str, picture: Path) -> None:
    """Do the job from the overview to the page that is saved."""
    folder = picture.parent
    page.goto(link)
    keep(page, "overview", folder)
    page.click("nav a[href='/browse']")
    keep(page, "browse", folder)
    page.click("nav a[href='/ask']")
    with page.expect_navigation():
        page.set_input_files("#files", picture)
    keep(page, "ask", folder)
    draw_a_region(page, folder)
    with page.expect_navigation():
        page.click("#go")
    page.fill("form[data-new-identity] input", "Anna")
    with page.expect_navigation():
        page.click("form[data-new-identity] button")
    page.locator(".match").first.focus()
    pressed(page, "y", 1)
    page.keyboard.press("j")
    pressed(page, "y", 2)
    keep(page, "answer", folder)
    page.keyboard.press("j")
    with page.expect_navigation():
        page.keyboard.press("c")
    keep(page, "compare", folder)
    page.fill("textarea[name=note]", "Same jacket, same bag")
    with page.expect_navigation():
        page.locator("form[data-api$='/confirm'] button.main").click()
    page.click("nav a[href='/people']")
    page.locator("a[href^='/people/']").first.click()
    keep(page, "person", folder)
    page.locator("a[href^='/journeys/']").click()
    keep(page, "journey", folder)
    page.click("nav a[href='/log']")
    with page.expect_navigation():
        page.locator("form[data-api='/api/v1/decisions/undo'] button").first.click()
    keep(page, "log", folder)
    work_for_a_case(page, folder)


def draw_a_region(page: Any, folder: Path) -> None:
    """Draw the floor in front of a camera, and a line over it; filter by neither."""
    page.click("#places summary")
    page.wait_for_selector("#draw-still image")
    still = page.locator("#draw-still")
    size = still.bounding_box()
    for x, y in ((0.05, 0.68), (0.95, 0.68), (0.99, 0.97), (0.6, 0.84), (0.01, 0.97)):
        still.click(position={"x": x * size["width"], "y": y * size["height"]})
    page.fill("#draw-name", "floor")
    still.scroll_into_view_if_needed()
    page.evaluate("document.getElementById('places').scrollIntoView()")
    keep(page, "region", folder)
    for _ in range(5):
        page.click("#draw-back")
    page.fill("#draw-name", "")
    page.click("#places summary")


def work_for_a_case(page: Any, folder: Path) -> None:
    """Open a case, choose it, search for it, and look at it."""
    page.click("nav a[href='/cases']")
    for name, told in CASE.items():
        page.fill(f"#new-{name}", told)
    with page.expect_navigation():
        page.click("form[action='/cases/new'] button")
    page.select_option("select[name=reason]", "witness")
    page.fill("form[action='/cases/choose'] input[name=note]", "saw the car")
    with page.expect_navigation():
        page.click("form[action='/cases/choose'] button")
    page.click("nav a[href='/ask']")
    page.fill("#crops", "1")
    with page.expect_navigation():
        page.click("#go")
    page.click(".working a")
    keep(page, "case", folder)


def ask_again(folder: Path) -> None:
    """Index two cameras of the demo, save a question, and index the third."""
    naming = ("--recorder", "auto", "--timezone", "Europe/Berlin", "--sources", "demo/sources.csv")
    videos = sorted(str(one) for one in (folder / "demo" / "footage").glob("*.mp4"))
    question = ("striped coat", "--crop", "1", "--min-score", "0.4")
    for command in (
        ("index", *videos[:2], *naming, "--model", "builtin"),
        ("saved", "add", *question),
        ("index", videos[2], *naming),
    ):
        done = [*PROGRAM, *command, "-a", "again"]
        subprocess.run(done, cwd=folder, check=True, capture_output=True)


def main() -> None:
    """Make the demo, and the pictures of it."""
    os.environ.update(SEEN)
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as made, sync_playwright() as started:
        folder = Path(made).resolve()
        browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        subprocess.run([*PROGRAM, "demo"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        ask_again(folder)
        with served(folder, "again") as link:
            page = browser.new_context(viewport=SIZE).new_page()
            page.goto(link)
            page.click("nav a[href='/saved']")
            page.click("th a")
            keep(page, "saved", folder)
        with served(folder) as link:
            picture = folder / "person.jpg"
            crop = [*PROGRAM, "crop", "1", "-a", "demo/archive", "-o", str(picture)]
            subprocess.run(crop, cwd=folder, check=True, stdout=subprocess.DEVNULL)
            review(browser.new_context(viewport=SIZE).new_page(), link, picture)
        browser.close()


if __name__ == "__main__":
    main()
