"""Does `reidsearch company` find who walks together, and how often does it err by chance?

    python benchmarks/company.py --write

On simulated towns (`datasets/synthetic/town.py`): sixty people at five cameras for four hours,
three walks each; in two towns five couples walk together each time, in two others nobody does.
Everybody is asked about. `confirmed`: all people are identities. `proposed`: the person alone is
one, and the others are as `link` puts them together from embeddings. Beside it the plain rule,
everybody who was met on two occasions or at two places. It tells how the method counts, and
nothing about how well people are recognised. Takes about four minutes on two idle cores.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
from measuring import machine
from results import Row, put, shown

from reidsearch import Archive
from reidsearch.datasets.synthetic.town import Town, drawn_town
from reidsearch.datasets.synthetic.town_archive import Written, write_town
from reidsearch.domain.company import Companion

COMMAND = "python benchmarks/company.py --write"
SEEDS = (1, 2)
COUPLES = 5
ASKED_PROPOSED = 12
"""Of each town, the first so many people: couples among them."""
JOIN_ABOVE = 0.45


@dataclass
class Tally:
    """What was found over all questions.

    Args:
        asked: questions.
        true: companions that there were, one for each question about a half of a couple.
        found, false: of these, and of others, told to be beyond chance.
        wrong: questions with somebody false.
        met, met_true: everybody who was met repeatedly, and the true ones among them.
    """

    asked: int = 0
    true: int = 0
    found: int = 0
    false: int = 0
    wrong: int = 0
    met: int = 0
    met_true: int = 0


class Truth:
    """Who is who in one town's archive."""

    def __init__(self, town: Town, written: list[Written]) -> None:
        self.person = {one.tracklet_id: one.sighting.person for one in written}
        self.crops = {
            person: [one.crop_ids[0] for one in written if one.sighting.person == person]
            for person in range(town.people)
        }
        self.partner = {a: b for one, other in town.groups for a, b in ((one, other), (other, one))}

    def whose(self, one: Companion) -> int:
        """The person most of whose meetings these are."""
        found = Counter(self.person[met.seen.member.number] for met in one.meetings)
        return found.most_common(1)[0][0]


def tally(archive: Archive, truth: Truth, people: list[int], within_s: float, into: Tally) -> None:
    """Ask about each of these people, who are identities of the archive."""
    for person in people:
        if not truth.crops[person]:
            continue
        answer = archive.company(f"person {person}", within_s=within_s)
        others = [one for one in answer.companions if truth.whose(one) != person]
        beyond = {truth.whose(one) for one in others if one.beyond_chance}
        partner = truth.partner.get(person)
        into.asked += 1
        into.true += partner is not None
        into.found += partner in beyond
        into.false += len(beyond - {partner})
        into.wrong += bool(beyond - {partner})
        met = {truth.whose(one) for one in others}
        into.met += len(met)
        into.met_true += partner in met


def measured(couples: int, within_s: float, *, proposed: bool, seeds: tuple[int, ...]) -> Tally:
    """Ask in several towns."""
    into = Tally()
    for seed in seeds:
        town = drawn_town(couples=couples, seed=seed)
        with tempfile.TemporaryDirectory() as folder:
            truth = Truth(town, write_town(Path(folder) / "a", town, seed=seed))
            with Archive.open(Path(folder) / "a", offline=True) as archive:
                people = list(range(ASKED_PROPOSED if proposed else town.people))
                if not proposed:
                    for person in people:
                        archive.identities.new(f"person {person}", truth.crops[person])
                    tally(archive, truth, people, within_s, into)
                    continue
                for person in people:
                    archive.identities.new(f"person {person}", truth.crops[person])
                    archive.proposals.link(join_above=JOIN_ABOVE)
                    tally(archive, truth, [person], within_s, into)
                    archive.identities.undo()
    return into


def rows(seeds: tuple[int, ...]) -> Iterator[Row]:
    """Measure all of it."""
    for proposed in (False, True):
        for couples in (COUPLES,) if proposed else (COUPLES, 0):
            for within_s in (60.0,) if proposed else (15.0, 60.0):
                got = measured(couples, within_s, proposed=proposed, seeds=seeds)
                told = got.found + got.false
                yield {
                    "others": "proposed" if proposed else "confirmed",
                    "couples": str(couples),
                    "within": f"{within_s:g} s",
                    "asked": str(got.asked),
                    "companions": str(got.true),
                    "found": str(got.found),
                    "false": str(got.false),
                    "precision": f"{100 * got.found / told:.0f} %" if told else "",
                    "questions with a false one": f"{100 * got.wrong / got.asked:.1f} %",
                    "met repeatedly": str(got.met),
                    "of them companions": str(got.met_true),
                    "precision of the plain rule": f"{100 * got.met_true / got.met:.1f} %",
                }


@click.command(help=__doc__)
@click.option("--towns", type=click.IntRange(1, len(SEEDS)), default=len(SEEDS))
@click.option("--write", is_flag=True, help="Write results/company.csv.")
def main(towns: int, write: bool) -> None:
    found = shown(rows(SEEDS[:towns]))
    if write:
        put("company", found, command=COMMAND, note=machine())


if __name__ == "__main__":
    main()
