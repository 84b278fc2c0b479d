"""Every page, on an archive with hostile names: light, dark, on a tablet, and by axe."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from urllib.parse import quote

import pytest
from browser_site import LAPTOP, TABLET, matches_of, program, serving

from reidsearch.web.pages import PAGES

FRAGMENTS = {"jobs_list.html", "queue.html"}
"""What other pages take in; no pages by themselves."""

pytestmark = pytest.mark.full

LOOKS = {
    "light": LAPTOP,
    "dark": LAPTOP | {"color_scheme": "dark"},
    "tablet": TABLET,
}
BAD = {"serious", "critical"}

# A name is shown as it is: no element of it is made, nothing after it is turned around, and what
# has no end and no space does not push anything out of the page.
SCRIPT = "<img src=x onerror=document.title='taken'><script>document.title='taken'</script>"
TURNED = "كاميرا \u202eإلى الخلف\u202c"
RIGHT_TO_LEFT = "كاميرا المدخل"
LONG = "w" * 200
NAMES = {"entrance": SCRIPT, "hall": TURNED, "yard": LONG}
FIRST_GONE, BESIDE_PX, WIDTH_PX = 100, 200, 640
"""By which frame the first person has left the entrance; how far beside them somebody walks."""
BESIDE_CROPS = 10
"""The crops of these two are the first: they are no one person."""
CASE = "2026/<b>17</b>"
FILES = {
    "entrance": "<img src=x onerror=document.title='taken'>.mp4",
    "hall": "فيديو \u202eملف\u202c.mp4",
    "yard": "v" * 200 + ".mp4",
}


def beside_the_first(detections: str) -> str:
    """Detections of somebody in sight at once with the first person: what is beside them."""
    found = []
    for line in detections.splitlines():
        frame, number, x, *rest = line.split(",")
        if int(frame) < FIRST_GONE and float(x) + float(rest[1]) + BESIDE_PX <= WIDTH_PX:
            found.append(",".join([frame, number, str(float(x) + BESIDE_PX), *rest]))
    return "".join(f"{line}\n" for line in found)


@pytest.fixture(scope="module")
def hostile(demo, tmp_path_factory) -> Path:
    """The demo's footage under hostile names, with identities of such, merged, linked, undone."""
    folder = tmp_path_factory.mktemp("hostile")
    lines = ["path,camera,start,detections"]
    for number, camera in enumerate(NAMES):
        [video] = (demo / "footage").glob(f"{camera}_*.mp4")
        shutil.copy(video, folder / FILES[camera])
        detected = video.with_suffix(".det.txt").read_text("utf-8")
        if camera == "entrance":
            detected += beside_the_first(detected)
        (folder / f"{camera}.det.txt").write_text(detected, "utf-8")
        start = f"2024-05-31T09:0{number}:00Z"
        lines.append(f'"{FILES[camera]}","{NAMES[camera]}",{start},{camera}.det.txt')
    (folder / "sources.csv").write_text("\n".join(lines) + "\n", "utf-8")
    archive = folder / "archive"
    videos = [folder / name for name in FILES.values()]
    listed = ("--sources", folder / "sources.csv")
    program("index", *videos[:2], "-a", archive, "--model", "builtin", *listed)
    asked = ("--crop", 1, "--camera", SCRIPT, "--camera", TURNED, "--min-score", 0.3)
    program("saved", "add", SCRIPT, *asked, "-a", archive)
    program("saved", "add", LONG, "--crop", 1, "--min-score", 0.3, "-a", archive)
    program("index", *videos, "-a", archive, *listed)
    program("link", "-a", archive, "--join-above", "0.6")
    matches = matches_of(archive, 1)
    first, second, third, *_ = [one for one in matches if one > BESIDE_CROPS]
    program("identity", "new", SCRIPT, 1, first, "-a", archive, "--note", SCRIPT)
    program("identity", "new", RIGHT_TO_LEFT, second, "-a", archive, "--note", RIGHT_TO_LEFT)
    program("identity", "new", LONG, third, "-a", archive, "--note", LONG)
    program("undo", "-a", archive, "--note", LONG)
    told = ("--title", SCRIPT, "--purpose", LONG, "--examiner", RIGHT_TO_LEFT)
    program("case", "new", CASE, *told, "-a", archive)
    program("index", *videos, "-a", archive, "--queue")
    return archive


@pytest.fixture(scope="module")
def site(browser, hostile):
    with serving(browser, hostile) as site:
        yield site


QUERIES = {
    "/merge": "?into=1&other=2",
    "/ask": f"?crop=1&camera={quote(SCRIPT)}&camera={quote(TURNED)}&camera={quote(LONG)}",
    "/answer": "?crop=1&deciding=1",
    "/answer/absence": "?crop=1",
    "/compare": "?crop=1&match=6&deciding=1",
    "/clocks": f"?reference={quote(SCRIPT)}",
    "/clocks/suggestion": f"?reference={quote(SCRIPT)}&overlapping={quote(TURNED)}"
    f"&overlapping={quote(LONG)}",
    "/saved/question": f"?name={quote(LONG)}",
    "/tracklets/{tracklet_id:int}/distance": "?second=2&closer_than=2heights",
    "/case": f"?number={quote(CASE)}",
    "/intersection": "".join(
        f"{mark}place={quote(name)}&begins=2024-05-31T09:00Z&ends=2024-05-31T09:30Z"
        for mark, name in (("?", SCRIPT), ("&", TURNED), ("&", LONG))
    ),
    "/browse": f"?camera={quote(SCRIPT)}&camera={quote(TURNED)}",
}


def address_of(path: str) -> str:
    """A path with a value for each of its parts, and what its page is asked for."""
    return re.sub(r"\{\w+(:\w+)?\}", "1", path) + QUERIES.get(path, "")


@pytest.fixture(scope="module", params=LOOKS)
def page(request, site):
    """A page in one look, signed in."""
    return site.by_link(**LOOKS[request.param]) if not site.contexts else _again(site, request)


def _again(site, request):
    """The link works once, so that the next looks take the session of the first."""
    page = site.page(**LOOKS[request.param])
    page.context.add_cookies(site.contexts[0].cookies())
    return page


@pytest.mark.parametrize("path", [one.path for one in PAGES if one.template not in FRAGMENTS])
def test_a_page_holds_under_hostile_names(site, page, path) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    told = site.told[site.contexts.index(page.context)]
    told.wrong.clear()
    shown = page.goto(site.address + address_of(path), wait_until="load")
    assert shown.status == 200, page.inner_text("main")
    page.wait_for_timeout(200)
    assert told.wrong == []
    assert page.title() != "taken"
    assert page.locator("img[src=x], script:not([src]):not([type='application/json'])").count() == 0
    wide, room = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide <= room, f"{wide - room} px stand out of the page"
    found = axe.run(page).response["violations"]
    worst = [
        f"{one['id']} ({one['impact']}): {one['help']}: {one['nodes'][0]['html'][:200]}"
        for one in found
        if one["impact"] in BAD
    ]
    assert worst == []
