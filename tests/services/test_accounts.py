"""Accounts: what a password may be, what changes, what is recorded, what signing in costs."""

from __future__ import annotations

import json
import sqlite3
import threading
from pathlib import Path

import argon2
import pytest
from archives import NOON, fill, opened, sql, unit_rows
from signing import PASSWORD, events

from reidsearch import Archive
from reidsearch.base.errors import ArchiveError, Kind, NotFound, UsageError
from reidsearch.domain.accounts import Role
from reidsearch.domain.crops import Facts
from reidsearch.domain.event_log import Event
from reidsearch.services import accounts

OTHER = "staple of another kind"


@pytest.fixture
def archive(tmp_path, cheap_hashes):
    with opened(tmp_path / "archive") as made:
        yield made


@pytest.mark.full
def test_hashes_are_argon2id_with_the_parameters_of_rfc_9106(tmp_path):
    with opened(tmp_path / "archive") as archive:
        archive.accounts.add("maria", PASSWORD, Role.VIEWER)
        [(stored,)] = sql(Path(archive.location), "SELECT password FROM account")
        found = argon2.extract_parameters(stored)
        assert (found.type, found.memory_cost, found.time_cost) == (argon2.Type.ID, 65536, 3)
        assert archive.accounts.verify("maria", PASSWORD) is not None


@pytest.mark.full
@pytest.mark.parametrize(
    ("password", "good"),
    [
        ("x" * 11, False),
        ("x" * 12, True),
        ("é" * 12, True),
        ("e\u0301" * 6, False),  # six letters when they are composed
        ("x" * 1024, True),
        ("x" * 1025, False),
        ("\ud800" * 12, False),
        ("", False),
    ],
)
def test_a_password_is_held_to_its_length_alone(archive, password, good):
    if good:
        archive.accounts.add("maria", password, Role.VIEWER)
        assert archive.accounts.verify("maria", password)
        return
    with pytest.raises(UsageError) as refused:
        archive.accounts.add("maria", password, Role.VIEWER)
    assert refused.value.kind == Kind.PASSWORD_BAD
    assert archive.accounts.all() == []


def test_a_password_typed_on_another_keyboard_is_the_same(archive):
    archive.accounts.add("maria", "schlo\u0308sser am meer", Role.VIEWER)
    assert archive.accounts.verify("maria", "schl\u00f6sser am meer")
    assert not archive.accounts.verify("maria", "schlosser am meer")


def test_names_that_look_alike_are_one(archive):
    archive.accounts.add("Zoë", PASSWORD, Role.ADMIN)
    for name in ("zoë", "ZOE\u0308", " Zoë "):
        assert archive.accounts.verify(name, PASSWORD).name == "Zoë"
        with pytest.raises(UsageError) as refused:
            archive.accounts.add(name, PASSWORD, Role.VIEWER)
        assert refused.value.kind == Kind.ACCOUNT_NAME_TAKEN
    assert archive.accounts.verify("zoe", PASSWORD) is None


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "a\u202eb", "x" * 101, "\0"])
def test_a_name_is_printable_and_short(archive, name):
    with pytest.raises(UsageError) as refused:
        archive.accounts.add(name, PASSWORD, Role.VIEWER)
    assert refused.value.kind == Kind.ACCOUNT_NAME_BAD


@pytest.mark.full
def test_every_change_holds_and_is_recorded_with_its_actor(archive):
    held = archive.accounts.by("root")
    held.add("maria", PASSWORD, Role.VIEWER, cameras=["gate", "door", "gate"])
    assert held.find("maria").cameras == ("door", "gate")
    assert held.set_role("maria", Role.ANALYST).account.role is Role.ANALYST
    assert held.set_cameras("maria", None).account.cameras is None
    assert held.set_cameras("maria", []).account.cameras == ()
    held.set_password("maria", OTHER)
    assert held.verify("maria", PASSWORD) is None
    assert held.verify("maria", OTHER).role is Role.ANALYST
    held.disable("maria")
    assert held.verify("maria", OTHER) is None
    held.enable("maria")
    assert held.verify("maria", OTHER)
    held.remove("maria")
    assert held.all() == []
    assert held.verify("maria", OTHER) is None
    found = events(archive, Event.ACCOUNT)
    changes = ["add", "role", "cameras", "cameras", "password", "disable", "enable", "remove"]
    assert [one["change"] for one in found] == changes
    assert {one["actor"] for one in found} == {"root"}
    assert archive.check() == []


