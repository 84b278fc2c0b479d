"""How a search would go, for people and as JSON."""

from __future__ import annotations

from typing import Any

from reidsearch.domain.answer_json import filters_json, footage_searched_json
from reidsearch.domain.answers import Plan, SearchPreview

METHODS = {
    "flat": "every candidate is scored",
    "rows": "only the candidates' own rows are read",
    "scan": "compact codes are scanned, the best of them scored",
    "proof": "fine codes are scanned, and whatever could be among the best is scored",
    "server": "a server scores what it holds, and whatever could be among the best is scored again",
    "database": "the server cannot answer: every candidate's row is read",
}


def plan_json(plan: Plan) -> dict[str, Any]:
    """A plan as `query --explain-plan --format json` gives it."""
    return {
        "schema": "reidsearch/plan/1",
        "method": plan.method,
        "exact": plan.exact,
        "candidates": plan.candidates,
        "scanned": plan.scanned,
        "shortlist": plan.shortlist,
        "why": plan.why,
    }


def preview_json(preview: SearchPreview) -> dict[str, Any]:
    """What a search would look through, and how."""
    return {
        "schema": "reidsearch/search-preview/1",
        "plan": {key: value for key, value in plan_json(preview.plan).items() if key != "schema"},
        "crops_stored": preview.crops_stored,
        "crops_searched": preview.plan.candidates,
        "cameras": list(preview.cameras),
        "footage": footage_searched_json(preview.footage),
        "filters": filters_json(preview.filters),
        "left_out_unknown_time": preview.left_out_unknown_time,
        "left_out_unknown_camera": preview.left_out_unknown_camera,
        "left_out_unknown_attributes": preview.left_out_unknown_attributes,
        "left_out_unknown_track": preview.left_out_unknown_track,
    }


def plan_text(plan: Plan) -> str:
    """The same in lines."""
    return "\n".join(
        (
            f"method      {plan.method}: {METHODS[plan.method]}",
            f"why         {plan.why}",
            f"answer      {'exact' if plan.exact else 'with a recall that was measured'}",
            f"candidates  {plan.candidates:,} crops pass the filters",
            f"scanned     {plan.scanned:,} codes or vectors",
            f"shortlist   {plan.shortlist:,} of them scored more finely",
        )
    )
