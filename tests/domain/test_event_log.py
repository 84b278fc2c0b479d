"""The chain of the event log: whatever is changed in it shows, and what was erased does not."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from reidsearch.domain.event_log import (
    BEFORE_FIRST,
    Event,
    LogEntry,
    Seal,
    _plain,
    canonical,
    committed,
    faults,
    new_salt,
)

NOW = dt.datetime(2026, 5, 31, 12, tzinfo=dt.UTC)


def chain(details: list[dict], events: list[Event] | None = None) -> list[LogEntry]:
    """A log of these details."""
    made: list[LogEntry] = []
    for number, detail in enumerate(details, 1):
        text, salt = canonical(detail).decode(), new_salt()
        made.append(
            LogEntry(
                number=number,
                at=NOW + dt.timedelta(seconds=number),
                event=events[number - 1] if events else Event.SEARCH,
                actor="anna",
                case=None,
                program="test 1",
                content=committed(text, salt),
                previous=made[-1].digest if made else BEFORE_FIRST,
                salt=salt,
                detail=text,
            )
        )
    return made


def sealed(log: list[LogEntry]) -> Seal:
    return Seal("archive", NOW, len(log), log[-1].digest.hex())


LOG = chain([{"n": n} for n in range(8)])
SEAL = sealed(LOG)

CHANGES = {
    "number": lambda entry: entry.number + 1,
    "at": lambda entry: entry.at + dt.timedelta(microseconds=1),
    "event": lambda entry: Event.DELETE,
    "actor": lambda entry: entry.actor + " ",
    "case": lambda entry: "2026-1",
    "program": lambda entry: "test 2",
    "content": lambda entry: bytes(32),
    "previous": lambda entry: bytes([entry.previous[0] ^ 1]) + entry.previous[1:],
    "salt": lambda entry: bytes(32),
    "detail": lambda entry: '{"n":99}',
}


def test_a_log_that_nobody_touched_holds() -> None:
    assert list(faults(LOG, [SEAL, sealed(LOG[:3])])) == []
    assert list(faults([])) == []


@pytest.mark.parametrize("field", CHANGES)
@pytest.mark.parametrize("place", [0, 3, 7])
def test_a_changed_value_shows(field, place) -> None:
    log = list(LOG)
    log[place] = replace(log[place], **{field: CHANGES[field](log[place])})
    found = list(faults(log, [SEAL]))
    assert found
    assert found[0].number in {place + 1, place + 2}


def test_the_values_that_are_changed_are_all_that_there_are() -> None:
    assert CHANGES.keys() == set(LogEntry.__dataclass_fields__)


@pytest.mark.full
@given(st.lists(st.integers(0, 7), max_size=10))
def test_any_other_order_or_choice_shows(places: list[int]) -> None:
    log = [LOG[place] for place in places]
    found = list(faults(log, [SEAL]))
    assert (not found) == (places == list(range(8)))


@pytest.mark.parametrize("kept", range(8))
def test_what_is_cut_off_shows_against_the_newest_seal(kept) -> None:
    found = list(faults(LOG[:kept], [sealed(LOG[:1]), SEAL]))
    assert [fault.number for fault in found] == [kept + 1]
    assert "cut off" in found[0].what


def test_an_end_that_was_written_anew_shows_against_a_seal() -> None:
    other = chain([{"n": n} for n in range(8)])
    assert list(faults(other)) == []
    found = list(faults(other, [SEAL]))
    assert "sealed" in found[0].what


def test_an_erased_detail_holds_where_a_later_entry_says_so() -> None:
    told = [{"n": 0}, {"n": 1}, {"entries": [1]}]
    log = chain(told, [Event.SEARCH, Event.SEARCH, Event.FORGET])
    gone = [replace(log[0], salt=None, detail=None), *log[1:]]
    assert list(faults(gone)) == []
    assert gone[0].said is None
    more = [gone[0], replace(log[1], salt=None, detail=None), log[2]]
    assert [fault.number for fault in faults(more)] == [2]
    half = [replace(log[0], salt=None), *log[1:]]
    assert [fault.number for fault in faults(half)] == [1]


def test_a_detail_cannot_be_guessed_without_its_salt() -> None:
    first, second = chain([{"n": 1}]), chain([{"n": 1}])
    assert first[0].content != second[0].content


ODD_NUMBERS = (
    *(0.0, -0.0, 1.0, -3.0, 0.1, -0.30000000000000004, 1e-4, 9.999e-5, 1e-7, 5e-324),
    *(2.0**53 - 1, 2.0**53, -(2.0**53), 123456789.125, 1e15 + 0.5, 1e16, 1e21, 1.7e308),
    *(float("nan"), float("inf"), 2**53 - 1, 2**53, -(2**53) + 1, -(2**53), 0, True),
)
ODD_TEXTS = ("", "a", '"\\/', "\b\f\n\r\t\x00\x1f\x7f", "é\u2028", "\ud800", "\U0001f600", "\ufb33")


@pytest.mark.parametrize("one", [*ODD_NUMBERS, *ODD_TEXTS, Event.SEARCH, None, [], {}, ()])
def test_what_the_standard_library_writes_is_canonical(one: object) -> None:
    named = {str(one): one, "\U0001f600": 1, "\ufb33": 2}  # the first by UTF-16, not by code point
    for value in (one, [one, "x"], {"n": (one, {"m": one})}, {**named, 7: one, None: 1}, named):
        assert canonical(value) == rfc8785.dumps(_plain(value))


def test_canonical_json_is_that_of_the_standard() -> None:
    value = {"b": 1.0, "a": [1e21, 0.1, "é\n", True, None], "ü": (1,), "\udc80": float("inf")}
    text = canonical(value).decode()
    assert text == '{"\\\\udc80":null,"a":[1e+21,0.1,"é\\n",true,null],"b":1,"ü":[1]}'
    assert json.loads(text)["b"] == 1
    assert (
        canonical([2**53 - 1, -(2**62), True]) == b'[9007199254740991,"-4611686018427387904",true]'
    )
