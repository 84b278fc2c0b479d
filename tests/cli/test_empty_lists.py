"""A list without items is a header line in CSV, in every command that lists."""

import csv
import io

import pytest

from reidsearch.output.schema_columns import schema_columns

LISTS = {
    "failures": ("failures/1", "failures"),
    "coverage": ("coverage/1", "sources"),
    "check": ("findings/1", "findings"),
    "clock": ("clocks/1", "corrections"),
    "identity list": ("identities/1", "identities"),
    "account list": ("accounts/1", "accounts"),
    "recorders --try nothing": ("recorders/1", "recorders"),
}


@pytest.mark.full
@pytest.mark.parametrize("command", LISTS)
def test_an_empty_list_has_its_header(command, held):
    schema, rows = LISTS[command]
    (header,) = csv.reader(io.StringIO(held(*command.split(), "--format", "csv").out))
    assert header == schema_columns(f"reidsearch/{schema}", rows)


def test_columns_of_a_schema_are_those_of_a_row(held):
    (header, *rows) = csv.reader(io.StringIO(held("identity", "list", "--format", "csv").out))
    assert not rows
    held("identity", "new", "A", 9)
    filled, _ = csv.reader(io.StringIO(held("identity", "list", "--format", "csv").out))
    assert set(filled) == set(header)
