"""Downloads from a misbehaving server: what arrives is whole and genuine, or nothing is there."""

from __future__ import annotations

import dataclasses
import hashlib

import pytest
from model_server import (
    BIN,
    PLAIN,
    XML,
    answer,
    cut_at,
    hang_after,
    holds_the_model,
    names,
    page,
    silent,
    status,
    unbounded,
    whole,
    wrong,
    wrong_range,
)

from reidsearch.base.errors import ModelError
from reidsearch.output.hints import advice
from reidsearch.vision.models.download import install
from reidsearch.vision.models.unavailable import ModelUnavailable

pytestmark = pytest.mark.full


class Counting:
    """Adds up what is reported."""

    def __init__(self) -> None:
        self.tasks: list[list] = []
        self.ended = 0

    def begin(self, task, total, unit):
        self.tasks.append([task, total, unit, 0])

    def advance(self, done=1, /, **counts):
        self.tasks[-1][3] += done

    def working_on(self, what): ...

    def end(self):
        self.ended += 1


def test_install(server, entry, cache):
    progress = Counting()
    assert install(entry, progress, transport=PLAIN) == cache / "m.xml"
    assert holds_the_model(cache)
    assert names(cache) == {"m.bin", "m.xml"}
    assert progress.tasks == [
        ["download m.bin", len(BIN), "bytes", len(BIN)],
        ["download m.xml", len(XML), "bytes", len(XML)],
    ]
    assert progress.ended == 2


def test_install_again_asks_nobody(server, entry, cache):
    install(entry, transport=PLAIN)
    server.seen.clear()
    install(entry, transport=PLAIN)
    assert server.seen == []


def test_install_replaces_a_damaged_file_and_no_other(server, entry, cache):
    install(entry, transport=PLAIN)
    (cache / "m.bin").write_bytes(b"damaged")
    server.seen.clear()
    install(entry, transport=PLAIN)
    assert holds_the_model(cache)
    assert server.seen == [("m.bin", None)]


@pytest.mark.full
@pytest.mark.parametrize(
    ("acts", "ranges"),
    [
        ([cut_at(1000)], [None, "bytes=1000-"]),
        ([cut_at(1000), hang_after(0)], [None, "bytes=1000-", None]),
        ([hang_after(70_000)], [None, "bytes=70000-"]),
        ([silent], [None, None]),
        ([status(503)], [None, None]),
        ([status(429), status(408)], [None, None, None]),
        ([cut_at(1000), whole], [None, "bytes=1000-"]),
        ([cut_at(1000), wrong_range], [None, "bytes=1000-", None]),
        ([cut_at(1000), status(416)], [None, "bytes=1000-", None]),
    ],
    ids=["cut", "cut, then hangs", "hangs", "silent", "503", "429, 408", "no resume",
         "wrong range", "416"],
)  # fmt: skip
def test_transient_failures_are_overcome(server, entry, cache, acts, ranges):
    server.acts.extend(acts)
    install(entry, transport=PLAIN)
    assert holds_the_model(cache)
    assert [asked for name, asked in server.seen if name == "m.bin"] == ranges


def test_resumes_what_an_earlier_process_left(server, entry, cache):
    cache.mkdir(parents=True)
    (cache / "m.bin.part").write_bytes(BIN[:123_456])
    progress = Counting()
    install(entry, progress, transport=PLAIN)
    assert holds_the_model(cache)
    assert server.seen[0] == ("m.bin", "bytes=123456-")
    assert progress.tasks[0][3] == len(BIN)


@pytest.mark.parametrize("left", [b"?" * 5000, b"?" * len(BIN), b"?" * (len(BIN) + 9)])
def test_a_wrong_leftover_is_thrown_away(server, entry, cache, left):
    cache.mkdir(parents=True)
    (cache / "m.bin.part").write_bytes(left)
    install(entry, transport=PLAIN)
    assert holds_the_model(cache)
    assert names(cache) == {"m.bin", "m.xml"}


@pytest.mark.full
@pytest.mark.parametrize(
    ("act", "requests", "says"),
    [
        (status(404), 1, "HTTP 404"),
        (status(403), 1, "HTTP 403"),
        (status(500), 3, "HTTP 500"),
        (silent, 3, "timed out"),
        (cut_at(0), 3, "ended after 0 of"),
        (page, 1, "a log-in page may stand in between"),
        (unbounded, 1, f"more than the {len(BIN)} bytes"),
    ],
)
def test_gives_up_clearly(server, entry, cache, act, requests, says):
    server.always = act
    progress = Counting()
    with pytest.raises(ModelUnavailable) as caught:
        install(entry, progress, transport=PLAIN)
    assert says in caught.value.message
    assert entry.files[0].url in caught.value.message
    for way in ("--model-path", "REIDSEARCH_MODELS", "models import DIR", "models install m/FP16"):
        assert way in advice(caught.value)
    assert len(server.seen) == requests
    assert not (cache / "m.bin").exists()
    assert progress.ended == 1


def test_never_writes_more_than_the_file_has(server, entry, cache):
    server.always = unbounded
    with pytest.raises(ModelUnavailable):
        install(entry, transport=PLAIN)
    assert sum(path.stat().st_size for path in cache.iterdir()) <= len(BIN)


def test_a_server_that_drips_is_given_up(server, entry, monkeypatch):
    def drip(handler, data):
        answer(handler, b"", length=len(data))
        while not handler.server.release.wait(0.02):
            handler.wfile.write(b"x")

    server.always = drip
    monkeypatch.setattr("reidsearch.vision.models.download.SLOWEST_BYTES_PER_S", 10**9)
    with pytest.raises(ModelUnavailable, match="not finished after"):
        install(entry, transport=dataclasses.replace(PLAIN, attempts=1))


def test_wrong_bytes_are_refused_with_both_checksums(server, entry, cache):
    server.always = wrong
    with pytest.raises(ModelError) as caught:
        install(entry, transport=PLAIN)
    assert not isinstance(caught.value, ModelUnavailable)
    assert entry.files[0].sha384 in caught.value.message
    assert hashlib.sha384(b"X" * len(BIN)).hexdigest() in caught.value.message
    assert names(cache) == set()
