"""The calibration of an archive: made, kept, shown, used by answers, refused, forgotten."""

from __future__ import annotations

import csv
import io
import json
import shutil
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from archives import DIMENSION, fill, opened, sql, unit_rows
from PIL import Image
from present_samples import answer_csv, footage_answer

from reidsearch import Archive
from reidsearch.base.errors import ArchiveError, ArchiveLocked, InputError, UsageError
from reidsearch.calibration.apply import read_answer
from reidsearch.domain.answer_json import answer_json
from reidsearch.domain.crops import Facts
from reidsearch.domain.replay import Cause
from reidsearch.domain.request import Filters
from reidsearch.domain.scores import LOWER, REFINED, UNCALIBRATED, Calibration, posterior
from reidsearch.maintenance.check import check
from reidsearch.output.hints import advice
from reidsearch.output.statement import sentences
from reidsearch.store.calibration import keep
from reidsearch.store.crops.store import Store
from reidsearch.store.database.lock import writer_lock

SCHEMA = json.loads((files("reidsearch.output") / "schemas" / "answer-3.json").read_text("utf-8"))
PEOPLE = 30


def rows_and_facts(people: int = PEOPLE, labels: bool = True):
    """Three crops of everybody by each of two cameras; one person's are alike, but for noise."""
    rng = np.random.default_rng(5)
    rows, facts = [], []
    for person in range(people):
        own = unit_rows(1, seed=100 + person)[0]
        for camera in ("gate", "hall"):
            for _ in range(3):
                rows.append(own + rng.normal(0, 0.13, DIMENSION))
                facts.append(Facts(camera, None, f"p{person}" if labels else None))
    stacked = np.stack(rows)
    stacked /= np.linalg.norm(stacked, axis=1, keepdims=True)
    return stacked.astype(np.float32), facts


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two archives, to be copied."""
    root = tmp_path_factory.mktemp("made")
    fill(root / "labelled", *rows_and_facts())
    shutil.copytree(root / "labelled", root / "calibrated")
    with Archive.open(root / "calibrated") as archive:
        archive.calibration.from_labels()
    return root


@pytest.fixture
def labelled(made_once: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made_once / "labelled", tmp_path / "archive"))


@pytest.fixture
def calibrated(made_once: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made_once / "calibrated", tmp_path / "archive"))


@pytest.mark.full
def test_labels_become_a_calibration_that_is_kept(labelled):
    with Archive.open(labelled) as archive:
        assert archive.calibration.held() is None
        assert archive.calibration.status() == UNCALIBRATED
        made = archive.calibration.from_labels()
    with Archive.open(labelled) as archive:
        kept = archive.calibration.in_force()
        assert kept is not None
        assert archive.calibration.status() == (
            f"calibrated on this archive's own labels ({PEOPLE} people, 2 cameras, "
            f"{made.provenance.at:%Y-%m-%d}, camera-adjusted scores)"
        )
    for name in set(made.__dataclass_fields__) - {"curves"}:
        assert getattr(kept, name) == getattr(made, name), name
    for name in made.curves.__dataclass_fields__:
        assert np.array_equal(getattr(kept.curves, name), getattr(made.curves, name)), name
    provenance = kept.provenance
    assert (provenance.crops, provenance.same_pairs) == (6 * PEOPLE, 9 * PEOPLE)
    assert provenance.different_pairs == 9 * PEOPLE * (PEOPLE - 1)
    assert provenance.people_pairs == PEOPLE * (PEOPLE - 1) // 2
    assert provenance.sha256 is None
    with Store(labelled) as store:
        assert check(store) == []
    (event,) = sql(labelled, "SELECT what FROM event")
    assert event == ("calibrate",)


@pytest.mark.full
def test_only_one_calibration_is_in_force_and_its_number_is_new(calibrated):
    with Archive.open(calibrated) as archive:
        archive.calibration.from_labels()
    assert sql(calibrated, "SELECT id FROM calibration") == [(2,)]


@pytest.mark.full
def test_without_a_calibration_an_answer_says_so(labelled):
    with Archive.open(labelled) as archive:
        answer = archive.search(1)
        assert answer.statement.calibration == UNCALIBRATED
        assert all(match.reading is None for match in answer.matches)
        for asked in ({"max_false_alarms": 1.0}, {"prior": 0.5}):
            with pytest.raises(UsageError, match="needs a calibration") as refused:
                archive.search(1, **asked)
            assert f"reidsearch calibrate SET -a {labelled}" in advice(refused.value)


@pytest.mark.full
def test_an_answer_is_read(calibrated):
    with Archive.open(calibrated) as archive:
        answer = archive.search(1, k=20)
        by_score = archive.search(1, k=20, reranked=False)
        made = archive.calibration.in_force()
    statement = answer.statement
    assert statement.calibrated_by == made.provenance
    assert statement.prior == pytest.approx(1 / (6 * PEOPLE - 1))  # the query itself is left out
    ratios = [match.reading.log10_lr for match in by_score.matches]
    assert ratios == sorted(ratios, reverse=True)
    for match in answer.matches:
        read = match.reading
        low, high = read.probability_interval
        assert 0 < low <= read.probability <= high < 1
        assert read.probability == pytest.approx(posterior(read.log10_lr, statement.prior))
        assert read.false_alarms == pytest.approx(read.false_alarm_rate * (6 * PEOPLE - 1))
        assert read.false_alarm_rate >= made.floor
    jsonschema.validate(answer_json(answer), SCHEMA)
    (first, *_), table = (
        answer_json(answer)["matches"],
        list(csv.DictReader(io.StringIO(answer_csv(answer)))),
    )
    assert table[0]["probability"] == repr(first["reading"]["probability"])
    assert table[0]["probability_low"] == repr(first["reading"]["probability_interval"][0])
    assert table[0]["prior"] == repr(statement.prior)
    told = " ".join(sentences(statement))
    assert "Scores: calibrated on this archive's own labels (30 people, 2 cameras" in told
    assert "for a prior of 1 in 179" in told
    assert "not known" not in told  # that is for other footage


@pytest.mark.full
def test_a_prior_is_the_users(calibrated):
    with Archive.open(calibrated) as archive:
        even, default = archive.search(1, prior=0.5), archive.search(1)
    for one, other in zip(even.matches, default.matches, strict=True):
        assert one.reading.log10_lr == other.reading.log10_lr
        assert one.reading.probability == pytest.approx(posterior(one.reading.log10_lr, 0.5))
        assert one.reading.probability > other.reading.probability


def test_scores_of_a_query_that_feedback_refined_are_not_read(calibrated):
    with Archive.open(calibrated) as archive:
        assert archive.search(1).matches[0].reading is not None
        answer = archive.search(1, likes=[2], unlikes=[9])
    assert {match.reading for match in answer.matches} == {None}
    assert answer.statement.calibration == REFINED
    assert answer.statement.calibrated_by is None


@pytest.mark.parametrize(
    "asked",
    [{"prior": 0}, {"prior": 1}, {"prior": float("nan")}, {"max_false_alarms": 0},
     {"max_false_alarms": float("nan")}, {"max_false_alarms": float("inf")},
     {"max_false_alarms": 1.0, "min_score": 0.1}],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_before_searching(calibrated, asked):
    with Archive.open(calibrated) as archive, pytest.raises(UsageError):
        archive.search(1, **asked)


@pytest.mark.full
def test_false_alarms_are_kept_to(calibrated):
    """At the score found, no more than so many of the different pairs measured lie above."""
    with Archive.open(calibrated) as archive:
        made = archive.calibration.in_force()
        for alarms in (50.0, 10.0, 2.0):
            answer = archive.search(1, k=100, max_false_alarms=alarms)
            least = answer.statement.min_score
            assert made.curves.different[least - 1e-9 <= LOWER].sum() * 179 <= alarms
            lower = made.curves.different[least - 1e-9 - (LOWER[1] - LOWER[0]) <= LOWER].sum()
            assert lower * 179 > alarms  # the lowest such score
            assert all(match.score >= least for match in answer.matches)
            assert [m.rank for m in answer.matches] == list(range(1, len(answer.matches) + 1))
            told = " ".join(sentences(answer.statement))
            assert f"at most {alarms:g} false alarms expected among the crops searched" in told
        fewer = archive.search(1, max_false_alarms=2.0, filters=Filters(cameras=("hall",)))
        assert fewer.statement.min_score < answer.statement.min_score  # fewer crops, fewer alarms


def test_fewer_false_alarms_than_were_measured_are_refused_with_what_is_possible(calibrated):
    with Archive.open(calibrated) as archive:
        with pytest.raises(UsageError, match="measured down to 1 in") as refused:
            archive.search(1, max_false_alarms=1e-4)
        possible = float(advice(refused.value).split()[1])
        archive.search(1, max_false_alarms=possible)


def test_scores_beyond_what_was_seen_are_read_at_its_end(calibrated):
    with Archive.open(calibrated) as archive:
        made = archive.calibration.in_force()
    high, above = (made.read(s, prior=0.5, comparisons=1) for s in (made.highest, 1.0))
    assert above.limited
    assert above.log10_lr == high.log10_lr
    assert above.at_most
    below = made.read(-1.0, prior=0.5, comparisons=1)
    assert below.limited
    assert below.false_alarm_rate == 1.0
    for score in (float("nan"), float("inf")):
        with pytest.raises(UsageError):
            made.read(score, prior=0.5, comparisons=1)
    with Archive.open(calibrated) as archive:
        answer = archive.search(1)
    alike = replace(answer, matches=(replace(answer.matches[0], score=1.0),))
    assert "1 matches lie beyond" in read_answer(alike, made).statement.warnings[-1]


@pytest.mark.full
def test_a_query_of_several_views_says_that_it_was_not_calibrated_for_them(calibrated):
    with Archive.open(calibrated) as archive:
        assert any("2 pictures" in text for text in archive.search([1, 2]).statement.warnings)
        assert not any("2 pictures" in text for text in archive.search(1).statement.warnings)


def test_best_views_say_that_they_were_chosen(calibrated):
    with Archive.open(calibrated) as archive:
        made, answer = archive.calibration.in_force(), archive.search(1)
    views = footage_answer().matches[0]  # the better of two
    chosen = read_answer(replace(answer, matches=(views,)), made)
    assert any("best of several crops" in text for text in chosen.statement.warnings)
    alone = replace(views, tracklet=replace(views.tracklet, crop_ids=(7,)))
    read = read_answer(replace(answer, matches=(alone,)), made)
    assert not any("several crops" in text for text in read.statement.warnings)


@pytest.mark.full
def test_another_model_makes_it_invalid(calibrated):
    sql(
        calibrated,
        "INSERT INTO model (name, precision, digest, preprocessing, dimension)"
        " VALUES ('another', 'FP16', :d, 'none/1', 16)",
        d="cd" * 48,
    )
    sql(calibrated, "UPDATE embedding SET model_id = 2")
    sql(calibrated, "UPDATE archive SET model_id = 2")
    with Archive.open(calibrated) as archive:
        assert archive.calibration.in_force() is None
        assert isinstance(archive.calibration.held(), Calibration)
        answer = archive.search(1)
        assert answer.statement.calibration.startswith(
            "uncalibrated: its calibration was made for another model, drawn FP32"
        )
        assert answer.matches[0].reading is None
        jsonschema.validate(answer_json(answer), SCHEMA)
        assert "not probability" in " ".join(sentences(answer.statement))
        with pytest.raises(UsageError, match="another model"):
            archive.search(1, max_false_alarms=1.0)
        archive.calibration.from_labels()
        assert archive.search(1).matches[0].reading is not None


@pytest.mark.full
def test_deleted_crops_are_compared_no_more(calibrated):
    with Archive.open(calibrated) as archive:
        archive.delete(archive.plan_delete(crop_ids=range(1, 7)))  # all of one person
        assert archive.calibration.in_force().provenance.people == PEOPLE  # as it was made
        assert archive.calibration.from_labels().provenance.people == PEOPLE - 1
        assert archive.search(7).matches[0].reading is not None


@pytest.mark.full
@pytest.mark.parametrize(
    ("facts", "kind", "message"),
    [
        (lambda f, i: Facts(f.camera, None, "p0"), UsageError, "1 people are seen by two cameras"),
        (lambda f, i: Facts("gate", None, f.person), UsageError, "0 people are seen"),
        (lambda f, i: Facts(None, None, f.person), InputError, "both a person and a camera"),
        (lambda f, i: Facts(f.camera), InputError, "both a person and a camera"),
        (lambda f, i: Facts(f.camera, None, f"p{i % 7}"), UsageError, "7 people are seen"),
    ],
)
def test_labels_that_tell_nothing_are_refused(tmp_path, facts, kind, message):
    rows, usual = rows_and_facts()
    fill(tmp_path / "a", rows, [facts(one, i) for i, one in enumerate(usual)])
    with Archive.open(tmp_path / "a") as archive:
        with pytest.raises(kind, match=message):
            archive.calibration.from_labels()
        assert archive.calibration.held() is None


@pytest.mark.full
def test_confirmed_identities_become_a_calibration(tmp_path):
    rows, facts = rows_and_facts(labels=False)
    fill(tmp_path / "a", rows, facts)
    with Archive.open(tmp_path / "a") as archive:
        with pytest.raises(UsageError, match=r"^0 people are seen by two cameras"):
            archive.calibration.from_identities()
        for person in range(12):
            first = 6 * person + 1
            archive.identities.new(f"p{person}", range(first, first + 6))
        made = archive.calibration.from_identities()
        assert made.provenance.people == 12
        assert made.provenance.same_pairs == 9 * 12
        assert archive.calibration.status().startswith(
            "calibrated on what was confirmed in this archive (12 people, 2 cameras"
        )
        # A wrong confirmation that is taken back is compared no more.
        archive.identities.confirm("p0", [6 * 12 + 1])
        assert archive.calibration.from_identities().provenance.crops == 6 * 12 + 1
        archive.identities.undo()
        again = archive.calibration.from_identities()
        assert (again.provenance.crops, again.slope) == (6 * 12, made.slope)
        # Two names of one person, merged, are one.
        archive.identities.merge("p0", ["p1"])
        assert archive.calibration.from_identities().provenance.people == 11
        jsonschema.validate(answer_json(archive.search(1)), SCHEMA)


@pytest.mark.full
def test_damage_is_noticed(calibrated):
    sql(calibrated, "UPDATE calibration SET curves = substr(curves, 1, 100)")
    with Archive.open(calibrated) as archive:
        with pytest.raises(ArchiveError, match=r"calibration of .* is damaged") as error:
            archive.search(1)
        assert "calibrate --forget" in advice(error.value)
        assert [finding.code for finding in archive.check()] == ["calibration"]
        assert archive.calibration.forget()
        assert archive.check() == []


@pytest.mark.full
def test_nothing_is_kept_while_another_process_writes(labelled):
    with writer_lock(labelled), Archive.open(labelled) as archive:
        with pytest.raises(ArchiveLocked):
            archive.calibration.from_labels()
        with pytest.raises(ArchiveLocked):
            archive.calibration.forget()


def test_forgetting(calibrated):
    with Archive.open(calibrated) as archive:
        assert archive.calibration.forget()
        assert not archive.calibration.forget()
        assert archive.search(1).statement.calibration == UNCALIBRATED
    assert [what for (what,) in sql(calibrated, "SELECT what FROM event ORDER BY id")] == [
        "calibrate",
        "forget-calibration",
    ]


def test_an_empty_archive_has_no_model_to_calibrate_for(tmp_path):
    with opened(tmp_path / "a") as archive, pytest.raises(ArchiveError, match="holds no crops yet"):
        archive.calibration.from_set(tmp_path)


# -- the command line ----------------------------------------------------------------------------


@pytest.mark.full
def test_command(run, labelled, tmp_path):
    run.archive = labelled
    assert run("calibrate").code == 2
    assert run("calibrate", "--labels", "--show").code == 2
    assert run("calibrate", "--forget", "-o", tmp_path / "x.png").code == 2
    assert run("calibrate", "--show").code == 9
    assert run("calibrate", tmp_path / "nowhere").code == 3
    made = run("calibrate", "--labels", "-o", tmp_path / "c.png")
    assert made.code == 0, made.err
    assert "Calibrated on this archive's own labels (30 people, 2 cameras" in made.out
    assert "270 same-person pairs, 7,830 different-person pairs, all across two cameras" in made.out
    with Image.open(tmp_path / "c.png") as picture:
        assert picture.size[0] == 1280
    shown = json.loads(run("calibrate", "--show", "--format", "json").out)
    assert shown["provenance"]["people"] == 30
    assert shown["soundness"]["cllr"] >= shown["soundness"]["cllr_min"]
    ratios = [row["log10_lr"] for row in shown["scores"]]
    assert ratios == sorted(ratios)
    asked = run("query", "--crop", 1, "--max-false-alarms", 2, "-k", 3)
    assert asked.code == 0
    header = asked.out.splitlines()[0].split()
    assert header[:7] == ["rank", "by", "score", "score", "probability", "false", "alarms"]
    assert run("query", "--crop", 1, "--max-false-alarms", 2, "--min-score", 0.1).code == 2
    assert run("query", "--crop", 1, "--prior", 2).code == 2
    assert run("calibrate", "--forget").out == "The calibration was removed.\n"
    assert run("calibrate", "--forget").out == "There was no calibration.\n"


@pytest.mark.full
def test_a_replay_compares_what_scores_are_read_by_wherever_it_is_from(calibrated):
    with Archive.open(calibrated) as archive:
        answer = archive.search(1)
        in_force = archive.calibration.in_force()
        assert in_force is not None
        assert answer.statement.calibration_sha256 == in_force.sha256
        entry = answer.statement.logged.entry
        assert entry is not None
        assert not archive.replay(entry).changes
        keep(archive._store, replace(in_force, slope=in_force.slope + 1))  # the same provenance
        assert [one.cause for one in archive.replay(entry).changes] == [Cause.CALIBRATION]
