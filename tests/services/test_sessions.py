"""Sessions and signing in: how long they last, who ends them, and how slow guessing is."""

from __future__ import annotations

import datetime as dt
import re
import threading
from pathlib import Path

import pytest
from archives import opened, read_only, sql
from signing import PASSWORD, WRONG, events

from reidsearch import Archive, restore
from reidsearch.domain.accounts import Role
from reidsearch.domain.event_log import Event
from reidsearch.services import sessions as lifetimes
from reidsearch.services import sign_in
from reidsearch.services.sessions import NOBODY
from reidsearch.services.sign_in import NotSignedIn, SignInService
from reidsearch.store import failed_sign_ins

HOUR = dt.timedelta(hours=1)


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.at = dt.datetime(2026, 5, 31, 8, tzinfo=dt.UTC)

    def __call__(self) -> dt.datetime:
        return self.at

    def seconds(self) -> float:
        return self.at.timestamp()


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(lifetimes, "now", made)
    return made


@pytest.fixture
def archive(tmp_path, cheap_hashes):
    with opened(tmp_path / "archive") as made:
        made.accounts.add("maria", PASSWORD, Role.ANALYST)
        yield made


def token_of(archive: Archive) -> str:
    return archive.sessions.open(archive.accounts.find("maria"), address="192.0.2.1")


def test_a_session_is_found_by_its_token_alone(archive):
    token = token_of(archive)
    found = archive.sessions.find(token)
    assert (found.account.name, found.role, found.cameras) == ("maria", Role.ANALYST, None)
    for other in ("", token[:-1], token + "x", token.swapcase(), "\udcff"):
        assert archive.sessions.find(other) is None
    [(kept,)] = sql(Path(archive.location), "SELECT hex(token) FROM session")
    assert archive.sessions.find(kept) is None, "what the table holds is of no use"
    assert len({token_of(archive) for _ in range(5)} | {token}) == 6


def test_a_session_ends_when_it_is_not_used(archive, clock):
    token = token_of(archive)
    clock.at += 1.9 * HOUR
    assert archive.sessions.find(token)
    clock.at += 1.9 * HOUR
    assert archive.sessions.find(token)
    clock.at += 2 * HOUR
    assert archive.sessions.find(token) is None


def test_a_session_ends_however_much_it_is_used(archive, clock):
    token = token_of(archive)
    for _ in range(23):
        clock.at += HOUR / 2
        assert archive.sessions.find(token)
    clock.at += HOUR / 2
    assert archive.sessions.find(token) is None


def test_a_local_session_lasts_a_week_without_being_written(archive, clock):
    token = archive.sessions.open(None)
    found = archive.sessions.find(token)
    assert (found.account, found.role, found.cameras) == (None, Role.ADMIN, None)
    clock.at += 6.9 * 24 * HOUR
    assert archive.sessions.find(token).seen_at == found.seen_at
    clock.at += 0.1 * 24 * HOUR
    assert archive.sessions.find(token) is None


def test_use_is_written_once_a_minute(archive, clock):
    token = token_of(archive)
    seen = archive.sessions.find(token).seen_at
    clock.at += dt.timedelta(seconds=59)
    archive.sessions.find(token)
    assert archive.sessions.find(token).seen_at == seen
    clock.at += dt.timedelta(seconds=1)
    archive.sessions.find(token)
    assert archive.sessions.find(token).seen_at == clock.at


def test_another_process_sees_that_a_session_ended(archive):
    token = token_of(archive)
    with Archive.open(archive.location) as other:
        assert other.sessions.find(token)
        assert archive.sessions.end(token, address="192.0.2.1")
        assert other.sessions.find(token) is None
        assert not other.sessions.end(token)
    assert [one["actor"] for one in events(archive, Event.SIGN_OUT)] == ["maria"]


def test_what_an_account_loses_its_sessions_lose_at_once(archive):
    first, second = token_of(archive), token_of(archive)
    archive.accounts.set_role("maria", Role.VIEWER)
    archive.accounts.set_cameras("maria", ["gate"])
    found = archive.sessions.find(first)
    assert (found.role, found.cameras) == (Role.VIEWER, ("gate",))
    kept = archive.sessions.find(second).session_id
    assert archive.accounts.set_password("maria", WRONG, keep=kept).ended_sessions == 1
    assert archive.sessions.find(first) is None
    assert archive.sessions.find(second)
    assert archive.accounts.disable("maria").ended_sessions == 1
    archive.accounts.enable("maria")
    assert archive.sessions.find(second) is None, "enabling brings no session back"
    third = token_of(archive)
    assert archive.sessions.end_all(archive.accounts.find("maria")) == 1
    assert archive.sessions.find(third) is None
    fourth = token_of(archive)
    assert archive.accounts.remove("maria").ended_sessions == 1
    assert archive.sessions.find(fourth) is None


