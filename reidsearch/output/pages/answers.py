"""An answer as the content of a sheet or page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from reidsearch.domain.answers import Answer, Match
from reidsearch.domain.query_origins import OriginKind, QueryOrigin
from reidsearch.output.cards import answer_title, card_fields, rank_text
from reidsearch.output.purity import matches_purity
from reidsearch.output.shown import Card, Group, QueryShown, Shown
from reidsearch.output.statement import gist, missing_told, no_match, sentences
from reidsearch.output.visible import count

KEPT = "Made of an answer document that was kept: nothing was searched again for this page."


def answer_shown(
    answer: Answer,
    queries: Sequence[QueryShown],
    *,
    names: Sequence[str] = (),
    truth: Callable[[Match], bool] | None = None,
    missing: Sequence[str] = (),
) -> Shown:
    """Return what is shown of an answer: the query, the statement, a card for each match.

    Args:
        names: of the query pictures, for the title; empty where one has none.
        truth: whether a match shows the right person, where that is known.
        missing: what could not be shown, beside what was not searched.
    """
    found = answer.matches
    only_liked = [no_match(answer)] if found and all(one.liked for one in found) else []
    told = [*only_liked, *matches_purity(found)]
    heading = count(len(found), "match", "matches") if found else "Matches"
    return Shown(
        of="answer",
        title=answer_title(answer, names),
        groups=(Group(heading, tuple(_card(one, answer, truth) for one in found)),),
        told=(*told, *sentences(answer.statement)),
        gist=(*told, *gist(answer.statement)),
        missing=(*missing_told(answer.statement), *missing),
        nobody=no_match(answer),
        queries=tuple(queries),
    )


def kept_answer_shown(answer: Answer) -> Shown:
    """Return the same of an answer that was read from its document."""
    shown = answer_shown_alone(answer)
    return replace(shown, told=(KEPT, *shown.told))


def answer_shown_alone(answer: Answer) -> Shown:
    """Return the same of an answer without its query pictures.

    Those of crops are in the archive, others are told to be missing.
    """
    pairs = [_query(one) for one in answer.statement.query_pictures]
    queries = [query for query, _ in pairs]
    return answer_shown(
        answer,
        queries,
        names=[query.name for query in queries],
        missing=[missing for _, missing in pairs if missing],
    )


def _card(match: Match, answer: Answer, truth: Callable[[Match], bool] | None) -> Card:
    emphasis = "own" if match.own else "confirmed" if match.identity else ""
    return Card(
        heading=rank_text(match),
        figure=f"{match.score:.3f}",
        fields=tuple(card_fields(match, answer.statement.filters)),
        crop_ids=(match.crop.crop_id,),
        right=None if truth is None else truth(match),
        emphasis=emphasis,
    )


def _query(origin: QueryOrigin) -> tuple[QueryShown, str]:
    """Return the query picture that an answer document names, and what is missing of it."""
    if origin.of is OriginKind.CROP:
        return QueryShown(f"crop {origin.crop_id}", crop_id=origin.crop_id), ""
    name = origin.name or "pixels in memory"
    if origin.media_s is not None:
        name += f" at {origin.media_s:.3f} s"
    digest = f" (SHA-256 {origin.sha256})" if origin.sha256 else ""
    missing = f"The query picture {name}{digest} is not part of this page."
    return QueryShown(name, sha256=origin.sha256 or ""), missing
