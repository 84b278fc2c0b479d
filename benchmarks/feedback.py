"""What marking the first page gains: simulated users, liked and unliked matches, refined queries.

    python benchmarks/feedback.py --write

For every query a user who knows the truth looks at the first page, ten matches: likes who is the
right person, unlikes everybody else; by the protocol's rules, so that crops of the query's person
by the query's camera are not there. The refined query then ranks what is not marked. Counted is

- the whole list: liked first, then the rest, unliked last. Moving what was marked is a gain of its
  own, so that every line stands below `not refined`: the marks moved, the rest as it was;
- the rest alone: marks taken out on both sides, queries with no right match left not counted.

Two synthetic sets are there to choose by, two of real people to report (`ranking_sets.py`).
`--scores` tells instead how many wrong crops a refined query brings to a given score.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import click
import numpy as np
from accuracy import SETS
from measuring import default_work, machine
from ranking_sets import DRAWN, Set, load
from results import Row, put, shown

from reidsearch.domain.crops import Vectors
from reidsearch.evaluation.protocol import quality
from reidsearch.search.feedback import refined
from reidsearch.search.rerank import DEFAULT, PAPER, KReciprocal, order
from reidsearch.search.scope import gallery_of

MODEL = "person-reidentification-retail-0286/FP16"
PAGE = 10
RATE = 1e-3

Refine = Callable[[Vectors, Vectors, Vectors], Vectors]
"""(d,) query, (l, d) liked, (u, d) unliked -> (d,) refined query."""
Rank = Callable[[Vectors, np.ndarray], np.ndarray]
"""(d,) query, marked rows -> all other rows, best first."""
NONE = np.empty(0, dtype=np.int64)


def unit(vector: np.ndarray) -> Vectors:
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def as_views(query: Vectors, likes: Vectors, _: Vectors) -> Vectors:
    return unit(query + likes.sum(axis=0))


def rocchio(query: Vectors, likes: Vectors, unlikes: Vectors) -> Vectors:
    """The weights of Manning, Raghavan, Schuetze: Introduction to Information Retrieval (2008)."""
    total = query.astype(np.float64)
    for weight, rows in ((0.75, likes), (-0.15, unlikes)):
        if len(rows):
            total = total + weight * rows.mean(axis=0)
    return unit(total)


def minus_mean(query: Vectors, likes: Vectors, unlikes: Vectors) -> Vectors:
    toward = as_views(query, likes, unlikes)
    return unit(toward - 0.75 * unlikes.mean(axis=0)) if len(unlikes) else toward


def unbalanced(query: Vectors, likes: Vectors, unlikes: Vectors) -> Vectors:
    """As it is kept, but every unliked one weighs as much as a view of the person."""
    toward = as_views(query, likes, unlikes).astype(np.float64)
    return unit(np.linalg.solve(np.eye(len(query)) + unlikes.T @ unlikes, toward))


def discriminant(gallery: Vectors) -> Refine:
    """Linear discriminant: the gallery's covariance, shrunk by half, and both means."""
    centre = gallery.mean(axis=0)
    covariance = np.cov(gallery.T.astype(np.float64))
    shrunk = covariance + np.trace(covariance) / len(centre) * np.eye(len(centre))

    def refine(query: Vectors, likes: Vectors, unlikes: Vectors) -> Vectors:
        toward = np.vstack([query[None], likes]).mean(axis=0)
        away = unlikes.mean(axis=0) if len(unlikes) else centre
        return unit(np.linalg.solve(shrunk, toward - away))

    return refine


def by_score(gallery: Vectors) -> Rank:
    def rank(query: Vectors, marked: np.ndarray) -> np.ndarray:
        plain = np.argsort(-(gallery @ query), kind="stable")
        return plain[~np.isin(plain, marked)]

    return rank


ROCCHIO: tuple[str, Refine] = ("Rocchio 1 / 0.75 / 0.15", rocchio)
KEPT = "low scores with the unliked, balanced (in use)"


