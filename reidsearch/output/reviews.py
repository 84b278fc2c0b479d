"""Reviews by a second examiner, as text and as JSON.

Until a review is finished, nothing here tells an item's part, its crop, or what was decided first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from reidsearch.base.timecode import iso
from reidsearch.domain.review import (
    First,
    Outcome,
    Part,
    Review,
    ReviewAnswer,
    ReviewChange,
    ReviewItem,
    Share,
    outcome,
)
from reidsearch.output.columns import Column, FittedTable
from reidsearch.output.times import clock, zone_name
from reidsearch.output.visible import count, visible

_ANSWERS = ("same", "different", "cannot-tell")


def reviews_view(reviews: Sequence[Review]) -> RenderableType:
    """All reviews, one a line."""
    if not reviews:
        return Text("No reviews yet: reidsearch case review start NUMBER --identity NAME")
    return FittedTable(
        [
            Column("review", [str(one.review_id) for one in reviews], 0),
            Column("case", [visible(one.case) for one in reviews], 0, wrapped=True),
            Column("identity", [visible(one.identity) for one in reviews], 1, wrapped=True),
            Column("state", [_state(one) for one in reviews], 0),
            Column("items", [str(len(one.asked)) for one in reviews], 2, right=True),
            Column("examiner", [visible(one.reviewer or "-") for one in reviews], 1, wrapped=True),
            Column(
                f"started ({zone_name()})",
                [clock(one.started_at.replace(microsecond=0)) for one in reviews],
                3,
            ),
        ]
    )


def reviews_json(reviews: Sequence[Review]) -> dict[str, Any]:
    """All reviews."""
    return {"schema": "reidsearch/reviews/1", "reviews": [_facts(one) for one in reviews]}


def review_json(review: Review, change: ReviewChange | None = None) -> dict[str, Any]:
    """One review; its key and outcome when it is finished.

    Args:
        change: what was done with it just now; None: it is shown.
    """
    finished = review.finished_at is not None
    return {
        "schema": "reidsearch/review/1",
        "change": change.value if change else None,
        "review": _facts(review),
        "items": [_item_json(one, told=finished) for one in review.asked],
        "references": [_member_json(one) for one in review.references] if finished else None,
        "seed": review.seed.hex() if finished else None,
        "outcome": _outcome_json(outcome(review.items)) if finished else None,
    }


def review_text(review: Review, change: ReviewChange | None = None) -> str:
    """One review in lines; its outcome when it is finished."""
    number = review.review_id
    about = f"case {visible(review.case)}, identity {visible(review.identity)}"
    lines = [f"Review {number} ({about}): {_state(review)}."]
    if change is ReviewChange.ANSWER:
        answered = len(review.asked) - len(review.open)
        lines.append(f"{answered} of {count(len(review.asked), 'item')} answered.")
    lines += _who(review)
    if review.finished_at is not None:
        return "\n".join([*lines, *outcome_lines(review, outcome(review.items))])
    lines.append(
        f"{count(len(review.asked), 'item')}, "
        f"{count(review.fillers, 'filler')} among them ({review.fillers_wanted} were asked for)."
    )
    if review.fillers < review.fillers_wanted:
        lines.append(
            "The archive knows no more people who were seen at the same time: the error rate will "
            "have a wider interval."
            if review.fillers
            else "Nobody is known to be somebody else: there will be no error rate."
        )
    if review.open:
        lines.append(f"Without an answer: {', '.join(map(str, review.open))}")
        lines.append(f"Look at it: reidsearch case review show {number} -o review.html")
        lines.append(
            f"Answer: reidsearch case review answer {number} {review.open[0]}=same "
            f"({'|'.join(_ANSWERS)})"
        )
    else:
        lines.append(f"All items are answered: reidsearch case review finish {number}")
    return "\n".join(lines)


def _who(review: Review) -> list[str]:
    told = [f"Decided first by: {visible(', '.join(review.first_examiners))}."]
    if review.reviewer is not None:
        told.append(f"Reviewed by: {visible(review.reviewer)}.")
    return told


def outcome_lines(review: Review, said: Outcome) -> list[str]:
    """The outcome of a finished review, a sentence a line."""
    lines = [
        f"Agreement on the candidates: {share_text(said.agreement)}.",
        f"Fillers called the same: {share_text(said.false_same)}.",
    ]
    if said.kappa is not None:
        lines.append(f"Cohen's kappa: {said.kappa:.2f}.")
    lines.append(
        f"Could not tell: {count(said.cannot_tell_candidates, 'candidate')}, "
        f"{count(said.cannot_tell_fillers, 'filler')}."
    )
    unsure = sum(said.counts[First.UNSURE].values())
    if unsure:
        lines.append(f"First decision unsure, not counted as agreement or not: {unsure}.")
    if said.unsure_fillers:
        lines.append(
            f"Not counted: {count(said.unsure_fillers, 'filler')}, known to be somebody else only "
            "beside candidates that were not called the same."
        )
    if said.erased:
        told = f", {said.unanswered} of them before an answer" if said.unanswered else ""
        lines.append(f"Erased since: {count(said.erased, 'item')}{told}.")
    places = {one.place: one for one in review.asked}
    for place in said.disagreements:
        one = places[place]
        first, second = one.first or First.UNSURE, one.answer or ReviewAnswer.CANNOT_TELL
        lines.append(f"  item {place}, {one.member.text}: first {first.value}, then {second.value}")
    if said.disagreements:
        lines.append("No decision was changed: what differs is for people to settle.")
    return lines


def share_text(share: Share) -> str:
    """A share with its count and interval: `9 of 10, 90 % (95 % interval 55.5 to 99.7 %)`."""
    if share.share is None or share.low is None or share.high is None:
        return "none were decided, so nothing can be said"
    low, high = f"{share.low:.1%}"[:-1], f"{share.high:.1%}"[:-1]
    return (
        f"{share.count} of {share.of}, {share.share:.0%}".replace("%", " %")
        + f" (95 % interval {low} to {high} %)"
    )


def _facts(review: Review) -> dict[str, Any]:
    return {
        "review_id": review.review_id,
        "case": review.case,
        "identity": {"id": review.identity_id, "name": review.identity},
        "state": _state(review),
        "first_examiners": list(review.first_examiners),
        "reviewer": review.reviewer,
        "started_by": review.started_by,
        "started_at": iso(review.started_at),
        "finished_at": iso(review.finished_at) if review.finished_at else None,
        "items": len(review.asked),
        "fillers": review.fillers,
        "fillers_wanted": review.fillers_wanted,
        "open": list(review.open),
        "key_sha256": review.key_sha256,
    }


def _item_json(item: ReviewItem, *, told: bool) -> dict[str, Any]:
    known = {
        "item": item.place,
        "answer": item.answer.value if item.answer else None,
        "erased": item.gone,
    }
    if not told:
        return known
    return {
        **known,
        "part": item.part.value,
        **_member_json(item),
        "first": item.first.value if item.first else None,
        "beside": [{"kind": one.kind, "id": one.number} for one in item.beside],
    }


def _member_json(item: ReviewItem) -> dict[str, Any]:
    return {
        "member": {"kind": item.member.kind, "id": item.member.number},
        "crop_ids": list(item.crop_ids),
    }


def _outcome_json(said: Outcome) -> dict[str, Any]:
    return {
        "agreement": _share_json(said.agreement),
        "kappa": said.kappa,
        "false_same": _share_json(said.false_same),
        "counts": {
            first.value: {answer.value: n for answer, n in answers.items()}
            for first, answers in said.counts.items()
        },
        "cannot_tell": {
            Part.CANDIDATE.value: said.cannot_tell_candidates,
            Part.FILLER.value: said.cannot_tell_fillers,
        },
        "fillers_not_counted": said.unsure_fillers,
        "disagreements": list(said.disagreements),
        "fillers_called_same": list(said.called_same),
        "unanswered": said.unanswered,
        "erased": said.erased,
    }


def _share_json(share: Share) -> dict[str, Any]:
    return {
        "count": share.count,
        "of": share.of,
        "share": share.share,
        "low": share.low,
        "high": share.high,
    }


def _state(review: Review) -> str:
    if review.finished_at is not None:
        return "finished"
    return "answering" if review.reviewer is not None else "started"
