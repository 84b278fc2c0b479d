"""What is printed row by row is the same text as what is printed whole."""

from __future__ import annotations

import json

import pytest

from reidsearch.output.emit import MANY_ROWS, dumps, lines

ROW = {"location": 'a\n"b"', "reason": "empty", "message": "m", "at": "2024", "run_id": 1}


@pytest.mark.parametrize("form", ["json", "jsonl", "csv"])
@pytest.mark.parametrize("count", [0, 1, 3])
def test_rows_of_an_iterator_are_printed_as_those_of_a_list(form, count):
    rows = [ROW | {"run_id": number} for number in range(count)]
    whole = {"schema": "reidsearch/failures/1", "failures": rows}
    streamed = whole | {"failures": iter(rows)}
    assert "".join(lines(form, streamed, "failures")) == "".join(lines(form, whole, "failures"))


@pytest.mark.parametrize("form", ["json", "jsonl", "csv"])
def test_rows_are_pulled_when_they_are_printed(form):
    pulled = []

    def rows():
        for number in range(100):
            pulled.append(number)
            yield ROW | {"run_id": number}

    document = {"schema": "reidsearch/failures/1", "failures": rows()}
    printed = lines(form, document, "failures")
    for _ in range(5):
        next(printed)
    assert len(pulled) < 6


@pytest.mark.parametrize("odd", ["\ud800", "é\u2028😀", 1e16, -0.0, 10**20, [], {}, None, True])
def test_a_long_document_has_the_same_text_as_a_short_one(odd):
    document = {"schema": "s", "failures": [ROW | {"odd": odd}] * (MANY_ROWS + 1)}
    assert dumps(document, indent=2) == json.dumps(document, indent=2)
