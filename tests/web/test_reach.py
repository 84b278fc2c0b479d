"""What a server demands, by who can reach it."""

from __future__ import annotations

import asyncio
import socket

import pytest

from reidsearch.base.errors import InputError, Kind, UsageError
from reidsearch.web.reach import LOOPBACK, settings_for
from reidsearch.web.run import Tls, listening_at, require_usable


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.8.9.1"])
def test_this_machine_alone_needs_nothing(host):
    settings = settings_for(host, tls=False, proxied=False, accounts=0)
    assert (settings.hosts, settings.local, settings.secure) == (LOOPBACK, True, False)


@pytest.mark.parametrize(
    ("host", "names", "how", "accounts", "kind"),
    [
        ("0.0.0.0", [], {}, 1, Kind.SERVE_UNPROTECTED),
        ("192.0.2.7", [], {}, 1, Kind.SERVE_UNPROTECTED),
        ("::", [], {}, 1, Kind.SERVE_UNPROTECTED),
        ("cctv.example", [], {}, 1, Kind.SERVE_UNPROTECTED),
        ("192.0.2.7", [], {"tls": True}, 0, Kind.SERVE_WITHOUT_ACCOUNTS),
        ("127.0.0.1", ["cctv.example"], {"proxied": True}, 0, Kind.SERVE_WITHOUT_ACCOUNTS),
        ("127.0.0.1", [], {"proxied": True}, 1, Kind.SERVE_WITHOUT_NAME),
        ("0.0.0.0", [], {"tls": True}, 1, Kind.SERVE_WITHOUT_NAME),
        ("::", [], {"tls": True}, 1, Kind.SERVE_WITHOUT_NAME),
        ("127.0.0.1", ["a.example"], {"tls": True, "proxied": True}, 1, Kind.SERVE_TLS_TWICE),
        ("127.0.0.1", ["https://a.example"], {}, 0, Kind.USAGE),
        ("127.0.0.1", ["a.example:443"], {}, 0, Kind.USAGE),
        ("127.0.0.1", [" "], {}, 0, Kind.USAGE),
    ],
)
def test_what_is_not_safe_is_refused(host, names, how, accounts, kind):
    with pytest.raises(UsageError) as refused:
        settings_for(host, names, **{"tls": False, "proxied": False} | how, accounts=accounts)
    assert refused.value.kind == kind


def test_a_team_signs_in_by_accounts_and_its_cookies_are_secure():
    settings = settings_for("192.0.2.7", tls=True, proxied=False, accounts=1)
    assert settings.hosts == ("192.0.2.7",)
    assert (settings.local, settings.secure, settings.proxied) == (False, True, False)
    settings = settings_for("2001:db8::1", ["CCTV.Example"], tls=True, proxied=False, accounts=1)
    assert settings.hosts == ("cctv.example",)
    assert settings_for("2001:db8::1", tls=True, proxied=False, accounts=1).hosts == (
        "[2001:db8::1]",
    )
    settings = settings_for("127.0.0.1", ["a.example"], tls=False, proxied=True, accounts=1)
    assert (settings.local, settings.secure, settings.proxied) == (False, True, True)


def test_tls_on_this_machine_keeps_the_link():
    settings = settings_for("127.0.0.1", tls=True, proxied=False, accounts=0)
    assert (settings.local, settings.secure) == (True, True)


@pytest.mark.parametrize("wrong", ["missing", "swapped", "text", "folder"])
def test_what_is_no_certificate_is_refused(tmp_path, certificate, wrong):
    tls = {
        "missing": Tls(tmp_path / "none.pem", certificate.key),
        "swapped": Tls(certificate.key, certificate.certificate),
        "text": Tls(certificate.certificate, tmp_path / "text.pem"),
        "folder": Tls(tmp_path, certificate.key),
    }[wrong]
    (tmp_path / "text.pem").write_text("no key")
    require_usable(certificate)
    with pytest.raises(InputError):
        require_usable(tls)


def test_a_port_that_is_taken_is_told():
    with listening_at("127.0.0.1", 0) as taken:
        taken.listen()
        with pytest.raises(UsageError, match="in use"):
            listening_at("127.0.0.1", taken.getsockname()[1])
    for host in ("192.0.2.77", "ä" * 70):
        with pytest.raises(UsageError):
            listening_at(host, 0)


def test_small_writes_to_clients_are_not_held_back() -> None:
    """Otherwise the body of an answer waits until the client has acknowledged its head (40 ms)."""

    async def nodelay() -> list[int]:
        found = []

        async def accepted(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            connection = writer.get_extra_info("socket")
            found.append(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        with listening_at("127.0.0.1", 0) as listening:
            async with await asyncio.start_server(accepted, sock=listening):
                reader, writer = await asyncio.open_connection(*listening.getsockname())
                await reader.read()
                writer.close()
        return found

    assert asyncio.run(nodelay()) == [1]
