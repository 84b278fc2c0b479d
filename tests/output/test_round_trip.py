"""Whatever is accepted can be given out: as a table, JSON, JSON Lines, CSV, a sheet and a page."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from pathlib import Path

import pytest
from archives import fill, sql, unit_rows
from hostile import Tally, foreign
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from layouts import IMPRINT, Crops, contact_sheet, grey, shown, signed
from present_samples import answer, answer_csv, crop

from reidsearch import Archive
from reidsearch.base.errors import InputError, ReidsearchError, UsageError
from reidsearch.base.settings import PictureLimits
from reidsearch.domain.answer_json import answer_json
from reidsearch.domain.answers import Answer
from reidsearch.domain.crops import CropInput, Facts, HeldBytes
from reidsearch.media.files.crop_inputs import CropInputs
from reidsearch.media.files.inventory import take_inventory
from reidsearch.media.naming.patterns import Naming
from reidsearch.media.naming.source_list import read_source_list
from reidsearch.output.answer_json import jsonl_lines
from reidsearch.output.answer_text import answer_view
from reidsearch.output.emit import dumps, lines
from reidsearch.output.pages.write import single_page
from reidsearch.output.text import crop_view, show

TEXTS = st.text(st.characters(), max_size=30)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | TEXTS
    | st.sampled_from(["\ud800", "\0", "\x1b[31m", "=1+1", "\u202e", "a" * 2000, 10**400, 1e308]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
ROWS = st.dictionaries(TEXTS | st.sampled_from(["camera", "person"]), VALUES, max_size=4)


def nested(depth: int, form: str) -> object:
    """A value within so many lists or objects."""
    value: object = 1
    for _ in range(depth):
        value = [value] if form == "list" else {"a": value}
    return value


def given_out(one: Answer) -> None:
    """Give an answer out in every form; JSON and CSV can be read again."""
    told = json.loads(dumps(answer_json(one), indent=2))
    assert [json.loads(line) for line in jsonl_lines(one.statement, one.matches)]
    out = io.StringIO()
    show(answer_view(one), out)
    show(crop_view(one.matches[0].crop), out)
    assert "\x1b" not in out.getvalue()
    (row,) = csv.DictReader(io.StringIO(answer_csv(one), newline=""))
    assert int(row["crop_id"]) == told["matches"][0]["crop_id"]
    page, _ = single_page(shown(one, [grey()]), Crops(one.matches[0].crop), IMPRINT)
    assert not foreign(page.decode())
    signed(contact_sheet(one, [grey()], lambda _: grey(), IMPRINT))


def accepted(row: dict[str, object]) -> Facts | None:
    """What a manifest's row makes of itself; None: it is refused."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("a.png", "b.png"):
            (Path(folder) / name).write_bytes(b"x")
        table = Path(folder) / "m.jsonl"
        named = {**row, "path": "a.png"}
        table.write_text('{"path": "b.png"}\n' + json.dumps(named) + "\n")
        inputs = list(CropInputs(take_inventory([table]), Naming(), PictureLimits()))[1:]
    return next((one.facts for one in inputs if isinstance(one, CropInput)), None)


@pytest.mark.full
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ROWS)
def test_rows_of_manifests(row):
    facts = accepted(row)
    if facts is not None:
        assert json.loads(json.dumps(dict(facts.extra))) == dict(facts.extra)
        given_out(answer(crop(camera=facts.camera, person=facts.person, extra=facts.extra)))


@pytest.mark.parametrize("form", ["list", "object"])
def test_depth_is_bounded_where_it_comes_in(form):
    for depth in (1, 14):
        facts = accepted({"x": nested(depth, form)})
        assert facts is not None
        given_out(answer(crop(extra=facts.extra)))
    for depth in (17, 64, 600):
        assert accepted({"x": nested(depth, form)}) is None


@pytest.mark.parametrize(
    "row",
    [
        {"x": "a" * 70_000},
        {"x": float("inf")},
        {"x": float("nan")},
        {"x": "\0"},
        {"x": ["\ud800"]},
        {"\ud800": 1},
        {"camera": "c" * 1001},
        {"person": "\ud800"},
    ],
    ids=lambda row: ascii(row)[:30],
)
def test_what_cannot_be_given_out_is_refused(row):
    assert accepted(row) is None
    if "camera" not in row and "person" not in row:
        with pytest.raises(ReidsearchError):
            CropInput("a", "1", HeldBytes(b""), facts=Facts(extra=row))


@pytest.mark.full
@pytest.mark.parametrize("form", ["list", "object"])
def test_what_an_earlier_version_took_in_no_longer_breaks_answers(form, tmp_path, run):
    """A row nested 600 deep broke every answer that held its crop."""
    fill(tmp_path / "a", unit_rows(3))
    deep = json.dumps({"x": nested(600, form), "y": 1})
    sql(tmp_path / "a", "UPDATE crop SET extra = :deep WHERE id = 1", deep=deep)
    sql(tmp_path / "a", "UPDATE crop SET extra = '{\"x\": Infinity}' WHERE id = 2")
    with Archive.open(tmp_path / "a") as archive:
        held = [archive.crop(number) for number in (1, 2, 3)]
    for one in held:
        given_out(answer(one))
    for form_ in ("table", "json", "jsonl", "csv"):
        assert run("show", "crop", "1", "-a", tmp_path / "a", "--format", form_).code == 0


@pytest.mark.full
@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(st.sampled_from(["camera", "timezone", "start"]), VALUES, max_size=2),
    st.sampled_from(["csv", "toml"]),
)
def test_lists_of_sources(told, form):
    def text(value: object) -> str:
        return json.dumps(value)

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"s.{form}"
        if form == "toml":
            lines = [f"{name} = {text(value)}" for name, value in told.items()]
            path.write_text("[[source]]\npath = 'a.mp4'\n" + "\n".join(lines))
        else:
            out = io.StringIO()
            csv.writer(out).writerows([["path", *told], ["a.mp4", *map(str, told.values())]])
            path.write_bytes(out.getvalue().encode("utf-8", "surrogatepass"))
        try:
            listed = read_source_list(path)
        except InputError:
            return
    for one in listed.rows.values():
        if one.camera is not None:
            given_out(answer(crop(camera=one.camera)))


@pytest.mark.full
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(name=TEXTS | st.sampled_from(["\ud800", "x" * 5000]), note=TEXTS | st.just("\ud800"))
def test_names_and_notes_of_identities(name, note):
    from reidsearch.output import identities

    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder) / "a", unit_rows(2))
        with Archive.open(Path(folder) / "a", actor="anna") as archive:
            try:
                archive.identities.new(name, [1], note=note)
            except UsageError:
                return
            log, names = archive.identities.decisions(), archive.identities.names()
            document = identities.log_json(log)
    assert json.loads(dumps(document))["decisions"]
    out = io.StringIO()
    show(identities.log_view(log, names), out)
    assert "\x1b" not in out.getvalue()
    assert list(lines("csv", document, "decisions"))


@pytest.mark.fuzz
def test_many_rows():
    """The same for two thousand drawn rows, with figures."""
    tally = Tally("rows of manifests: what is accepted can be given out in six forms")

    @settings(
        max_examples=1500, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    @given(ROWS)
    def one_row(row):
        facts = accepted(row)
        if facts is None:
            return
        try:
            given_out(answer(crop(camera=facts.camera, person=facts.person, extra=facts.extra)))
        except Exception as error:
            tally.take(ascii(row)[:200], repr(error))
        else:
            tally.take(ascii(row)[:200])

    one_row()
    tally.close()
