"""Connections to PostgreSQL that are lost: in the pool, within a transaction, while it commits."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest
from postgres import server
from sqlalchemy import insert, select

from reidsearch.base.address import PostgresAddress
from reidsearch.base.errors import StorageError
from reidsearch.store import tables
from reidsearch.store.crops.store import Store
from reidsearch.store.database.postgresql import writing

pytestmark = pytest.mark.full


class Wire:
    """Passes bytes between clients and the server, and cuts them at a COMMIT.

    Attributes:
        cut: "before" it reaches the server, or "after" the server has answered it.
        open: whether new connections come through.
    """

    def __init__(self, port: int) -> None:
        self.cut = ""
        self.open = True
        self._port = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._pairs: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                if not self.open:
                    client.close()
                    continue
                there = socket.create_connection(("127.0.0.1", self._port))
                self._pairs += [client, there]
                threading.Thread(target=self._answers, args=(there, client), daemon=True).start()
                threading.Thread(target=self._asks, args=(client, there), daemon=True).start()

    def _asks(self, client: socket.socket, there: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(1 << 16):
                if b"COMMIT\0" in data and self.cut == "before":
                    break
                there.sendall(data)
        self._close(client, there)

    def _answers(self, there: socket.socket, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := there.recv(1 << 16):
                if b"COMMIT\0" in data and self.cut == "after":
                    break
                client.sendall(data)
        self._close(client, there)

    @staticmethod
    def _close(*pair: socket.socket) -> None:
        for one in pair:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def lose_all(self) -> None:
        """Cut whatever is open."""
        self._close(*self._pairs)
        self._pairs.clear()

    def close(self) -> None:
        self._listening.close()
        self.lose_all()


@pytest.fixture
def made() -> Iterator[PostgresAddress]:
    address = server().new_archive()
    yield address
    server().drop(address)


@pytest.fixture
def wire() -> Iterator[Wire]:
    found = Wire(server().port)
    yield found
    found.close()


@pytest.fixture
def store(made: PostgresAddress, wire: Wire) -> Iterator[Store]:
    through = made.url.replace(f":{server().port}/", f":{wire.port}/")
    with Store(PostgresAddress(through)) as opened:
        yield opened


def add(store: Store, name: str) -> None:
    with store.write() as connection:
        connection.execute(insert(tables.camera).values(name=name))


def held(address: PostgresAddress) -> list[str]:
    """Asked past the wire."""
    with Store(address) as direct, direct.read() as connection:
        return sorted(connection.scalars(select(tables.camera.c.name)))


def test_what_was_committed_without_an_answer_is_acknowledged(store, made, wire):
    add(store, "first")
    wire.cut = "after"
    threading.Timer(1.0, lambda: setattr(wire, "cut", "")).start()  # asking commits as well
    add(store, "gate")
    assert held(made) == ["first", "gate"]


def test_what_did_not_reach_the_server_is_told_and_can_be_done_again(store, made, wire):
    add(store, "first")
    wire.cut = "before"
    threading.Timer(1.0, lambda: setattr(wire, "cut", "")).start()
    with pytest.raises(StorageError, match="nothing of it was written") as refused:
        add(store, "gate")
    assert refused.value.hint == "do the same again"
    assert held(made) == ["first"]
    add(store, "gate")
    assert held(made) == ["first", "gate"]


def test_where_nobody_can_tell_the_error_says_so(store, made, wire, monkeypatch):
    monkeypatch.setattr(writing, "CONFIRMED_WITHIN_S", 1.0)
    add(store, "first")
    wire.cut, wire.open = "after", False
    with pytest.raises(StorageError, match="does not tell whether") as refused:
        add(store, "gate")
    assert "before you do it again" in refused.value.hint
    assert held(made) == ["first", "gate"]


def test_a_connection_that_was_lost_in_the_pool_costs_no_write(store, made, wire):
    add(store, "first")
    wire.lose_all()
    add(store, "gate")
    assert held(made) == ["first", "gate"]


def test_lost_within_a_transaction_nothing_of_it_is_there(store, made, wire):
    def begin_and_lose() -> None:
        with store.write() as connection:
            connection.execute(insert(tables.camera).values(name="gate"))
            wire.lose_all()
            connection.execute(insert(tables.camera).values(name="yard"))

    with pytest.raises(StorageError, match="cannot be reached"):
        begin_and_lose()
    assert held(made) == []
    add(store, "gate")
    assert held(made) == ["gate"]


def test_a_run_that_lost_its_locks_writes_nothing_more(store, made, wire):
    """Not its own run alone: another one may share the writer lock meanwhile."""
    with Store(made) as other, other.indexing(), contextlib.ExitStack() as run:
        run.enter_context(store.indexing())
        store.announce(5)
        claimed = run.enter_context(store.claim(b"\1" * 32))
        assert claimed
        assert other.live_runs() == {5}
        wire.lose_all()
        while other.live_runs():
            pass
        with other.claim(b"\1" * 32) as theirs:
            assert theirs
        with pytest.raises(StorageError, match="writer lock was lost"):
            add(store, "gate")
        with pytest.raises(StorageError, match="writer lock was lost"), store.claim(b"\2" * 32):
            pass
    assert held(made) == []


def test_who_waits_for_changes_hears_of_them_after_the_connection_was_lost(store, made, wire):
    while store.wait_for_change(0.5):
        pass
    wire.lose_all()
    with Store(made) as direct:
        add(direct, "gate")
    assert store.wait_for_change(30.0)
