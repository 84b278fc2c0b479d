"""Signed seals: who signed them, and what is a fault of theirs."""

from __future__ import annotations

import datetime as dt
import json
import stat

import pytest
from archives import opened

from reidsearch import Archive, restore
from reidsearch.base.errors import InputError, Kind, UsageError
from reidsearch.domain.event_log import Event, canonical
from reidsearch.domain.signatures import LogProof
from reidsearch.output.verifying import ed25519
from reidsearch.store import seals
from reidsearch.store.log_key import make_key

pytestmark = pytest.mark.full  # an archive for each


@pytest.fixture
def archive(tmp_path, indexed_crops, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    indexed_crops(tmp_path, 2)
    with opened(tmp_path / "archive") as archive:
        yield archive


def signed(archive: Archive):
    seal = archive.log.seal(archive.log.key())
    return archive._store.folder / seals.FOLDER / f"{seal.entries:012}.json"


def told(proof: LogProof) -> list[str]:
    return [fault.what for fault in proof.faults]


def set_clock(monkeypatch, moment: dt.datetime) -> None:
    for place in ("reidsearch.store.seals.now", "reidsearch.store.event_log.now"):
        monkeypatch.setattr(place, lambda: moment)


def test_a_seal_is_signed_by_the_key_that_the_log_names(archive) -> None:
    key = archive.log.new_key()
    path = signed(archive)
    document = json.loads(path.with_suffix(".sig").read_bytes())
    public, mark = bytes.fromhex(document["public_key"]), bytes.fromhex(document["signature"])
    assert ed25519.verify(public, path.read_bytes()[:-1], mark)
    (named,) = archive.log.entries(events=[Event.KEY])
    assert named.said["public_key"] == public.hex() == key.public_key.hex()
    signed(archive)
    assert len(list(archive.log.entries(events=[Event.KEY]))) == 1
    proof = archive.log.proof()
    assert proof.faults == []
    assert [(one.signed_by, one.named) for one in proof.seals] == [(key.fingerprint, True)] * 2


def test_the_key_is_its_owners_and_in_no_archive_and_no_backup(archive, tmp_path) -> None:
    archive.log.new_key()
    path = archive.log.key_path
    assert path.is_relative_to(tmp_path / "config")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    signed(archive)
    archive.maintenance.backup(tmp_path / "backup")
    files = [one for one in tmp_path.rglob("*") if one.is_file() and one != path]
    assert [one for one in files if b"PRIVATE KEY" in one.read_bytes()] == []
    with pytest.raises(UsageError, match="must lie elsewhere"):
        archive.log.new_key(archive._store.folder / "key.pem")
    with pytest.raises(UsageError, match="exists already"):
        archive.log.new_key()
    restore(tmp_path / "backup", tmp_path / "again")
    with Archive.open(tmp_path / "again", model="builtin") as again:
        assert [one.named for one in again.log.proof().seals] == [True]
    path.chmod(0o640)
    with pytest.raises(InputError, match="can be read by others"):
        archive.log.key()


def test_a_wrong_and_a_missing_signature_are_faults(archive) -> None:
    archive.log.new_key()
    path = signed(archive).with_suffix(".sig")
    document = json.loads(path.read_bytes())
    bent = bytearray.fromhex(document["signature"])
    bent[5] ^= 1
    path.write_text(json.dumps(document | {"signature": bent.hex()}))
    assert told(archive.log.proof()) == ["the signature of its seal is wrong"]
    assert any(one.code == "event-log" for one in archive.check())
    path.unlink()
    assert told(archive.log.proof()) == ["its seal was signed, and the signature is gone"]


def test_another_key_than_the_one_in_the_log_is_a_fault(archive, tmp_path) -> None:
    archive.log.new_key()
    path = signed(archive)
    other = make_key(tmp_path / "other.pem", archive._store.folder, None)
    mark = other.sign(path.read_bytes()[:-1])
    path.with_suffix(".sig").write_bytes(canonical(mark.document()))
    proof = archive.log.proof()
    assert told(proof) == ["its seal was signed with another key than the one that the log names"]
    assert [(one.signed_by, one.named) for one in proof.seals] == [(other.fingerprint, False)]


def test_a_new_key_is_named_and_earlier_seals_keep_theirs(archive, tmp_path) -> None:
    first = archive.log.new_key()
    signed(archive)
    path = tmp_path / "second.pem"
    second = archive.log.new_key(path, b"secret words")
    with pytest.raises(InputError, match="needs its passphrase"):
        archive.log.key(path)
    with pytest.raises(InputError, match="passphrase is wrong"):
        archive.log.key(path, b"other words")
    archive.log.seal(archive.log.key(path, b"secret words"))
    proof = archive.log.proof()
    assert proof.faults == []
    assert [one.signed_by for one in proof.seals] == [first.fingerprint, second.fingerprint]


@pytest.mark.parametrize("passphrase", [None, b"secret words"])
def test_daily_seals_are_signed_unless_somebody_has_to_be_asked(
    archive, monkeypatch, passphrase
) -> None:
    key = archive.log.new_key(passphrase=passphrase)
    set_clock(monkeypatch, dt.datetime.now(dt.UTC) + dt.timedelta(days=1))
    archive.search([1], k=1)
    (proof,) = archive.log.proof().seals
    (entry,) = archive.log.entries(events=[Event.SEAL])
    if passphrase is None:
        assert (proof.signed_by, entry.said) == (key.fingerprint, {"fingerprint": key.fingerprint})
    else:
        assert (proof.signed_by, entry.said) == (None, {"unsigned": Kind.SIGNING_KEY_LOCKED})
    assert archive.log.faults() == []


def test_a_seal_from_the_future_is_told_and_stops_no_daily_seals(archive, monkeypatch) -> None:
    today = dt.datetime.now(dt.UTC)
    future = today + dt.timedelta(days=900)
    monkeypatch.setattr("reidsearch.store.event_log.now", lambda: future)
    archive.log.seal()
    assert [one.in_future for one in archive.log.proof().seals] == [True]
    for days in (1, 2):
        set_clock(monkeypatch, today + dt.timedelta(days=days))
        archive.search([1], k=1)
    assert len(archive.log.seals()) == 3
    assert archive.log.faults() == []
