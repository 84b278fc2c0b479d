"""Answers by address: the same as asked for in a body, with their statement; and their pages."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest
from json_schemas import require_valid

from reidsearch.base.timecode import parse_zone
from reidsearch.output.readings import few, probability
from reidsearch.services.search_log import NOT_OF_THE_ANSWER
from reidsearch.web.api.asked import SearchAsked, pairs_of
from reidsearch.web.pages.answer import in_order
from reidsearch.web.pages.asking import Links, PageAsked
from reidsearch.web.person import Person, Role

YARD = Person("vera", Role.VIEWER, frozenset({"yard"}))


def read(html: str) -> str:
    """What is read of a page."""
    return re.sub(r"<script.*?</script>|<[^>]+>", " ", html, flags=re.DOTALL)


def without_asking(document):
    """An answer without when it was asked, and its entry of the log."""
    for of_the_asking in NOT_OF_THE_ANSWER:
        document["statement"].pop(of_the_asking)
    return document


@pytest.mark.full
def test_an_address_gives_the_answer_that_a_body_gives(served):
    by_body = served.client.post(
        "/api/v1/searches", json={"crop": [1], "k": 3, "camera": ["yard"], "reranked": False}
    ).json()
    address = "/api/v1/answers?crop=1&k=3&camera=yard&reranked=false"
    by_address = served.client.get(address).json()
    require_valid(by_address)
    assert without_asking(by_body) == without_asking(by_address)
    here = served.archive.search(1, k=3, reranked=False)
    assert by_address["statement"]["filters"]["cameras"] == ["yard"]
    assert {one["camera"] for one in by_address["matches"]} == {"yard"}
    assert len(here.matches) == 3


def test_times_without_a_zone_are_the_archives_own(served):
    served.state.zone = parse_zone("Asia/Tokyo")
    told = served.client.get("/api/v1/answers?crop=1&after=2024-05-31 21:00:30").json()
    assert told["statement"]["filters"]["after"] == "2024-05-31T12:00:30Z"


@pytest.mark.full
def test_the_plan_says_what_would_be_searched(served):
    plan = served.client.post("/api/v1/searches/plan", json={"camera": ["yard"]}).json()
    require_valid(plan)
    assert plan["cameras"] == ["yard"]
    assert 0 < plan["crops_searched"] < plan["crops_stored"]
    assert plan["plan"]["exact"] is True
    assert plan["footage"]["sources"] == 1
    html = served.client.get("/ask?camera=yard").text
    assert f"{plan['crops_searched']} of {plan['crops_stored']} crops" in html


@pytest.mark.full
@pytest.mark.parametrize(
    "query",
    [
        "crop=1&k=0",
        "crop=1&k=1001",
        "crop=x",
        "crop=1&prior=2",
        "crop=1&nonsense=1",
        "picture=zz",
        "crop=1&" + "&".join(f"picture={'0' * 64}" for _ in range(21)),
        "crop=1&wearing=polka",
        "crop=1&after=nonsense",
        "crop=99999999999999999999",
        "",
    ],
)
def test_what_makes_no_sense_is_refused_with_words(served, query):
    refused = served.client.get(f"/api/v1/answers?{query}")
    assert refused.status_code == 422
    assert refused.json()["detail"]
    page = served.client.get(f"/answer?{query}")
    assert page.status_code == 422
    assert "This did not work" in page.text


@pytest.mark.full
def test_somebody_limited_to_a_camera_searches_it_alone_and_is_told(served):
    own = next(one for one in served.archive.search(1).matches if one.crop.facts.camera == "yard")
    told = served.as_(YARD).get(f"/api/v1/answers?crop={own.crop.crop_id}").json()
    assert told["statement"]["filters"]["cameras"] == ["yard"]
    assert {one["camera"] for one in told["matches"]} == {"yard"}
    html = served.as_(YARD).get(f"/answer?crop={own.crop.crop_id}").text
    assert "Filters: camera yard" in html
    assert "gate.mp4" not in html
    compared = served.as_(YARD).get(
        f"/compare?crop={own.crop.crop_id}&match={told['matches'][0]['crop_id']}"
    )
    assert compared.status_code == 200
    assert "gate" not in compared.text
    assert "gate" not in served.as_(YARD).get("/ask").text


@pytest.mark.full
def test_the_page_shows_the_statement_the_rows_and_what_is_expected_below(served):
    html = served.client.get("/answer?crop=1").text
    found = served.archive.search(1, k=50)
    assert re.findall(r'id="m-(\d+)"', html) == [str(one.crop.crop_id) for one in found.matches]
    assert f"Searched {found.statement.crops_searched}" in html
    assert "The query itself" in html
    assert "the scores are not calibrated" in html
    assert "±" in html or found.matches[0].crop.moment.uncertainty_s is None


@pytest.mark.full
def test_an_answer_is_saved_as_a_page_that_stands_alone(served):
    html = served.client.get("/answer?crop=1&k=3&order=time&deciding=1&camera=yard").text
    address = re.search(r'href="(/api/v1/answers/page[^"]+)"', html)[1].replace("&amp;", "&")
    assert address == "/api/v1/answers/page?camera=yard&crop=1&k=3"
    saved = served.client.get(address)
    assert saved.headers["content-type"].startswith("text/html")
    assert "attachment" in saved.headers["content-disposition"]
    assert saved.text.count("data:image/jpeg") >= 3


@pytest.mark.full
def test_no_page_advises_a_command(served):
    served.archive.identities.new("anna", [1])
    for page in ("/answer?crop=1&camera=yard", "/compare?crop=1&match=9", "/answer?identity=anna"):
        html = served.client.get(page).text
        assert not re.search(r"\breidsearch [a-z]|\s--[a-z]", read(html)), page


def test_rows_come_by_rank_time_or_camera():
    rows = [
        {"n": 1, "first_time": "2024-05-31T12:05:00Z", "camera": "yard"},
        {"n": 2, "first_time": None, "camera": None},
        {"n": 3, "first_time": "2024-05-31T12:01:00Z", "camera": "gate"},
    ]
    assert [one["n"] for one in in_order(rows, "rank")] == [1, 2, 3]
    assert [one["n"] for one in in_order(rows, "time")] == [3, 1, 2]
    assert [one["n"] for one in in_order(rows, "camera")] == [3, 1, 2]


def test_feedback_is_a_new_address_and_the_same_again_takes_it_back(served):
    links = Links(PageAsked(crop=(1,), like=(4,)))
    assert links.marked("/answer", 7, like=False) == "/answer?crop=1&like=4&unlike=7"
    assert links.marked("/answer", 4, like=False) == "/answer?crop=1&unlike=4"
    assert links.marked("/answer", 4, like=True) == "/answer?crop=1"
    other = served.archive.search(1).matches[1].crop.crop_id
    html = served.client.get(f"/answer?crop=1&like={other}").text
    assert "You said that this is the person" in html
    assert "Refined by feedback" in html


def test_an_address_holds_all_that_was_asked_and_no_more():
    asked = SearchAsked(crop=(1, 2), camera=("a b", "ä&"), exact=True, min_score=0.5)
    assert pairs_of(asked) == [
        ("camera", "a b"),
        ("camera", "ä&"),
        ("crop", "1"),
        ("crop", "2"),
        ("min_score", "0.5"),
        ("exact", "true"),
    ]
    assert pairs_of(asked, camera=(), k=50, match=3)[-1] == ("match", "3")


@pytest.mark.full
def test_a_comparison_shows_both_with_their_shots_and_what_was_looked_at(served):
    match = served.archive.search(1).matches[1]
    html = served.client.get(f"/compare?crop=1&match={match.crop.crop_id}&k=20").text
    assert html.count('class="stripes"') == 2
    told = served.client.get(f"/api/v1/explanations?crop=1&match={match.crop.crop_id}").json()
    require_valid(told)
    assert f"Score {told['score']:.3f}" in html
    for crop_id in match.tracklet.crop_ids:
        assert f"/api/v1/crops/{crop_id}/picture" in html
    assert f"/answer?crop=1&amp;k=20#m-{match.crop.crop_id}" in html


@pytest.mark.full
def test_of_several_views_one_is_compared_at_a_time(served):
    html = served.client.get("/compare?crop=1&crop=2&match=9&view=1").text
    assert 'src="/api/v1/crops/2/picture" alt="Query"' in html


def test_a_comparison_of_nothing_says_so(served):
    for query in ("crop=1", "match=1", "crop=1&match=999"):
        assert served.client.get(f"/compare?{query}").status_code in {404, 422}


HOSTILE = "<img src=x onerror=alert(1)>\u202e" + "a" * 150


@pytest.mark.full
def test_hostile_names_stay_text(served):
    served.archive.identities.new("\"'><script>alert(1)</script>", [1])
    for page in (
        "/ask?identity=1",
        "/answer?identity=1",
        "/compare?identity=1&match=9&deciding=1",
        f"/ask?{urlencode({'source': HOSTILE, 'camera': HOSTILE})}",
    ):
        html = served.client.get(page).text
        assert "<script>alert" not in html
        assert "<img src=x" not in html
        assert "\u202e" not in read(html)  # a field holds what was filled in


@pytest.mark.full
def test_probabilities_are_bands_with_what_is_expected_below(calibrated):
    html = calibrated.client.get("/answer?crop=1&k=40").text
    found = calibrated.archive.search(1, k=40)
    assert html.count('class="band"') == len(found.matches)
    assert probability(found.matches[0].reading) in html
    last = min(found.matches, key=lambda one: one.score)
    assert f"{few(last.reading.false_alarms)} wrong crops of the 179 searched" in html
    likely = sum(one.reading.probability >= 0.5 for one in found.matches)
    assert f"{likely} of these 40 rows are more likely the person than not" in html
    assert "not calibrated" not in read(html)
