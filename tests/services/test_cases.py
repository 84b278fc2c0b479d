"""Cases: what is written down of them, what belongs to them, when nothing does any more."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib

import pytest
from archives import draw, opened

from reidsearch import Archive
from reidsearch.base.actor import Author, acting
from reidsearch.base.errors import Kind, NotFound, ReidsearchError, UsageError
from reidsearch.base.timecode import now
from reidsearch.domain.answers import Answer
from reidsearch.domain.cases import AskedFor, CaseState, Needed, Reason, ReasonKind
from reidsearch.domain.event_log import Event, LogEntry
from reidsearch.domain.request import SearchRequest
from reidsearch.services.search_log import answer_sha256

pytestmark = pytest.mark.full  # archives that are searched again and again

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def archive(tmp_path, indexed_crops):
    indexed_crops(tmp_path, 5)
    with opened(tmp_path / "archive") as archive:
        yield archive


def for_case(archive: Archive, case: str, reason: str | None = None) -> Archive:
    return Archive.open(archive.location, case=case, reason=reason, actor="anna", model="builtin")


def last(archive: Archive) -> LogEntry:
    return next(iter(archive.log.entries(last=1)))


def refused(archive: Archive, case: str) -> ReidsearchError:
    with pytest.raises(ReidsearchError) as error:
        for_case(archive, case)
    return error.value


def test_what_is_written_down_of_a_case_is_kept_and_logged(archive) -> None:
    issued, expires = now(), now() + HOUR
    with acting(Author("anna")):
        made = archive.cases.new(
            " 2026-17 ",
            title="Theft",
            authority_kind="warrant",
            authority_reference="AZ 3",
            issued=issued,
            expires=expires,
            purpose="find a witness",
            notes="none",
        )
    assert archive.cases.all() == [made]
    assert archive.cases.find("2026-17") == made
    assert (made.number, made.examiner, made.closed_at) == ("2026-17", "anna", None)
    assert (made.issued, made.expires) == (issued, expires)
    entry = last(archive)
    assert (entry.event, entry.actor, entry.case) == (Event.CASE, "anna", "2026-17")
    assert entry.said == {"change": "new", "note": "", "case": made.document()}


def test_each_change_of_a_case_has_an_entry(archive) -> None:
    opened_as = archive.cases.new("1", title="Theft", examiner="eve")
    edited = archive.cases.edit("1", title="Robbery")
    assert (edited.title, edited.examiner) == ("Robbery", "eve")
    assert edited.opened_at == opened_as.opened_at
    closed = archive.cases.close("1", note="solved")
    assert closed.state(now()) is CaseState.CLOSED
    assert archive.cases.reopen("1").closed_at is None
    told = [entry.said for entry in archive.log.entries(events=[Event.CASE], case="1")]
    assert [one["change"] for one in told if one] == ["new", "edit", "close", "reopen"]
    assert [one["note"] for one in told if one] == ["", "", "solved", ""]
    assert archive.log.faults() == []


def test_what_is_done_for_a_case_belongs_to_it(archive) -> None:
    archive.cases.new("1")
    with for_case(archive, "1") as working:
        working.search([1], k=2)
        working.search([2], k=2)
        working.identities.new("person", [1])
    archive.search([3], k=2)
    belongings = {one.event: one for one in archive.cases.belongings("1")}
    assert {event: one.entries for event, one in belongings.items()} == {
        Event.DECISION: 1,
        Event.SEARCH: 2,
        Event.CASE: 1,
    }
    assert next(one.event for one in archive.cases.belongings("1")) is Event.DECISION
    newest = list(archive.log.entries(events=[Event.SEARCH], case="1"))[-1]
    assert belongings[Event.SEARCH].newest == newest.number
    assert belongings[Event.SEARCH].newest_at == newest.at
    assert last(archive).case is None


def test_nothing_belongs_to_a_case_that_is_unknown_closed_or_expired(archive) -> None:
    assert isinstance(refused(archive, "1"), NotFound)
    assert refused(archive, "1").kind == Kind.CASE_UNKNOWN
    archive.cases.new("1", expires=now() + HOUR)
    for_case(archive, "1").close()
    archive.cases.edit("1", expires=now())
    error = refused(archive, "1")
    assert (error.kind, error.fields) == (Kind.CASE_EXPIRED, {"case": "1"})
    archive.cases.edit("1", expires=None)
    archive.cases.close("1")
    error = refused(archive, "1")
    assert (error.kind, error.fields) == (Kind.CASE_CLOSED, {"case": "1"})
    archive.cases.reopen("1")
    for_case(archive, "1").close()


def test_nothing_is_decided_for_a_case_that_ended_meanwhile(archive) -> None:
    archive.cases.new("1", expires=now() + HOUR)
    with for_case(archive, "1") as working:
        working.identities.new("person", [1])
        archive.cases.edit("1", expires=now())
        with pytest.raises(UsageError) as error:
            working.identities.confirm("person", [2])
        assert error.value.kind == Kind.CASE_EXPIRED
        with acting(Author("eve", "unknown")), pytest.raises(NotFound):
            working.identities.confirm("person", [2])
    assert len(archive.identities.show("person").members) == 1
    archive.identities.confirm("person", [2])


@pytest.mark.parametrize("number", ["", "  ", "x" * 101, "1\n2"])
def test_a_number_is_printable_and_not_long(archive, number) -> None:
    with pytest.raises(UsageError) as error:
        archive.cases.new(number)
    assert error.value.kind == Kind.CASE_BAD


def test_what_makes_no_sense_is_refused_and_nothing_is_written(archive) -> None:
    archive.cases.new("1", issued=now())
    before = archive.log.count()
    with pytest.raises(UsageError) as error:
        archive.cases.new("1")
    assert error.value.kind == Kind.CASE_NUMBER_TAKEN
    with pytest.raises(UsageError, match="before it is issued"):
        archive.cases.edit("1", expires=now() - HOUR)
    with pytest.raises(UsageError, match="10,000 are allowed"):
        archive.cases.edit("1", notes="x" * 10_001)
    with pytest.raises(UsageError, match="time zone"):
        archive.cases.edit("1", expires=dt.datetime(2030, 1, 1))  # noqa: DTZ001
    with pytest.raises(UsageError, match="nothing of the case"):
        archive.cases.edit("1")
    with pytest.raises(UsageError, match="is not closed"):
        archive.cases.reopen("1")
    with pytest.raises(NotFound):
        archive.cases.close("2")
    archive.cases.close("1")
    with pytest.raises(UsageError, match="closed already"):
        archive.cases.close("1")
    assert archive.log.count() == before + 1


# -- what searching needs -------------------------------------------------------------------


def test_an_answer_says_for_which_case_it_was_asked_and_is_the_same_answer(archive) -> None:
    archive.cases.new("1")
    with for_case(archive, "1", "witness: saw the car") as working:
        answer = working.search([1], k=2)
        with acting(Author("anna")):
            without = working.search([1], k=2)
        _, matches = working.search_all([1], min_score=0.5)
        list(matches)
    assert without.statement.case is None
    assert answer.statement.case == AskedFor("1", ReasonKind.WITNESS, "saw the car")
    told = [one.said for one in archive.log.entries(events=[Event.SEARCH], case="1")]
    asked = {"number": "1", "reason": "witness", "note": "saw the car"}
    assert [one["statement"]["case"] for one in told if one] == [asked, asked]
    digests = {answer_sha256(one.statement, one.matches) for one in (answer, without)}
    assert len(digests) == 1


SEARCHES = {
    "search": lambda archive: archive.search([1], k=2),
    "many": lambda archive: list(archive.search_many([SearchRequest(1), SearchRequest(2)])),
    "all": lambda archive: archive.search_all([1], min_score=0.5),
    "explain": lambda archive: archive.explain(1, 2),
    "identity": lambda archive: archive.search(identity="person", k=2),
}


@pytest.mark.parametrize("search", SEARCHES.values(), ids=SEARCHES.keys())
def test_an_archive_that_needs_a_case_is_searched_for_one_only(archive, search) -> None:
    archive.identities.new("person", [1])
    archive.cases.new("1")
    assert archive.cases.search_needs is Needed.NOTHING
    with Archive.open(archive.location) as other:
        other.cases.require(Needed.CASE)
    assert archive.cases.search_needs is Needed.CASE
    before = archive.log.count()
    with pytest.raises(UsageError) as error:
        search(archive)
    assert error.value.kind == Kind.CASE_REQUIRED
    assert archive.log.count() == before
    with for_case(archive, "1") as working:
        search(working)
        archive.cases.require(Needed.REASON)
        with pytest.raises(UsageError) as error:
            search(working)
        assert error.value.kind == Kind.REASON_REQUIRED
    with for_case(archive, "1", "missing") as working:
        search(working)
    archive.cases.require(Needed.NOTHING)
    search(archive)
    told = [one.said for one in archive.log.entries(events=[Event.CASE_REQUIRED])]
    assert [one["search_needs"] for one in told if one] == ["case", "reason", "nothing"]


@pytest.mark.parametrize("search", SEARCHES.values(), ids=SEARCHES.keys())
def test_searching_stops_when_the_authority_of_the_case_expires(archive, search) -> None:
    archive.identities.new("person", [1])
    archive.cases.new("1", expires=now() + HOUR)
    with for_case(archive, "1") as working:
        search(working)
        archive.cases.edit("1", expires=now())
        with pytest.raises(UsageError) as error:
            search(working)
        assert error.value.kind == Kind.CASE_EXPIRED
        archive.cases.edit("1", expires=None)
        archive.cases.close("1")
        with pytest.raises(UsageError) as error:
            search(working)
        assert error.value.kind == Kind.CASE_CLOSED


def test_a_batch_that_a_case_ends_in_gives_no_further_answers(archive, monkeypatch) -> None:
    monkeypatch.setattr("reidsearch.services.search.REQUESTS_AT_ONCE", 1)
    archive.cases.new("1")
    with for_case(archive, "1") as working:
        answers = working.search_many([SearchRequest(1), SearchRequest(2)])
        assert isinstance(next(answers), Answer)
        archive.cases.close("1")
        with pytest.raises(UsageError):
            next(answers)


def test_whoever_shares_an_open_archive_searches_for_their_own_case(archive) -> None:
    archive.cases.new("1")
    archive.cases.require(Needed.CASE)
    with acting(Author("eve", "1")):
        assert archive.search([1], k=2).statement.case == AskedFor("1")
    with for_case(archive, "1") as working, acting(Author("eve")), pytest.raises(UsageError):
        working.search([1], k=2)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("missing", Reason(ReasonKind.MISSING)),
        ("witness:saw it: at noon", Reason(ReasonKind.WITNESS, "saw it: at noon")),
        ("other: training", Reason(ReasonKind.OTHER, "training")),
        ("other", None),
        ("curiosity", None),
        ("", None),
    ],
)
def test_a_reason_has_a_kind(archive, text, reason) -> None:
    archive.cases.new("1")
    if reason is not None:
        assert Reason.of(text) == reason
        assert Reason.of(str(reason)) == reason
        return
    with pytest.raises(UsageError) as error:
        for_case(archive, "1", text)
    assert error.value.kind == Kind.REASON_BAD


def test_a_reason_belongs_to_a_case(archive) -> None:
    with pytest.raises(UsageError) as error:
        Archive.open(archive.location, reason="missing")
    assert error.value.kind == Kind.CASE_REQUIRED


# -- for replay ----------------------------------------------------------------------------


def test_the_embedding_of_a_searched_picture_is_kept_for_a_case_alone(archive, tmp_path) -> None:
    pictures = [draw(tmp_path / f"query {number}.png", 90 + number) for number in range(2)]
    asked = SearchRequest([pictures[0], 1, pictures[1]], k=2)
    archive.cases.new("1")
    with for_case(archive, "1") as working:
        statement = working.search(asked).statement
        _, matches = working.search_all(pictures[0], min_score=0.5)
        list(matches)
        absent = SearchRequest(tmp_path / "absent.png")
        list(working.search_many([absent, SearchRequest(pictures[1])]))
        with acting(Author("anna")):
            working.search(asked)
    first, single, batch, without = (
        one.said or {} for one in archive.log.entries(events=[Event.SEARCH])
    )
    embeddings = first["query_embeddings"]
    told = statement.query_pictures
    assert [one.crop_id for one in told] == [None, None, 1]
    assert embeddings[2] is None  # it is in the archive
    digests = [hashlib.sha256(base64.b64decode(one)).hexdigest() for one in embeddings[:2]]
    assert digests == [one.embedding_sha256 for one in told[:2]]
    assert single["query_embeddings"] == embeddings[:1]
    assert batch["query_embeddings"] == embeddings[1:2]
    assert "query_embeddings" not in without
