"""Fetches a catalogue model from its maker, over HTTPS and nothing else.

The standard library's urllib is enough here: two files of a few megabytes, proxies and
certificates from the environment, time-outs; the redirect rule and the resume are a few lines.
A client library would be one more thing to install on machines that are often offline.
"""

from __future__ import annotations

import http.client
import math
import socket
import ssl
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from reidsearch.base.errors import Kind, ModelError
from reidsearch.base.progress import NO_PROGRESS, Progress
from reidsearch.vision.models.catalogue import ModelEntry, ModelFile
from reidsearch.vision.models.store import differs, model_folder, publish, sha384_of, storing
from reidsearch.vision.models.unavailable import ModelUnavailable, unavailable

CHUNK_BYTES = 64 * 1024
SLOWEST_BYTES_PER_S = 8 * 1024


class _Transient(Exception):
    """A failure that the next attempt may not meet."""


@dataclass(frozen=True, slots=True)
class Transport:
    """How a file is fetched. Only tests use other values than the default's.

    Args:
        schemes: what an address, and every redirect, must be.
        timeout_s: how long the other side may say nothing.
        attempts: how often a transient failure is met before giving up; each resumes.
        pause_s: wait before the second attempt, doubled for each further one.
    """

    schemes: tuple[str, ...] = ("https",)
    timeout_s: float = 20.0
    attempts: int = 4
    pause_s: float = 1.0


HTTPS = Transport()


def install(
    entry: ModelEntry, progress: Progress = NO_PROGRESS, *, transport: Transport = HTTPS
) -> Path:
    """Make sure that the cache holds the entry's files, fetching what is missing or differs.

    An interrupted download goes on where it stopped. A file gets its name only when its checksum
    is right. Two processes do not collide: the second waits.

    Returns:
        The .xml file in the cache.

    Raises:
        ModelUnavailable: no network, or the server does not have the file.
        ModelError: the server sends other bytes, or redirects to an address that is not HTTPS.
        StorageError: the cache cannot be written.
    """
    with model_folder(entry) as folder:
        for file in entry.files:
            final = folder / file.name
            if not (final.is_file() and sha384_of(final) == file.sha384):
                _Fetch(entry, file, final, progress, transport).run()
        return folder / entry.files[-1].name