def as_searched(gallery: Vectors, how: KReciprocal = DEFAULT) -> Rank:
    """Re-ranked and expanded, as a search does it: what is marked does not expand the query."""
    searched, plain = gallery_of(gallery), by_score(gallery)

    def rank(query: Vectors, marked: np.ndarray) -> np.ndarray:
        rows = plain(query, marked)
        first = rows[: how.candidates]
        anew = first[order(query, first, searched, first, how)]
        return np.concatenate([anew, rows[len(first) :]])

    return rank


@dataclass
class Counted:
    """Ranks of the right items of every query: in the whole list, and in what is not marked."""

    whole: list[np.ndarray] = field(default_factory=list)
    rest: list[np.ndarray] = field(default_factory=list)

    def figures(self) -> Row:
        whole, rest = (
            quality(ranks, np.zeros(len(ranks), np.int64)) for ranks in (self.whole, self.rest)
        )
        return {
            "whole rank-1": f"{100 * whole.cmc[1]:.2f}",
            "whole mAP": f"{100 * whole.map_trapezoid:.2f}",
            "rest queries": str(len(self.rest)),
            "rest rank-1": f"{100 * rest.cmc[1]:.2f}",
            "rest mAP": f"{100 * rest.map_trapezoid:.2f}",
        }


@dataclass(frozen=True)
class User:
    """Marks so many pages in turn; `likes` and `unlikes` say what of them."""

    name: str
    likes: bool = True
    unlikes: bool = True
    pages: int = 1


BOTH = User("both")
UNLIKES = User("unlikes only", likes=False)
USERS = (BOTH, User("likes only", unlikes=False), UNLIKES)
TWICE = User("both, of two pages in turn", pages=2)


@dataclass(frozen=True)
class Asked:
    """One query: its vector, which rows are right, which do not count, the first ranking."""

    vector: Vectors
    right: np.ndarray
    passed_over: np.ndarray
    first: np.ndarray


def asked(found: Set, rank: Rank) -> list[Asked]:
    kept = found.gallery.persons != -1
    assert kept.all()  # the sets have no junk, or rows would have to be numbered anew
    questions = []
    for row, vector in enumerate(found.query.vectors):
        same = found.gallery.persons == found.query.persons[row]
        junk = same & (found.gallery.cameras == found.query.cameras[row])
        if found.query.persons[row] > 0 and (same & ~junk).any():
            questions.append(Asked(vector, same & ~junk, junk, rank(vector, NONE)))
    return questions


def marked(one: Asked, user: User, refine: Refine | None, rank: Rank, gallery: Vectors):
    """What the user liked and unliked, and how the rest is ranked after the last page."""
    rest = one.first[~one.passed_over[one.first]]
    likes, unlikes = NONE, NONE
    for _ in range(user.pages):
        page = rest[:PAGE]
        if user.likes:
            likes = np.concatenate([likes, page[one.right[page]]])
        if user.unlikes:
            unlikes = np.concatenate([unlikes, page[~one.right[page]]])
        out = np.concatenate([likes, unlikes])
        if refine is not None and len(out):
            rest = rank(refine(one.vector, gallery[likes], gallery[unlikes]), out)
            rest = rest[~one.passed_over[rest]]
        rest = rest[~np.isin(rest, out)]
    return likes, unlikes, rest


def counted(
    questions: list[Asked], user: User, refine: Refine | None, rank: Rank, gallery: Vectors
) -> Counted:
    found = Counted()
    for one in questions:
        likes, unlikes, rest = marked(one, user, refine, rank, gallery)
        whole = np.concatenate([likes, rest, unlikes])
        assert len(whole) == np.count_nonzero(~one.passed_over)
        found.whole.append(np.flatnonzero(one.right[whole]) + 1)
        if one.right[rest].any():
            found.rest.append(np.flatnonzero(one.right[rest]) + 1)
    return found


