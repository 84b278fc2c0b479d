"""Work on all cores, and fetching ahead: the same as without."""

from __future__ import annotations

import threading
import time

import pytest

from reidsearch.index.cores import AHEAD, ahead, each


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 50])
def test_each_keeps_the_order(count):
    assert each(lambda item: item * 2, range(count)) == [item * 2 for item in range(count)]


@pytest.mark.parametrize("bad", [0, 1, 4])
def test_an_error_of_one_is_raised(bad):
    with pytest.raises(ZeroDivisionError):
        each(lambda item: 1 / (item - bad), range(5))


@pytest.mark.full
def test_ahead_gives_the_same_items_and_fetches_no_more_than_it_may():
    taken = []

    def items():
        for number in range(100):
            taken.append(number)
            yield number

    fetched = ahead(items())
    assert next(fetched) == 0
    time.sleep(0.3)
    assert len(taken) <= AHEAD + 2
    assert list(fetched) == list(range(1, 100))


def test_what_fails_while_fetching_fails_here_after_what_came_before():
    def items():
        yield 1
        raise ZeroDivisionError

    fetched = ahead(items())
    assert next(fetched) == 1
    with pytest.raises(ZeroDivisionError):
        next(fetched)


def test_leaving_early_ends_the_thread():
    fetched = ahead(iter(range(1000)))
    assert next(fetched) == 0
    fetched.close()
    assert "reidsearch-ahead" not in {thread.name for thread in threading.enumerate()}
