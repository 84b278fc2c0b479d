"""Who can reach a server, and what that demands: the rules of `serve`.

This machine alone is served as it is. Anybody else needs an account, and nothing that they send may
be read on the way: the server has a certificate, or stands behind a proxy that has one.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from reidsearch.base.errors import Kind, UsageError
from reidsearch.web.state import ServeSettings

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


def settings_for(
    host: str, names: Sequence[str] = (), *, tls: bool, proxied: bool, accounts: int
) -> ServeSettings:
    """Return the settings of a server that listens at an address.

    Args:
        host: an address of this machine, or its name.
        names: by which browsers ask for it.
        tls: it has a certificate.
        proxied: it stands behind a proxy.
        accounts: how many may sign in.

    Raises:
        UsageError: what it would be is not safe, or cannot work.
    """
    alone = is_loopback(host) and not proxied
    if tls and proxied:
        raise UsageError(
            "a server behind a proxy has no certificate: the proxy has it",
            kind=Kind.SERVE_TLS_TWICE,
        )
    if not alone and not (tls or proxied):
        raise UsageError(
            f"others than this machine would reach {host}, and passwords and pictures could be "
            "read on the way",
            kind=Kind.SERVE_UNPROTECTED,
        )
    if not alone and accounts == 0:
        raise UsageError(
            "others than this machine would reach the server, and nobody has an account to sign in",
            kind=Kind.SERVE_WITHOUT_ACCOUNTS,
        )
    known = tuple(host_name(name) for name in names)
    if not known and (proxied or is_wildcard(host)):
        raise UsageError(
            "the server answers under its own names alone, and none was given",
            kind=Kind.SERVE_WITHOUT_NAME,
        )
    if not known:
        known = LOOPBACK if alone else (_in_url(host),)
    return ServeSettings(known, secure=tls or proxied, local=alone, proxied=proxied)


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches an address."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_wildcard(host: str) -> bool:
    """Tell whether an address stands for all of this machine."""
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def host_name(name: str) -> str:
    """Return a name as the `Host` header of a browser has it, without a port.

    Raises:
        UsageError: it is an address of a page, or none at all.
    """
    text = _in_url(name.strip().lower())
    if not text or any(sign in text for sign in "/@ ") or (":" in text and text[0] != "["):
        raise UsageError(f"{name!r} is no name of a server", "give it without http:// and port")
    return text


def _in_url(host: str) -> str:
    try:
        version = ipaddress.ip_address(host).version
    except ValueError:
        return host
    return f"[{host}]" if version == 6 else host
