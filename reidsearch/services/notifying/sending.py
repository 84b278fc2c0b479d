"""Giving a document to a command, on its standard input, or to a webhook, within a bounded time.

Whatever goes wrong is one short sentence without an address, arguments or output: those may hold
secrets, and the sentence is shown and recorded.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import os
import shutil
import signal
import ssl
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import unquote, urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from reidsearch.base.errors import InputError
from reidsearch.base.said import said
from reidsearch.base.version import __version__
from reidsearch.domain.notifications import LOOPBACK, Receiver
from reidsearch.domain.notify_state import Means

WITHIN_S = 20.0


class NotDelivered(Exception):
    """The receiver did not take it; says why."""


def send(receiver: Receiver, body: bytes, delivery: str, within_s: float = WITHIN_S) -> None:
    """Deliver a document of JSON.

    Args:
        delivery: the same whenever the same is delivered again.

    Raises:
        NotDelivered: it was not taken. It may have arrived all the same.
    """
    if receiver.means is Means.WEBHOOK:
        _post(receiver.url, body, delivery, within_s)
    else:
        _run(receiver, body, within_s)


# -- a command ------------------------------------------------------------------------------------


def find_program(command: Sequence[str]) -> Receiver:
    """Return a command as it runs from now on: of this program, from this folder.

    Raises:
        InputError: there is no such program, or the current folder was removed.
    """
    found = shutil.which(command[0])
    if found is None:
        raise InputError(f"there is no program {command[0]!r}")
    try:
        folder = Path.cwd()
    except FileNotFoundError as error:
        raise InputError("the current folder, which the command would start in, is gone") from error
    script = [Path(one).name for one in command[1:2] if (folder / one).is_file()]
    name = " ".join([Path(found).name, *script])
    return Receiver(words=(str(folder / found), *command[1:]), name=name, folder=str(folder))


def _run(receiver: Receiver, body: bytes, within_s: float) -> None:
    try:
        process = subprocess.Popen(  # noqa: S603 (no shell: a list, of a file that is the user's)
            receiver.words,
            cwd=receiver.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,  # however much it is
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # all that it starts can be ended with it
        )
    except (OSError, ValueError) as error:
        raise NotDelivered(f"it could not be started: {said(error)}") from error
    try:
        process.communicate(body, timeout=within_s)
    except subprocess.TimeoutExpired as error:
        text = f"it was still at work after {within_s:g} s, and was ended"
        raise NotDelivered(text) from error
    finally:
        _end(process)
    if process.returncode < 0:
        raise NotDelivered(f"it was ended by signal {-process.returncode}")
    if process.returncode:
        raise NotDelivered(f"it ended with exit code {process.returncode}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and what it has started, if it is still at work."""
    if process.poll() is not None:
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()
    process.wait()


# -- a webhook ------------------------------------------------------------------------------------


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Follow none: what is sent is for who was named."""


def _post(url: str, body: bytes, delivery: str, within_s: float) -> None:
    """Post it in a thread: looking up a name, or an answer byte by byte, has no time limit."""
    outcome: list[str | None] = []
    asking = threading.Thread(
        target=lambda: outcome.append(_posted(url, body, delivery, within_s)),
        name="webhook",
        daemon=True,
    )
    asking.start()
    asking.join(within_s)
    if not outcome:
        raise NotDelivered(f"it did not answer within {within_s:g} s")
    if outcome[0] is not None:
        raise NotDelivered(outcome[0])


def _posted(url: str, body: bytes, delivery: str, within_s: float) -> str | None:
    """Return why it was not taken; None: it was."""
    parts = urlsplit(url)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"reidsearch/{__version__}",
        "Idempotency-Key": delivery,
    }
    user, at, host = parts.netloc.rpartition("@")
    if at:
        headers["Authorization"] = "Basic " + base64.b64encode(unquote(user).encode()).decode()
    bare = parts._replace(netloc=host).geturl()
    try:
        # What is on this machine is not asked through a proxy.
        proxies = [ProxyHandler({})] if parts.hostname in LOOPBACK else []
        opener = build_opener(_NoRedirect, *proxies)
        request = Request(bare, body, headers, method="POST")  # noqa: S310 (scheme checked)
        with opener.open(request, timeout=within_s):
            return None
    except HTTPError as error:
        with error:
            return _refused(error)
    except TimeoutError:
        return f"it did not answer within {within_s:g} s"
    except URLError as error:
        return _unreached(error.reason)
    except (OSError, http.client.HTTPException, ValueError) as error:
        return _unreached(error)


def _refused(error: HTTPError) -> str:
    if 300 <= error.code < 400:
        try:
            to = urlsplit(error.headers.get("Location", "")).hostname
        except ValueError:
            to = None
        where = f" to {to}" if to and to.isprintable() else ""
        return f"it redirects{where}, which is not followed: set the address it leads to"
    return f"it answered {error.code}"


def _unreached(error: object) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not valid: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return "it does not speak TLS as it should"
    if isinstance(error, http.client.RemoteDisconnected):
        return "it ended the connection without an answer"
    if isinstance(error, OSError):
        return f"it cannot be reached: {said(error)}"
    return "it did not answer in HTTP"
