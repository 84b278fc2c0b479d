"""Attributes in the archive: filters against an oracle, resuming, erasing, checking, showing."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterator
from importlib import resources

import jsonschema
import numpy as np
import pytest
from archives import CommandLine, draw_many, sql
from attribute_values import Drawn, values
from scenes import NOON

from reidsearch import Archive
from reidsearch.base.errors import ArchiveError, UsageError
from reidsearch.domain.attributes import COLOURS, NAMES, PARTS, Attributes
from reidsearch.domain.event_log import Event as Log
from reidsearch.domain.models import ModelIdentity
from reidsearch.domain.replay import Cause
from reidsearch.domain.request import Filters
from reidsearch.media.naming.patterns import Naming
from reidsearch.media.naming.source_facts import SourceNaming
from reidsearch.output.attributes import wears, worn_cells
from reidsearch.output.statement import sentences
from reidsearch.services.attributes import AttributeService
from reidsearch.services.index import FootageOptions
from reidsearch.store.crops.store import Store
from reidsearch.store.log_reading import entries
from reidsearch.store.selection import select_crops

pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def made_once(tmp_path_factory, scene):
    """Three tracklets of footage and 70 pictures."""
    folder = tmp_path_factory.mktemp("attributes") / "archive"
    pictures = folder.parent / "pictures"
    draw_many(pictures, 70)
    path, _ = scene
    footage = FootageOptions(
        naming=SourceNaming(camera="gate", start=NOON), detections=path.with_suffix(".det.txt")
    )
    with Archive.open(folder, create=True, model="builtin") as archive:
        archive.index([path], footage=footage)
        archive.index([pictures], naming=Naming(camera="hall"))
    return folder


@pytest.fixture
def folder(tmp_path, made_once):
    shutil.copytree(made_once, tmp_path / "archive")
    return tmp_path / "archive"


def record(folder, drawn=None) -> int:
    with Store(folder) as store:
        return AttributeService(store, lambda _: drawn or Drawn()).record().recorded


def logged(folder):
    with Store(folder) as store:
        return [one.said for one in entries(store, events=(Log.ANNOTATE, Log.ANNOTATE_END))]


def rows(folder):
    return sql(folder, "SELECT * FROM attributes ORDER BY crop_id")


def units(folder) -> Iterator[list[int]]:
    """Crop ids, tracklet by tracklet, then one by one."""
    held = sql(
        folder, "SELECT crop.id, tracklet_id FROM crop LEFT JOIN moment ON crop_id = crop.id"
    )
    tracklets: dict[object, list[int]] = {}
    for crop_id, tracklet_id in held:
        tracklets.setdefault(tracklet_id or f"crop {crop_id}", []).append(int(str(crop_id)))
    yield from tracklets.values()


FILTERS = [
    Filters(wearing=("red",)),
    Filters(wearing=("upper:red",)),
    Filters(wearing=("lower:black,blue",)),
    Filters(wearing=("red", "lower:green,grey,white")),
    Filters(with_things=("backpack",)),
    Filters(without_things=("hat",)),
    Filters(
        wearing=("blue,black,grey",), with_things=("bag", "hat"), without_things=("long-hair",)
    ),
    Filters(with_things=("hat",), without_things=("hat",)),
]


def oracle(worn: Attributes, filters: Filters) -> bool:
    """In plain words."""
    for text in filters.wearing:
        part, _, names = text.rpartition(":")
        parts = [part] if part else PARTS
        if not any(
            sum(worn.colours[one][name] for name in names.split(",")) >= 0.25 for one in parts
        ):
            return False
    return all(worn.things[name] >= 0.5 for name in filters.with_things) and all(
        worn.things[name] < 0.5 for name in filters.without_things
    )


@pytest.mark.full
def test_filters_let_through_what_an_oracle_does(folder):
    record(folder)
    some = 0
    with Store(folder) as store, store.read() as connection:
        for filters in FILTERS:
            expected = [
                crop_id
                for ids in units(folder)
                for crop_id in ids
                if oracle(Attributes.mean(np.array([values(i) for i in ids])), filters)
            ]
            found = select_crops(connection, filters)
            assert found.ids.tolist() == sorted(expected), filters
            assert found.unknown.attributes == 0
            some += 0 < len(expected) < 70
    assert some >= 5  # the filters do tell crops apart


def test_what_is_told_is_the_mean_of_a_tracklets_views(folder):
    record(folder)
    with Archive.open(folder) as archive:
        for ids in units(folder):
            expected = Attributes.mean(np.array([values(i) for i in ids]))
            told = archive.attributes.of(ids[-1])
            assert told.crops == len(ids)
            assert told.things == pytest.approx(expected.things, abs=1e-6)
            assert told.agreement == pytest.approx(expected.agreement)
        answer = archive.search(1, k=100)
        assert all(match.attributes is not None for match in answer.matches)
        assert answer.matches[0].attributes == archive.attributes.of(answer.matches[0].crop.crop_id)


def one_crop(**shares: float) -> Attributes:
    """A crop whose upper body has these shares; the lower is black."""
    row = np.zeros(len(NAMES), np.float32)
    for name, share in shares.items():
        row[NAMES.index(f"upper:{name}")] = share
    row[NAMES.index("lower:black")] = 1.0
    row[NAMES.index("hat")] = 0.31
    return Attributes.mean(row[None])


@pytest.mark.parametrize(
    ("filters", "told"),
    [
        (Filters(), "blue 0.60 / black 1.00"),
        (Filters(wearing=("blue",)), "blue 0.60 / black 1.00"),
        (Filters(wearing=("red",)), "blue 0.60 (red 0.30 matched) / black 1.00"),
        (Filters(wearing=("upper:red",)), "blue 0.60 (red 0.30 matched) / black 1.00"),
        (Filters(wearing=("upper:red,grey",)), "blue 0.60 (red+grey 0.40 matched) / black 1.00"),
        (Filters(wearing=("black",)), "blue 0.60 / black 1.00"),
        (Filters(without_things=("hat",)), "blue 0.60 / black 1.00, no hat (0.31)"),
    ],
)
def test_what_a_filter_was_met_by_is_shown(filters, told):
    worn = one_crop(blue=0.6, red=0.3, grey=0.1)
    assert wears(worn, filters) == told
    cells = worn_cells(worn, filters)
    assert f"{cells['upper']} / {cells['lower']}" in told


def test_how_many_crops_of_a_tracklet_meet_a_filter_by_themselves_is_told():
    rows = np.zeros((5, len(NAMES)), np.float32)
    rows[:, NAMES.index("lower:black")] = 1.0
    rows[:, NAMES.index("upper:blue")] = [1.0, 1.0, 0.5, 0.4, 0.8]
    rows[:, NAMES.index("upper:red")] = [0.0, 0.0, 0.5, 0.6, 0.2]
    rows[:, NAMES.index("backpack")] = [0.9, 0.9, 0.9, 0.1, 0.1]
    rows[:, NAMES.index("hat")] = 0.31
    filters = Filters(
        wearing=("upper:red", "blue"), with_things=("backpack",), without_things=("hat",)
    )
    found = Attributes.mean(rows, filters.attributes)
    assert found.matched == {
        "wearing upper:red": 2, "wearing blue": 5, "with backpack": 3, "without hat": 5,
    }  # fmt: skip
    assert wears(found, filters) == (
        "blue 0.74 (red 0.26 matched in 2 of 5 crops, blue in 5 of 5 crops) / black 1.00, "
        "backpack 0.58 (3 of 5 crops), no hat (0.31) (5 of 5 crops)"
    )
    assert Attributes.mean(rows).matched == {}


def test_a_filtered_answer_says_how_often_its_filters_find_somebody_again(folder):
    record(folder)
    with Archive.open(folder) as archive:
        filters = Filters(wearing=("upper:red", "red"), without_things=("hat",))
        statement = archive.search(1, filters=filters).statement
    text = " ".join(sentences(statement))
    assert "found at another 46 to 68 % (upper colours), 46 to 81 % (lower colours), " in text
    assert "0 to 24 % (hat) (docs/explanation/attributes.md)" in text


@pytest.mark.full
def test_every_match_of_a_filter_shows_a_share_that_met_it(folder, run):
    record(folder)
    run.archive = folder
    for colour in COLOURS:
        ran = run(
            "query", "--crop", 1, "--wearing", f"upper:{colour}", "-k", 100, "--format", "csv"
        )
        assert ran.code == 0, ran.err
        for row in csv.DictReader(ran.out.splitlines()):
            if row["crop_id"]:
                assert row["upper"].startswith(colour) or f"{colour} 0." in row["upper"], row
        table = run("query", "--crop", 1, "--wearing", f"upper:{colour}", "-k", 100).out
        assert ("wears" in table) == (colour in table.partition("Searched")[0])


def test_without_records_nothing_passes_and_all_are_counted(folder):
    with Archive.open(folder) as archive:
        held = len(archive)
        said = archive.search(1, filters=Filters(without_things=("hat",))).statement
        assert (said.crops_searched, said.left_out_unknown_attributes) == (0, held - 1)
        # A camera filter beside it is taken into account.
        both = Filters(cameras=("hall",), with_things=("hat",))
        assert archive.search(1, filters=both).statement.left_out_unknown_attributes == 70
        assert archive.search(1).matches[0].attributes is None
        with pytest.raises(UsageError):
            archive.search(1, filters=Filters(with_things=("umbrella",)))


def test_an_interrupted_run_goes_on_and_never_tears_a_tracklet(folder, tmp_path):
    whole = shutil.copytree(folder, tmp_path / "whole")
    total = record(whole)
    with pytest.raises(KeyboardInterrupt):
        record(folder, Drawn(stop_after=73))
    assert "finished" not in logged(folder)[-1]  # it was begun, and has no end
    done = {row[0] for row in rows(folder)}
    assert done
    assert all(set(ids) <= done or not done & set(ids) for ids in units(folder))
    assert record(folder) == total - len(done)
    assert rows(folder) == rows(whole)
    assert record(folder) == 0
    assert [one["crops"] for one in logged(folder)] == [total, total - len(done), total - len(done)]


def test_another_method_records_all_anew(folder):
    total = record(folder)
    newer = Drawn(seed=1)
    newer.identity = ModelIdentity("drawn-attributes", "FP16", "cd" * 48, "none/2", len(NAMES))
    before = rows(folder)
    assert record(folder, newer) == total
    assert len(rows(folder)) == total
    assert not set(before) & set(rows(folder))


def test_a_replay_says_that_filters_go_by_what_is_recorded_now(folder):
    record(folder)
    newer = Drawn(seed=1)
    newer.identity = ModelIdentity("drawn-attributes", "FP16", "cd" * 48, "none/2", len(NAMES))
    with Archive.open(folder) as archive:
        archive.search(1, filters=Filters(wearing=("red",)))
        archive.search(1)
        filtered, plain = (one.number for one in archive.log.entries(events=[Log.SEARCH]))
        assert not archive.replay(filtered).changes
        record(folder, newer)
        told = archive.replay(filtered)
        assert [one.cause for one in told.changes] == [Cause.ATTRIBUTES]
        assert any("recorded now" in one for one in told.not_rebuilt)
        assert {c for one in told.compared.differences for c in one.causes} <= {Cause.ATTRIBUTES}
        assert archive.replay(plain).identical


def test_attributes_leave_with_their_crop_and_means_follow(folder):
    record(folder)
    (view, *rest), *_ = (ids for ids in units(folder) if len(ids) > 1)
    with Archive.open(folder, model="builtin") as archive:
        archive.delete(archive.plan_delete(crop_ids=[view]))
        assert archive.check() == []
        told = archive.attributes.of(rest[0])
        assert told.crops == len(rest)
        assert told.things == pytest.approx(
            Attributes.mean(np.array([values(i) for i in rest])).things, abs=1e-6
        )
        archive.delete(archive.plan_delete(Filters(cameras=("gate",))))
        assert {row[0] for row in rows(folder)} == {
            crop_id for (crop_id,) in sql(folder, "SELECT id FROM crop")
        }


def test_reembedding_does_not_touch_them(folder):
    record(folder)
    before = rows(folder)
    with Archive.open(folder, model="builtin") as archive:
        archive.reembed()
        assert archive.check() == []
    assert rows(folder) == before


@pytest.mark.full
@pytest.mark.parametrize("change", ["hat = 1.5", "hat = -0.2", "upper_red = upper_red + 0.5"])
def test_check_notices_impossible_values_and_repair_drops_them(folder, change):
    total = record(folder)
    sql(folder, f"UPDATE attributes SET {change} WHERE crop_id = 7")
    with Archive.open(folder) as archive:
        (finding,) = archive.check()
        assert (finding.code, finding.repairable, finding.crop_ids) == ("attributes", True, (7,))
        assert archive.check(repair=True) == []
    assert len(rows(folder)) == total - 1
    assert record(folder) >= 1
    assert len(rows(folder)) == total


@pytest.mark.full
def test_an_answer_with_impossible_values_is_refused(folder):
    record(folder)
    sql(folder, "UPDATE attributes SET hat = 1e308")
    with Archive.open(folder) as archive, pytest.raises(ArchiveError, match="impossible attribut"):
        archive.search(1)


def test_a_picture_that_cannot_be_read_is_reported_and_the_rest_recorded(folder):
    sql(folder, "UPDATE picture SET jpeg = x'00' WHERE crop_id = 3")
    with Store(folder) as store:
        report = AttributeService(store, lambda _: Drawn()).record()
        assert report.failed == (3,)
    assert 3 not in {row[0] for row in rows(folder)}
    with Store(folder) as store, store.read() as connection:
        # Its tracklet's other views speak for it.
        asked = Filters(without_things=("bag",), cameras=("gate",))
        either = Filters(with_things=("bag",), cameras=("gate",))
        found = [select_crops(connection, each) for each in (asked, either)]
        assert any(3 in each.ids for each in found)
        assert [each.unknown.attributes for each in found] == [0, 0]


# -- the commands -------------------------------------------------------------------------------


@pytest.fixture
def held(run: CommandLine, made_once) -> CommandLine:
    shutil.copytree(made_once, run.archive)
    return run


@pytest.mark.full
def test_the_commands_record_filter_and_show(held, shared):
    models = shared / "models"
    ran = held("annotate", "--model-path", models, "--offline")
    assert ran.code == 0, ran.err
    count = len(rows(held.archive))
    assert f"Recorded the attributes of {count} crops" in ran.out
    assert "of 0 crops" in held("annotate", "--model-path", models, "--offline").out
    ran = held(
        "query", "--crop", 1, "--format", "json", "--without", "hat", "--wearing", "red,blue"
    )
    document = json.loads(ran.out)
    schema = json.loads(
        resources.files("reidsearch.output").joinpath("schemas/answer-3.json").read_text("utf-8")
    )
    jsonschema.validate(document, schema)
    assert document["statement"]["filters"]["without_things"] == ["hat"]
    assert document["matches"], "the drawn people of the scene wear something"
    for match in document["matches"]:
        assert match["attributes"]["things"]["hat"] < 0.5
    table = held("query", "--crop", 1, "--without", "hat").out
    assert "wears" in table
    assert "Filters: without hat.\nExcluding the query crop." in table
    assert "estimated by a model" in table
    csv = held("query", "--crop", 1, "--format", "csv").out.splitlines()
    assert ",upper,lower,things," in csv[0]
    shown = held("show", "crop", 1)
    assert "upper body" in shown.out
    assert "crops agree)" in shown.out
    assert json.loads(held("show", "crop", 1, "--format", "json").out)["attributes"]["crops"] >= 1


@pytest.mark.parametrize(
    "arguments", [("--wearing", "mauve"), ("--with", "is_male"), ("--without", "sunglasses")]
)
def test_unknown_attributes_are_a_wrong_option(held, arguments):
    ran = held("query", "--crop", 1, *arguments)
    assert ran.code == 2
    assert "->" in ran.err


def test_what_is_not_recorded_is_said(held):
    ran = held("query", "--crop", 1, "--with", "hat")
    assert ran.code == 0
    assert "no crop passed the filters" in ran.out
    assert "no recorded attributes and were excluded (reidsearch annotate)" in ran.out
    assert "upper body" not in held("show", "crop", 1).out


def test_no_model_no_attributes(held):
    ran = held("annotate", "--offline")
    assert ran.code == 4
    assert "reidsearch models" in ran.err
    assert rows(held.archive) == []
