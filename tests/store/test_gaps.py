"""The times of which nobody has offered any footage."""

import pytest

from reidsearch.store.footage.gaps import Stretch, not_supplied

S = 1_000_000


def holes(*stretches, after=None, before=None):
    found = not_supplied(
        (Stretch(camera, first * S, last * S) for camera, first, last in stretches),
        None if after is None else after * S,
        None if before is None else before * S,
    )
    return [(hole.camera, hole.from_us / S, hole.to_us / S) for hole in found]


def test_without_footage_there_is_nothing_to_say():
    assert holes(after=0, before=100) == []


@pytest.mark.parametrize(
    ("stretches", "window", "missing"),
    [
        ([("a", 0, 10), ("a", 10, 20)], {}, []),
        ([("a", 0, 10), ("a", 11, 20)], {}, []),  # a recorder's moment between two files
        ([("a", 0, 10), ("a", 15, 20)], {}, [("a", 10, 15)]),
        ([("a", 15, 20), ("a", 0, 10), ("a", 2, 16)], {}, []),  # in any order, overlapping
        ([("a", 0, 30), ("a", 5, 10), ("a", 40, 50)], {}, [("a", 30, 40)]),  # one within another
        ([("a", 0, 10), ("b", 5, 20)], {}, [("a", 10, 20), ("b", 0, 5)]),
        ([("a", 10, 20)], {"after": 0, "before": 30}, [("a", 0, 10), ("a", 20, 30)]),
        ([("a", 0, 50)], {"after": 10, "before": 30}, []),
        ([("a", 0, 10)], {"after": 100, "before": 130}, [("a", 100, 130)]),
        ([("a", 0, 10)], {"after": 100}, []),  # until when is not known
    ],
)
def test_holes(stretches, window, missing):
    assert holes(*stretches, **window) == missing