def test_rows_of_sessions_that_expired_are_dropped(archive, clock):
    for _ in range(3):
        token_of(archive)
    clock.at += 3 * HOUR
    token_of(archive)
    assert sql(Path(archive.location), "SELECT count(*) FROM session") == [(1,)]


@pytest.mark.full
def test_a_restored_archive_has_its_accounts_and_nobody_is_signed_in(archive, tmp_path):
    token = token_of(archive)
    archive.backup(tmp_path / "backup")
    restore(tmp_path / "backup", tmp_path / "again")
    with Archive.open(tmp_path / "again") as again:
        assert again.accounts.verify("maria", PASSWORD)
        assert again.sessions.find(token) is None
        assert again.check() == []
    assert archive.sessions.find(token)


def test_a_session_on_read_only_media_goes_on(archive, clock, tmp_path):
    token = token_of(archive)
    archive.close()
    clock.at += HOUR
    with read_only(tmp_path / "archive") as folder, Archive.open(folder) as reading:
        assert reading.sessions.find(token)


# -- guessing ----------------------------------------------------------------------------------


@pytest.fixture
def signing(archive, clock) -> SignInService:
    return signing_of(archive, clock)


def signing_of(archive: Archive, clock: Clock) -> SignInService:
    return SignInService(archive._store, archive.accounts, archive.sessions, clock.seconds)


def guess(signing: SignInService, name: str = "maria", address: str = "192.0.2.1") -> float:
    attempt = signing.by_password(name, WRONG, address=address)
    assert isinstance(attempt, NotSignedIn)
    return attempt.wait_s


def test_signing_in_opens_a_session_and_is_recorded(archive, signing):
    attempt = signing.by_password("MARIA", PASSWORD, address="192.0.2.1")
    assert archive.sessions.find(attempt.token).account == attempt.account
    assert events(archive, Event.SIGN_IN) == [
        {"account_id": 1, "actor": "maria", "address": "192.0.2.1", "how": "password"}
    ]


@pytest.mark.parametrize("vary", ["name", "address"])
def test_each_failure_doubles_the_wait_of_the_name_and_of_the_address(signing, clock, vary):
    def attempt(number: int) -> float:
        other = {"name": f"{vary}{number}"} if vary == "name" else {"address": f"192.0.3.{number}"}
        return guess(signing, **other)

    longest = {
        "name": sign_in.LONGEST_WAIT_OF_ADDRESS_S,  # one address tries many names
        "address": sign_in.LONGEST_WAIT_OF_NAME_S,
    }[vary]
    assert [attempt(number) for number in range(sign_in.FREE_FAILURES)] == [0] * 5
    for number in range(14):
        wait = attempt(99)  # refused, without being counted
        assert wait == min(2.0**number, longest)
        clock.at += dt.timedelta(seconds=wait)
        assert attempt(number) == 0


def test_the_right_password_has_to_wait_as_well(signing, clock):
    for _ in range(sign_in.FREE_FAILURES):
        guess(signing)
    refused = signing.by_password("maria", PASSWORD, address="192.0.2.9")
    assert refused == NotSignedIn(1)
    clock.at += dt.timedelta(seconds=1)
    assert signing.by_password("maria", PASSWORD, address="192.0.2.9").token


def test_an_own_account_does_not_help_to_guess_at_others(archive, signing, clock):
    archive.accounts.add("eve", PASSWORD, Role.VIEWER)
    tried = 0
    end = clock.at + HOUR
    while clock.at < end:
        for name, password in (("eve", PASSWORD), ("maria", WRONG)):
            attempt = signing.by_password(name, password, address="192.0.2.1")
            wait_s = attempt.wait_s if isinstance(attempt, NotSignedIn) else 0
            clock.at += dt.timedelta(seconds=max(wait_s, 0.1))
            tried += password == WRONG and wait_s == 0
    assert tried < 30