@dataclass(frozen=True, slots=True)
class _Fetch:
    """One file on its way to `final`, by way of a .part file beside it."""

    entry: ModelEntry
    file: ModelFile
    final: Path
    progress: Progress
    transport: Transport

    @property
    def part(self) -> Path:
        return self.final.with_name(self.file.name + ".part")

    def run(self) -> None:
        """Fetch, verify, and only then give the file its name."""
        self.progress.begin(f"download {self.file.name}", self.file.size_bytes, "bytes")
        try:
            while True:
                resumed = self.part.exists()
                self._transfer_persistently()
                found = sha384_of(self.part)
                if found == self.file.sha384:
                    return publish(self.part, self.final)
                error = differs(self.part, self.file, found)
                self.part.unlink()
                # What an earlier run left may be what is wrong: then once more from the start.
                if not resumed:
                    raise ModelError(
                        f"{self.file.url} sent other bytes than the official ones; "
                        "nothing was kept\n" + error.message.partition("\n")[2],
                        "try another network, or copy the files from another machine",
                        kind=Kind.MODEL_DOWNLOAD_REFUSED,
                    )
        finally:
            self.progress.end()

    def _transfer_persistently(self) -> None:
        """Transfer, going on after transient failures, a few times."""
        for attempt in range(self.transport.attempts):
            try:
                return self._transfer()
            except _Transient as error:
                cause = error
            if attempt + 1 < self.transport.attempts:
                time.sleep(self.transport.pause_s * 2**attempt)
        raise self._unavailable(str(cause)) from cause

    def _transfer(self) -> None:
        """Bring the part to the file's size, never beyond it."""
        have = self.part.stat().st_size if self.part.exists() else 0
        if have > self.file.size_bytes:
            self.part.unlink()
            have = 0
        if have == self.file.size_bytes:
            return
        with self._open(have) as response:
            if have and response.status != http.HTTPStatus.PARTIAL_CONTENT:
                have = 0  # the server does not resume, it sends the whole file
            self._check_announced(have, response)
            with storing(self.part.parent):
                sink = self.part.open("ab" if have else "wb")
            self.progress.advance(have)
            with sink:
                self._pour(have, response, sink)

    def _check_announced(self, have: int, response: Any) -> None:
        if have and not response.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
            self.part.unlink()
            raise _Transient("the server resumed at the wrong place")
        length = response.headers.get("Content-Length", "")
        if length.isdecimal() and have + int(length) != self.file.size_bytes:
            raise self._unavailable(
                f"it answers with {have + int(length)} bytes where the file has "
                f"{self.file.size_bytes}; a proxy's or a log-in page may stand in between"
            )

    def _pour(self, have: int, response: Any, sink: IO[bytes]) -> None:
        # A server that drips single bytes never trips the socket's time-out; this does.
        allowed_s = self.transport.timeout_s + self.file.size_bytes / SLOWEST_BYTES_PER_S
        deadline = time.monotonic() + allowed_s
        while chunk := _read(response):
            have += len(chunk)
            if have > self.file.size_bytes:
                sink.truncate(0)
                raise self._unavailable(f"it sends more than the {self.file.size_bytes} bytes")
            with storing(self.part.parent):
                sink.write(chunk)
                sink.flush()
            self.progress.advance(len(chunk))
            if time.monotonic() > deadline:
                raise _Transient(f"not finished after {math.ceil(allowed_s)} s")
        if have < self.file.size_bytes:
            raise _Transient(f"the connection ended after {have} of {self.file.size_bytes} bytes")

    def _open(self, have: int) -> Any:
        """The response to a request for the file from byte `have` on."""
        if urlsplit(self.file.url).scheme not in self.transport.schemes:
            raise _not_https(self.file.url)
        headers = {"User-Agent": "reidsearch", "Accept-Encoding": "identity"}
        if have:
            headers["Range"] = f"bytes={have}-"
        request = urllib.request.Request(self.file.url, headers=headers)  # noqa: S310 (checked)
        opener = urllib.request.build_opener(Redirects(self.transport.schemes))
        try:
            return opener.open(request, timeout=self.transport.timeout_s)
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                self.part.unlink(missing_ok=True)
                raise _Transient("the server cannot resume") from error
            if error.code in (408, 425, 429) or error.code >= 500:
                raise _Transient(f"HTTP {error.code} {error.reason}") from error
            raise self._unavailable(f"HTTP {error.code} {error.reason}") from error
        except urllib.error.URLError as error:
            reason = error.reason if isinstance(error.reason, OSError) else error
            raise self._no_connection(reason) from error
        except (OSError, http.client.HTTPException) as error:
            raise _Transient(f"no answer: {error or type(error).__name__}") from error

    def _no_connection(self, reason: OSError) -> Exception:
        url = urlsplit(self.file.url)
        if isinstance(reason, TimeoutError | ConnectionResetError | BrokenPipeError):
            return _Transient(f"no answer: {reason}")
        if isinstance(reason, ssl.SSLError):
            return self._unavailable(
                f"no trusted connection ({reason}); behind a proxy that re-signs connections, "
                "set SSL_CERT_FILE to its certificate"
            )
        proxy = urlsplit(urllib.request.getproxies().get(url.scheme, ""))
        if proxy.hostname and not urllib.request.proxy_bypass(url.netloc):
            # Not the whole address: it may hold a password.
            return self._unavailable(f"the proxy {proxy.hostname} does not help: {reason}")
        if isinstance(reason, socket.gaierror):
            return self._unavailable(f"no network: the address of {url.hostname} is not found")
        return self._unavailable(f"no network: {reason.strerror or reason}")

    def _unavailable(self, why: str) -> ModelUnavailable:
        return unavailable(self.entry, f"{self.file.url}: {why}")


def _read(response: Any) -> bytes:
    try:
        data: bytes = response.read1(CHUNK_BYTES)
    except (OSError, http.client.HTTPException) as error:
        raise _Transient(f"the connection broke: {error or type(error).__name__}") from error
    return data


class Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects only to addresses of the allowed schemes."""

    def __init__(self, schemes: tuple[str, ...]) -> None:
        self.schemes = schemes

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        """The request for the new address.

        Raises:
            ModelError: the new address is of another scheme.
        """
        if urlsplit(newurl).scheme not in self.schemes:
            fp.close()
            raise _not_https(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _not_https(url: str) -> ModelError:
    return ModelError(
        f"refused to fetch a model from {url}: not HTTPS",
        "try another network, or copy the files from another machine",
        kind=Kind.MODEL_DOWNLOAD_REFUSED,
    )