def rows(found: Set, *, to_choose: bool) -> Iterator[Row]:
    gallery = found.gallery.vectors
    for ranking, rank in (("score", by_score(gallery)), ("default", as_searched(gallery))):
        questions = asked(found, rank)
        ways: list[tuple[User, str, Refine | None]] = [
            (User("none", likes=False, unlikes=False), "not refined", None),
            (BOTH, "not refined", None),
            (BOTH, "likes as query pictures", as_views),
            (BOTH, *ROCCHIO),
        ]
        if to_choose:
            beside: list[tuple[str, Refine | None]] = [
                ("likes as query pictures, less 0.75 of the unlikes' mean", minus_mean),
                ("linear discriminant", discriminant(gallery)),
                ("low scores with the unliked, each weighs 1", unbalanced),
                (KEPT, refined),
            ]
            ways += [(BOTH, *way) for way in beside]
            ways += [(UNLIKES, *way) for way in (("not refined", None), ROCCHIO, *beside[-3:])]
        else:
            for user in (*USERS, TWICE):
                if user is not BOTH:
                    ways.append((user, "not refined", None))
                ways.append((user, KEPT, refined))
        then = [(*way, rank) for way in ways]
        if to_choose and ranking == "default":
            then.append((BOTH, "in use; then by score alone", refined, by_score(gallery)))
            then.append((BOTH, "in use; then not expanded", refined, as_searched(gallery, PAPER)))
        for user, name, refine, again in then:
            row = {"set": found.name, "order": ranking, "marks": user.name, "query": name}
            yield {**row, **counted(questions, user, refine, again, gallery).figures()}


def scores(found: Set) -> Iterator[Row]:
    """How many wrong crops of 1 000 reach what 1 in 1 000 reach where one crop asks."""
    gallery, rank = found.gallery.vectors, by_score(found.gallery.vectors)
    table = found.query.vectors @ gallery.T
    wrong = found.query.persons[:, None] != found.gallery.persons[None]
    least = float(np.quantile(table[wrong], 1.0 - RATE))
    for name, refine in (
        ("not refined", None),
        ("likes as query pictures", as_views),
        (KEPT, refined),
    ):
        reached, right = [], []
        for one in asked(found, rank):
            likes, unlikes, rest = marked(one, BOTH, None, rank, gallery)
            vector = (
                one.vector
                if refine is None
                else refine(one.vector, gallery[likes], gallery[unlikes])
            )
            above = gallery[rest] @ vector >= least
            reached.append(np.mean(above[~one.right[rest]]))
            right += above[one.right[rest]].tolist()
        yield {
            "set": found.name,
            "query": name,
            "wrong of 1000": f"{1000 * np.mean(reached):.2f}",
            "right of 100": f"{100 * np.mean(right):.1f}",
        }


@click.command(help=__doc__)
@click.option("--model-path", type=click.Path(path_type=Path), default=Path("../shared/models"))
@click.option("--reid", type=click.Path(path_type=Path), default=Path("../shared/reid"))
@click.option("--work", type=click.Path(path_type=Path), default=default_work() / "ranking")
@click.option("--scores", "of_scores", is_flag=True)
@click.option("--write", "to_file", is_flag=True, help="Write results/*.csv.")
def main(model_path: Path, reid: Path, work: Path, of_scores: bool, to_file: bool) -> None:
    def of(name: str) -> Set:
        return load(name, MODEL, [model_path], reid, work)

    command = "python benchmarks/feedback.py --write"
    if of_scores:
        made = shown(row for name in SETS for row in scores(of(name)))
        if to_file:
            put("feedback-scores", made, command=f"{command} --scores", note=machine())
        return
    for sets, names in (("synthetic sets", tuple(DRAWN)), ("real sets", SETS)):
        choose = names != SETS
        made = shown(row for name in names for row in rows(of(name), to_choose=choose))
        if to_file:
            put("feedback", made, command=command, note=machine(), part={"sets": sets})


if __name__ == "__main__":
    main()
