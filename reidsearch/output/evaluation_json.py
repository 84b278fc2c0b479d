"""Figures of an evaluation for machines, held to `schemas/evaluation-1.json`."""

from __future__ import annotations

from typing import Any

from reidsearch.domain.figures import EDGES, Comparison, Misranked, Quality, Rate, Way

SCHEMA = "reidsearch/evaluation/1"


def comparison_json(comparison: Comparison) -> dict[str, Any]:
    """Ways of searching on one data set, as `schemas/evaluation-1.json` describes.

    Shares lie between 0 and 1; what cannot be measured is null.
    """
    data = comparison.ways[0].evaluation
    return {
        "schema": SCHEMA,
        "data": {
            "name": data.data,
            "queries": data.queries,
            "gallery": data.gallery,
            "distractors": data.distractors,
            "people": data.people,
            "cameras": list(data.cameras),
            "notes": list(data.notes),
        },
        "runtime": comparison.runtime,
        "ways": [_way(way) for way in comparison.ways],
        "missing": [{"model": name, "why": why} for name, why in comparison.missing],
    }


def _way(way: Way) -> dict[str, Any]:
    found = way.evaluation
    return {
        "model": way.model,
        "resize": way.resize,
        "ranking": way.ranking,
        "query": way.query,
        "embed_ms": None if way.embed_s is None else 1000 * way.embed_s,
        "rank_ms": 1000 * way.rank_s,
        "prepare_ms": 1000 * way.prepare_s,
        "quality": _quality(found.quality),
        "by_cameras": [
            {"query_camera": query, "gallery_camera": gallery, "quality": _quality(quality)}
            for (query, gallery), quality in found.by_cameras.items()
        ],
        "curve": list(found.curve),
        "pairs": {
            "same_people": found.positives,
            "different_people": found.negatives,
            "rates": [_rate(rate) for rate in found.rates],
            "bin_edges": [round(edge, 4) for edge in EDGES.tolist()],
            "same_by_score": found.same.tolist(),
            "different_by_score": found.different.tolist(),
        },
        "worst": [_misranked(each) for each in found.worst],
    }


def _quality(quality: Quality) -> dict[str, Any]:
    return {
        "valid_queries": quality.valid_queries,
        "people": quality.people,
        "cmc": {str(rank): share for rank, share in quality.cmc.items()},
        "map_trapezoid": quality.map_trapezoid,
        "map_step": quality.map_step,
        "minp": quality.minp,
        "intervals_95": {name: list(ends) for name, ends in quality.intervals.items()},
    }


def _rate(rate: Rate) -> dict[str, Any]:
    return {
        "fpr": rate.fpr,
        "tpr": rate.tpr,
        "threshold": rate.threshold,
        "needs_different_people": rate.needs_negatives,
    }


def _misranked(each: Misranked) -> dict[str, Any]:
    return {
        "query": each.query.name,
        "first": each.wrong.name,
        "first_score": each.wrong_score,
        "best_right": each.right.name,
        "best_right_score": each.right_score,
        "best_right_rank": each.rank,
    }