def test_many_attempts_at_once_gain_nothing(signing):
    waits: list[float] = []
    threads = [threading.Thread(target=lambda: waits.append(guess(signing))) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(wait == 0 for wait in waits) == sign_in.FREE_FAILURES


def test_attempts_leave_threads_to_others(signing, archive, monkeypatch):
    """Of many that wait for their hash at once most are told to come again, at once."""
    held, go = threading.Semaphore(0), threading.Event()

    def verify(*_: object) -> None:
        held.release()
        go.wait(10)

    monkeypatch.setattr(archive.accounts, "verify", verify)
    waits: list[float] = []
    threads = [
        threading.Thread(target=lambda n=n: waits.append(guess(signing, f"n{n}", f"192.0.2.{n}")))
        for n in range(sign_in.MOST_AT_ONCE)
    ]
    for thread in threads:
        thread.start()
        assert held.acquire(timeout=10)
    assert [guess(signing, "other", "192.0.3.1") for _ in range(20)] == [1] * 20
    go.set()
    for thread in threads:
        thread.join()
    assert waits == [0] * sign_in.MOST_AT_ONCE
    assert guess(signing, "other", "192.0.3.1") == 0, "and was not counted meanwhile"


def test_an_ipv6_customer_is_one_address(signing):
    for number in range(sign_in.FREE_FAILURES):
        assert guess(signing, f"name{number}", f"2001:db8::{number:x}") == 0
    assert guess(signing, "other", "2001:db8::ffff:1") > 0
    assert guess(signing, "other", "2001:db8:0:1::1") == 0
    assert guess(signing, "another", "::ffff:192.0.2.7") == 0


def test_counts_are_bounded(archive, signing, clock, monkeypatch):
    monkeypatch.setattr(failed_sign_ins, "MOST_COUNTED", 20)
    for _ in range(sign_in.FREE_FAILURES):
        guess(signing, "attacked")
    for number in range(40):
        clock.at += dt.timedelta(seconds=1)
        guess(signing, f"name{number}", f"192.0.3.{number}")
        if number % 5 == 0:
            clock.at += dt.timedelta(minutes=1)
            guess(signing, "attacked", f"192.0.4.{number}")
    folder = Path(archive.location)
    assert sql(folder, "SELECT count(*) <= 20 FROM failed_sign_in") == [(1,)]
    assert guess(signing, "attacked") > 0, "what is tried again and again stays"


def test_what_was_typed_as_a_name_cannot_be_found_out_from_the_counts(archive, signing):
    guess(signing, "my password, typed too early")
    kept = sql(Path(archive.location), "SELECT key FROM failed_sign_in ORDER BY key")
    assert [re.sub("[0-9a-f]{4}$", "....", key) for (key,) in kept] == [
        "from 192.0.2.1",
        "name ....",
    ]


def test_processes_that_serve_an_archive_count_together(archive, clock):
    with Archive.open(Path(archive.location), offline=True) as other:
        here, there = (signing_of(one, clock) for one in (archive, other))
        assert [guess(one) for one in (here, there, here, there, here)] == [0] * 5
        assert guess(there, address="192.0.2.9") > 0
    clock.at += dt.timedelta(seconds=1)
    assert here.by_password("maria", PASSWORD, address="192.0.2.9").token


def test_failures_are_forgotten_after_an_hour(signing, clock):
    for _ in range(sign_in.FREE_FAILURES):
        guess(signing)
    clock.at += 1.1 * HOUR
    assert [guess(signing) for _ in range(sign_in.FREE_FAILURES)] == [0] * sign_in.FREE_FAILURES


def test_failures_are_recorded_without_what_may_be_a_password(archive, signing):
    guess(signing)
    guess(signing, name="my password, typed too early")
    assert events(archive, Event.SIGN_IN_FAILED) == [
        {"name": name, "address": "192.0.2.1", "unrecorded": 0, "actor": NOBODY, "how": "password"}
        for name in ("maria", None)
    ]
    failed = archive.log.entries(events=[Event.SIGN_IN_FAILED])
    assert {entry.actor for entry in failed} == {NOBODY}


@pytest.mark.full
def test_guessing_does_not_fill_the_archive(archive, signing, clock):
    for number in range(200):
        guess(signing, f"name{number}", f"198.51.100.{number}")
    assert len(events(archive, Event.SIGN_IN_FAILED)) == sign_in.RECORDED_A_MINUTE
    clock.at += dt.timedelta(minutes=1)
    guess(signing, address="203.0.113.1")
    unrecorded = 200 - sign_in.RECORDED_A_MINUTE
    assert events(archive, Event.SIGN_IN_FAILED)[-1]["unrecorded"] == unrecorded
    signing.record_rest()  # nothing is left
    for _ in range(sign_in.FREE_FAILURES + 3):
        guess(signing, "otto", "203.0.113.9")
    signing.record_rest()
    rest = {"name": None, "address": "", "unrecorded": 3, "actor": NOBODY, "how": "password"}
    assert events(archive, Event.SIGN_IN_FAILED)[-1] == rest
