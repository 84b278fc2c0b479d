"""A query beside a match: both at equal height, what the model looked at, and a verdict."""

from __future__ import annotations

from typing import Any

from reidsearch.base.errors import ModelError, UsageError
from reidsearch.domain.answer_json import crop_facts_json
from reidsearch.domain.event_log import Shown
from reidsearch.domain.explanation import Explanation, Neighbour
from reidsearch.domain.query_views import QueryView
from reidsearch.output.explanation import known, sentences
from reidsearch.output.purity import purity_text
from reidsearch.output.statement import without_commands
from reidsearch.web.api import searches
from reidsearch.web.api.asked import request_of, views_of
from reidsearch.web.api.searches import ExplanationAsked
from reidsearch.web.call import Call
from reidsearch.web.declared import Page, Values
from reidsearch.web.pages.asking import ANSWER, COMPARE, Links, PageAsked, crop_image, image_of
from reidsearch.web.person import Role
from reidsearch.web.problems import problem_of

MOST_VIEWS = 40


def compare(call: Call, asked: PageAsked) -> Values:
    """Return what the page shows."""
    if asked.match is None:
        raise UsageError("no match to compare was named", "open it from an answer")
    match = call.crop(asked.match)
    views = _views(call, asked)
    at = min(asked.view, len(views) - 1)
    links = Links(asked)
    told, problem = _explained(call, _alone(asked, views[at]))
    seen = call.archive.footage.tracklet(match.moment.tracklet_id) if match.moment else None
    mark = call.identities.marks_of_crops([match.crop_id])[match.crop_id]
    deciding = asked.deciding or asked.identity
    identities = call.open_identities()
    return {
        "asked": asked,
        "links": links,
        "problem": problem,
        "sentences": without_commands(sentences(told)) if told else [],
        "views": [
            {"image": _image(one), "address": links(COMPARE, view=number), "current": number == at}
            for number, one in enumerate(views)
        ],
        "query_image": _image(views[at]),
        "query_shots": _shots(call, views[at]),
        "match_image": crop_image(match.crop_id),
        "match": crop_facts_json(match),
        "doubt_text": purity_text(seen.purity)
        if seen and seen.purity and seen.purity.doubts
        else "",
        "match_shots": [
            {"crop_id": one, "image": crop_image(one), "address": links(COMPARE, match=one)}
            for one in (seen.crop_ids if seen else (match.crop_id,))
        ],
        "stripes": _stripes(told) if told else [],
        "near": {
            "near_query": [_near(one) for one in told.near_query],
            "near_match": [_near(one) for one in told.near_match],
        }
        if told
        else {},
        "mark": mark,
        "identities": identities,
        "deciding": next(
            (one for one in identities if deciding in {one.name, str(one.identity_id)}), None
        ),
        "decides": call.may(Role.ANALYST),
        "back": links(ANSWER, match=None, view=0) + f"#m-{match.crop_id}",
        "play": f"/play/{match.source_id}?at={float(match.moment.media_s)}"
        if match.moment
        else None,
    }


def _views(call: Call, asked: PageAsked) -> list[QueryView | int]:
    """Return the views of the query that may be compared: pictures, frames, then crops."""
    views: list[QueryView | int] = [*views_of(asked), *asked.crop]
    if asked.identity is not None:
        request = request_of(call, asked, read=False)
        crops = call.archive.searching.query_pictures(request)
        seen = call.sight.crops(one for one in crops if isinstance(one, int))
        views += [one for one in crops if isinstance(one, int) and one in seen]
    if not views:
        raise UsageError("there is nothing to compare the match with", "open it from an answer")
    return list(dict.fromkeys(views))[:MOST_VIEWS]


def _explained(
    call: Call, asked: ExplanationAsked
) -> tuple[Explanation | None, dict[str, Any] | None]:
    """Return why the match scores so, or, where the model is missing, what is the matter."""
    try:
        return searches.explained(call, asked), None
    except ModelError as error:  # both can be looked at without
        call.looks_at(Shown.MATCH, asked.match)
        return None, problem_of(error)


def _alone(asked: PageAsked, view: QueryView | int) -> ExplanationAsked:
    """Return the question for one view of the query."""
    crop = (view,) if isinstance(view, int) else ()
    picture = (view.text,) if isinstance(view, QueryView) and view.sha256 else ()
    frame = (view.text,) if isinstance(view, QueryView) and not view.sha256 else ()
    return ExplanationAsked(
        picture=picture,
        frame=frame,
        crop=crop,
        adjusted=asked.adjusted,
        query_camera=asked.query_camera,
        match=asked.match or 0,
    )


def _image(view: QueryView | int) -> str:
    return crop_image(view) if isinstance(view, int) else image_of(view)


def _shots(call: Call, view: QueryView | int) -> list[dict[str, Any]]:
    """Return the best shots of the query's own tracklet, where it is a crop of one."""
    if not isinstance(view, int):
        return []
    moment = call.crop(view).moment
    if moment is None:
        return []
    shots = call.archive.footage.tracklet(moment.tracklet_id).crop_ids
    return [{"crop_id": one, "image": crop_image(one), "address": None} for one in shots]


def _stripes(told: Explanation) -> list[dict[str, Any]]:
    """Return the stripes with how strongly each is drawn: its fall as a share of the largest."""
    largest = max(
        [one.query_fall for one in told.stripes] + [one.match_fall for one in told.stripes]
    )

    def strength(fall: float) -> float:
        return round(max(fall, 0.0) / largest, 3) if largest > 0 else 0.0

    return [
        {
            "top": round(100 * one.top, 2),
            "height": round(100 * (one.bottom - one.top), 2),
            "query_fall": one.query_fall,
            "match_fall": one.match_fall,
            "query": strength(one.query_fall),
            "match": strength(one.match_fall),
        }
        for one in told.stripes
    ]


def _near(one: Neighbour) -> dict[str, Any]:
    return {
        "crop_id": one.crop.crop_id,
        "image": crop_image(one.crop.crop_id),
        "score": one.score,
        "camera": one.crop.facts.camera,
        "known": known(one),
    }


PAGES = (Page(COMPARE, compare, "compare.html", takes=PageAsked),)
