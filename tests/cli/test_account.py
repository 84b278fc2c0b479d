"""`reidsearch account`, as an admin types it; a password is never an argument."""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sys
import time
from pathlib import Path

import pytest
from archives import CommandLine, make_empty
from json_schemas import require_valid
from signing import PASSWORD

from reidsearch import Archive
from reidsearch.cli.account import ROLES
from reidsearch.domain.accounts import Role

pytestmark = pytest.mark.usefixtures("cheap_hashes")


@pytest.fixture
def held(run: CommandLine) -> CommandLine:
    make_empty(run.archive)
    return run


def typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))


def test_roles_are_those_of_the_domain():
    assert tuple(role.value for role in Role) == ROLES


@pytest.mark.full
def test_the_life_of_an_account(held, monkeypatch):
    def told(*arguments: object) -> dict[str, object]:
        typed(monkeypatch, PASSWORD + "\n")
        ran = held("account", *arguments, "--format", "json")
        assert ran.code == 0, ran.err
        assert PASSWORD not in ran.out + ran.err
        document: dict[str, object] = json.loads(ran.out)
        require_valid(document)
        assert "argon2" not in ran.out
        return document

    added = told(
        *("add", "Maria", "--role", "analyst", "--password-stdin"),
        *("--camera", "gate", "--camera", "door"),
    )
    assert added["account"]["cameras"] == ["door", "gate"]
    assert added["unknown_cameras"] == ["door", "gate"]
    assert told("role", "maria", "viewer")["account"]["role"] == "viewer"
    assert told("cameras", "maria", "--all")["account"]["cameras"] is None
    assert told("cameras", "maria", "gate")["account"]["cameras"] == ["gate"]
    assert told("password", "maria", "--password-stdin")["change"] == "password"
    assert told("disable", "maria")["account"]["disabled"] is True
    assert told("enable", "maria")["account"]["disabled"] is False
    [listed] = told("list")["accounts"]
    assert (listed["name"], listed["role"]) == ("Maria", "viewer")
    assert told("remove", "maria")["account"]["name"] == "Maria"
    assert told("list")["accounts"] == []


@pytest.mark.full
def test_tables_and_texts(held, monkeypatch):
    typed(monkeypatch, PASSWORD)
    ran = held("account", "add", "maria", "--role", "admin", "--password-stdin")
    assert ran.out == "Account maria added: admin, cameras: all.\n"
    with Archive.open(held.archive) as archive:
        archive.sessions.open(archive.accounts.find("maria"))
    assert "maria" in held("account", "list").out
    assert held("account", "disable", "maria").out == (
        "maria cannot sign in any more.\n1 session ended.\n"
    )


@pytest.mark.full
@pytest.mark.parametrize(
    ("arguments", "given", "code", "says"),
    [
        (("add", "maria", "--role", "admin", "--password-stdin"), "short\n", 2, "12 characters"),
        (("add", "maria", "--role", "admin", "--password-stdin"), "", 2, "input is empty"),
        (("add", "maria", "--role", "admin"), "x" * 20, 2, "--password-stdin"),
        (("add", "maria", "--role", "boss", "--password-stdin"), "x" * 20, 2, "boss"),
        (("add", " ", "--role", "admin", "--password-stdin"), "x" * 20, 2, "empty"),
        (("add", "maria", "--password-stdin"), "x" * 20, 2, "--role"),
        (("cameras", "maria"), "", 2, "--all"),
        (("password", "maria", "--password-stdin"), "x" * 20, 9, "account list"),
        (("remove", "maria"), "", 9, "no account 'maria'"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_do(held, monkeypatch, arguments, given, code, says):
    typed(monkeypatch, given)
    ran = held("account", *arguments)
    assert ran.code == code
    assert says in ran.err
    assert json.loads(held("account", "list", "--format", "json").out)["accounts"] == []


@pytest.mark.slow
def test_a_password_is_asked_for_twice_and_not_shown(held):
    ran, shown = answered(held.archive, [PASSWORD, PASSWORD])
    assert ran == 0
    assert PASSWORD not in shown
    with Archive.open(held.archive) as archive:
        assert archive.accounts.verify("maria", PASSWORD)


@pytest.mark.slow
def test_ctrl_c_at_the_question_adds_nothing(held):
    ran, _ = answered(held.archive, ["\x03"])
    assert ran != 0
    with Archive.open(held.archive) as archive:
        assert archive.accounts.all() == []


def answered(archive: Path, answers: list[str]) -> tuple[int, str]:
    """Run `account add` on a terminal, and type an answer to each question."""
    controlling, terminal = pty.openpty()
    command = [sys.executable, "-m", "reidsearch", "account", "add", "maria", "--role", "viewer"]
    process = subprocess.Popen(
        [*command, "-a", archive],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
        preexec_fn=lambda: os.close(os.open(os.ttyname(0), os.O_RDWR)),  # noqa: PLW1509
    )
    os.close(terminal)
    shown = b""
    for answer in answers:
        while not shown.rstrip().endswith(b":"):
            shown += os.read(controlling, 1000)
        shown += b" "
        time.sleep(0.2)  # until the terminal no longer echoes
        os.write(controlling, answer.encode() + (b"" if answer == "\x03" else b"\n"))
        shown += b"|"
    while True:
        try:
            part = os.read(controlling, 1000)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        shown += part
    os.close(controlling)
    return process.wait(30), shown.decode("utf-8", "replace")


@pytest.mark.full
def test_an_account_of_the_identity_provider_has_no_password(held, monkeypatch):
    added = held("account", "add", "vera", "--role", "viewer", "--no-password")
    assert added.code == 0, added.err
    both = held("account", "add", "x", "--role", "viewer", "--no-password", "--password-stdin")
    assert both.code == 2
    freed = held("account", "unbind", "vera", "--format", "json")
    assert json.loads(freed.out)["change"] == "unbind"
    require_valid(json.loads(freed.out))
    with Archive.open(held.archive) as archive:
        assert archive.accounts.verify("vera", "") is None
        assert archive.accounts.verify("vera", "!") is None
