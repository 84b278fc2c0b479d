"""An answer of several archives: a table, its statements, JSON lines, and cards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from reidsearch.domain.answers import Answer
from reidsearch.domain.joint import (
    JointAnswer,
    NamedPlace,
    joint_match_json,
    joint_statement_json,
)
from reidsearch.output.answer_text import answer_columns
from reidsearch.output.cards import card_fields
from reidsearch.output.columns import Column, FittedTable
from reidsearch.output.emit import dumps
from reidsearch.output.purity import matches_purity
from reidsearch.output.shown import Card, CardField, QueryShown, Shown
from reidsearch.output.shown import Group as Cards
from reidsearch.output.statement import (
    WHOLE,
    brief,
    missing_told,
    own_sentence,
    sentence,
    sentences,
)
from reidsearch.output.visible import count, visible


def joint_view(answer: JointAnswer, *, whole: bool = False) -> RenderableType:
    """Return the matches as a table, and under it the statements, archive by archive.

    Args:
        whole: all of the statements, not only what is special or missing.
    """
    told = [Text(line, style="dim") for line in joint_sentences(answer)]
    for statement in answer.statements:
        told.append(Text(f"Archive {visible(statement.archive)}:", style="bold dim"))
        lines = sentences(statement) if whole else brief(statement)
        told += [Text(f"  {line}", style="dim") for line in lines]
    if not whole:
        told.append(Text(WHOLE, style="dim"))
    if not answer.matches:
        return Group(Text("No match in any of the archives.", style="bold"), *told)
    matches = tuple(found.match for found in answer.matches)
    told[:0] = [Text(line, style="bold") for line in matches_purity(matches)]
    if own := [match for match in matches if match.own]:
        told.insert(0, Text(own_sentence(len(own)), style="bold"))
    columns = answer_columns(Answer(answer.statements[0], matches))
    places = [visible(found.archive) for found in answer.matches]
    # A crop's number says nothing without its archive, so this column is never left out.
    at = next(number for number, column in enumerate(columns) if column.title == "crop")
    columns.insert(at, Column("archive", places, 0, shortened=True))
    return Group(FittedTable(columns), Text(), *told)


def joint_sentences(answer: JointAnswer) -> list[str]:
    """Return what holds for the answer as a whole."""
    number = len(answer.statements) + len(answer.not_searched)
    told = [
        f"Asked {number} archives together, ranked by plain score: camera-adjusted scores and "
        "re-ranking are of one archive and cannot be compared between several.",
        "A crop's number counts in its own archive only.",
    ]
    told += [f"Not searched: {visible(one.archive)}: {one.why}." for one in answer.not_searched]
    told += [_place_told(one, number) for one in answer.named_places]
    if answer.pictures_of is not None:
        told.append(
            f"Crops and identity that were searched with are those of {visible(answer.pictures_of)}"
            "; what was rejected is excluded there only."
        )
    if answer.uncalibrated:
        names = ", ".join(map(visible, answer.uncalibrated))
        lacking = "a calibration of its own"
        if len(answer.uncalibrated) > 1:
            lacking = "calibrations of their own"
        told.append(f"No probabilities: {names} without {lacking}.")
    else:
        told.append("Probabilities are by each archive's own calibration.")
    if same := sum(found.same_as is not None for found in answer.matches):
        told.append(
            f"{count(same, 'match is', 'matches are')} the same crop of the same file as a better "
            "match, held by another archive too."
        )
    return [*told, *(sentence(visible(warning)) for warning in answer.warnings)]


def _place_told(one: NamedPlace, archives: int) -> str:
    """Return whose region or line of a name counts."""
    what, name = one.kind.capitalize(), visible(one.name)
    if len(one.archives) == 1:
        return f"{what} {name} is kept in {visible(one.archives[0])} alone."
    where = (
        "all archives" if len(one.archives) == archives else ", ".join(map(visible, one.archives))
    )
    return f"{what} {name} is kept in {where}: each goes by its own of that name."


def joint_jsonl_lines(answer: JointAnswer) -> Iterator[str]:
    """Yield an answer as lines, without line ends: the statements first, then a line a match."""
    yield dumps({"kind": "statement", **joint_statement_json(answer)})
    for found in answer.matches:
        yield dumps({"kind": "match", **joint_match_json(found)})


def joint_shown(answer: JointAnswer, queries: Sequence[QueryShown]) -> Shown:
    """Return what a sheet shows; its crop ids are ranks, since those of archives are not unique."""
    cards = []
    for found in answer.matches:
        match = found.match
        of = next(one for one in answer.statements if one.archive_id == found.archive_id)
        archive = CardField("archive", f"archive {found.archive}", whole=found.archive)
        cards.append(
            Card(
                heading=str(match.rank),
                figure=f"{match.score:.3f}",
                fields=(archive, *card_fields(match, of.filters)),
                crop_ids=(match.rank,),
                emphasis="own" if match.own else "confirmed" if match.identity else "",
            )
        )
    told, missing = joint_sentences(answer), list[str]()
    for one in answer.statements:
        told += [f"{visible(one.archive)}: {line}" for line in brief(one)]
        missing += [f"{visible(one.archive)}: {line}" for line in missing_told(one)]
    return Shown(
        of="answer",
        title=f"Query: {answer.query}",
        groups=(Cards(count(len(cards), "match", "matches"), tuple(cards)),),
        told=tuple(told),
        gist=tuple(told),
        missing=tuple(missing),
        nobody="No match in any of the archives.",
        queries=tuple(queries),
    )
