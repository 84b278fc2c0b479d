"""Work on an archive that is no search and no decision has entries of the event log too."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest
from archives import opened, sql

from reidsearch import Archive, restore
from reidsearch.base.errors import NotFound
from reidsearch.domain.accounts import Role
from reidsearch.domain.event_log import Event

pytestmark = pytest.mark.full  # archives that are made, copied and repaired


@pytest.fixture
def archive(tmp_path, indexed_crops):
    indexed_crops(tmp_path, 5)
    with opened(tmp_path / "archive") as archive:
        yield archive


def said(archive: Archive, event: Event) -> list[dict[str, object]]:
    assert archive.log.faults() == []
    return [entry.said for entry in archive.log.entries(events=[event])]


def test_a_restored_archive_says_from_where(archive, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("REIDSEARCH_ACTOR", "rita")
    archive.maintenance.backup(tmp_path / "backup")
    restore(tmp_path / "backup", tmp_path / "again")
    with Archive.open(tmp_path / "again", model="builtin") as again:
        (told,) = said(again, Event.RESTORE)
        assert told["folder"] == str(tmp_path / "backup")
        assert (told["entries"], told["erased"]) == (3, None)
        assert len(told["head"]) == 64
        (entry,) = again.log.entries(events=[Event.RESTORE])
        assert entry.actor == "rita"


def test_linking_and_preparing_leave_entries(archive) -> None:
    made = archive.proposals.link(join_above=0.99)
    (told,) = said(archive, Event.LINK)
    assert told == {"join_above": 0.99, "proposals": len(made.proposals)}
    archive.neighbours.keep(blocks=None)
    assert said(archive, Event.PREPARE_RERANKING) == [{"crops": 5}]


def test_a_repair_says_what_was_wrong(archive) -> None:
    assert archive.maintenance.check(repair=True) == []
    assert said(archive, Event.REPAIR) == said(archive, Event.REPAIR_END) == []  # nothing was
    archive.identities.new("anna", [1])
    sql(archive._store.folder, "DELETE FROM identity_member")
    archive.maintenance.check(repair=True)
    (told,) = said(archive, Event.REPAIR)
    assert "identity" in told["findings"]
    assert said(archive, Event.REPAIR_END) == [{"left": []}]


def test_ending_all_sessions_of_an_account_has_an_entry(archive, cheap_hashes) -> None:
    account = archive.accounts.add("berta", "long enough words here", Role.VIEWER).account
    archive.sessions.open(account)
    assert archive.sessions.end_all(account) == 1
    (told,) = said(archive, Event.SIGN_OUT)
    assert (told["name"], told["sessions"]) == ("berta", 1)


def test_a_kill_right_after_linking_leaves_proposals_and_their_entry(archive) -> None:
    folder = archive._store.folder
    script = (
        "import os, signal, sys\n"
        "from reidsearch import Archive\n"
        "from reidsearch.services.proposals import ProposalService\n"
        "ProposalService.last = lambda _: os.kill(os.getpid(), signal.SIGKILL)\n"
        "Archive.open(sys.argv[1], model='builtin').proposals.link(join_above=0.99)\n"
    )
    killed = subprocess.run([sys.executable, "-c", script, folder], check=False)
    assert killed.returncode == -signal.SIGKILL
    made = archive.proposals.last()
    (told,) = said(archive, Event.LINK)
    assert told == {"join_above": 0.99, "proposals": len(made.proposals)}


def test_what_fails_with_its_entry_is_not_done(archive, monkeypatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("reidsearch.store.identities.proposals.append", full)
    with pytest.raises(OSError, match="no space"):
        archive.proposals.link(join_above=0.99)
    with pytest.raises(NotFound):
        archive.proposals.last()