@pytest.mark.full
@pytest.mark.parametrize("change", ["set_role", "set_cameras", "set_password", "disable", "remove"])
def test_what_is_no_account_cannot_be_changed(archive, change):
    arguments = {
        "set_role": [Role.ADMIN],
        "set_cameras": [["gate"]],
        "set_password": [PASSWORD],
    }
    with pytest.raises(NotFound) as refused:
        getattr(archive.accounts, change)("nobody", *arguments.get(change, []))
    assert refused.value.kind == Kind.ACCOUNT_UNKNOWN
    assert events(archive, Event.ACCOUNT) == []


def test_an_admin_is_not_limited_to_cameras(archive):
    """Who can make accounts could make themselves another one."""
    held = archive.accounts
    held.add("anna", PASSWORD, Role.ADMIN)
    held.add("maria", PASSWORD, Role.ANALYST, cameras=["gate"])
    for change in (
        lambda: held.add("otto", PASSWORD, Role.ADMIN, cameras=["gate"]),
        lambda: held.set_cameras("anna", ["gate"]),
        lambda: held.set_role("maria", Role.ADMIN),
    ):
        with pytest.raises(UsageError) as refused:
            change()
        assert refused.value.kind == Kind.ACCOUNT_ADMIN_LIMITED
    assert [(one.role, one.cameras) for one in held.all()] == [
        (Role.ADMIN, None),
        (Role.ANALYST, ("gate",)),
    ]


def test_cameras_that_the_archive_does_not_have_are_told(tmp_path, cheap_hashes):
    fill(tmp_path / "archive", unit_rows(1), [Facts(camera="café", time=NOON)])
    with Archive.open(tmp_path / "archive") as archive:
        made = archive.accounts.add("maria", PASSWORD, Role.VIEWER, cameras=["cafe\u0301", "cage"])
        assert made.account.cameras == ("café", "cage")
        assert made.unknown_cameras == ("cage",)


def test_passwords_stand_nowhere_but_hashed(archive):
    archive.accounts.add("maria", PASSWORD, Role.VIEWER)
    archive.accounts.set_password("maria", OTHER)
    [(stored,)] = sql(Path(archive.location), "SELECT password FROM account")
    assert "argon2" not in str(archive.accounts.all())
    dump = "\n".join(sqlite3.connect(f"{archive.location}/archive.db").iterdump())
    assert PASSWORD not in dump
    assert OTHER not in dump
    assert stored not in json.dumps(events(archive, Event.ACCOUNT))


@pytest.fixture
def hashes(monkeypatch) -> list[str]:
    """What the library is asked to do, in its order."""
    asked: list[str] = []
    real = accounts.hasher()

    class Counted:
        def hash(self, password: str) -> str:
            asked.append("hash")
            return real.hash(password)

        def verify(self, hashed: str, password: str) -> bool:
            asked.append("verify")
            return real.verify(hashed, password)

    monkeypatch.setattr(accounts, "hasher", Counted)
    return asked


@pytest.mark.full
@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("maria", PASSWORD),
        ("maria", OTHER),
        ("maria", "x"),
        ("maria", "x" * 5000),
        ("maria", "\udcff" * 12),
        ("off", PASSWORD),
        ("nobody", PASSWORD),
        ("nobody" * 100, PASSWORD),
        ("", ""),
    ],
)
def test_one_password_is_hashed_whatever_is_wrong(archive, hashes, name, password):
    archive.accounts.add("maria", PASSWORD, Role.VIEWER)
    archive.accounts.add("off", PASSWORD, Role.VIEWER)
    archive.accounts.disable("off")
    hashes.clear()
    found = archive.accounts.verify(name, password)
    assert (found is not None) == ((name, password) == ("maria", PASSWORD))
    assert len(hashes) == 1


def test_few_passwords_are_hashed_at_the_same_time(archive, monkeypatch):
    now, most, lock = 0, 0, threading.Lock()
    real = accounts.hasher()

    class Watched:
        def hash(self, password: str) -> str:
            nonlocal now, most
            with lock:
                now += 1
                most = max(most, now)
            try:
                return real.hash(password + "x" * 12)
            finally:
                with lock:
                    now -= 1

    monkeypatch.setattr(accounts, "hasher", Watched)
    threads = [
        threading.Thread(target=archive.accounts.verify, args=("nobody", PASSWORD))
        for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1 <= most <= accounts.MOST_AT_ONCE


def test_a_row_that_somebody_changed_signs_nobody_in(archive):
    archive.accounts.add("maria", PASSWORD, Role.VIEWER)
    with sqlite3.connect(f"{archive.location}/archive.db") as raw:
        raw.execute("UPDATE account SET role = 'admin'")
    with pytest.raises(ArchiveError) as refused:
        archive.accounts.verify("maria", PASSWORD)
    assert refused.value.kind == Kind.ROW_DAMAGED
    assert [one.message for one in archive.check() if "account" in one.message]
