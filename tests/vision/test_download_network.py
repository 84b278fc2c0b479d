"""Downloads by HTTPS alone: redirects, proxies, certificates, no network."""

from __future__ import annotations

import dataclasses
import io
import shutil
import ssl
import subprocess
import urllib.request
from pathlib import Path

import pytest
from model_server import (
    PLAIN,
    entry_at,
    holds_the_model,
    redirect,
)

from reidsearch.base.errors import ModelError
from reidsearch.output.hints import advice
from reidsearch.vision.models.download import HTTPS, Redirects, install
from reidsearch.vision.models.unavailable import ModelUnavailable

pytestmark = pytest.mark.usefixtures("cache")  # also where no server is needed


def test_http_is_refused_to_users(server, entry, cache):
    assert HTTPS.schemes == ("https",)
    with pytest.raises(ModelError, match="not HTTPS") as caught:
        install(entry)
    assert not isinstance(caught.value, ModelUnavailable)
    assert server.seen == []


def test_redirect_is_followed_within_the_scheme(server, entry, cache):
    server.acts.append(redirect(f"http://127.0.0.1:{server.server_port}/elsewhere/m.bin"))
    install(entry, transport=PLAIN)
    assert holds_the_model(cache)


@pytest.mark.parametrize("to", ["https://127.0.0.1:1/m.bin", "ftp://127.0.0.1/m.bin"])
def test_redirect_to_another_scheme_is_refused(server, entry, to):
    server.always = redirect(to)
    with pytest.raises(ModelError, match="refused to fetch"):
        install(entry, transport=PLAIN)
    assert len(server.seen) == 1


def test_endless_redirects_end(server, entry):
    server.always = redirect(entry.files[0].url)
    with pytest.raises(ModelUnavailable, match="HTTP 302"):
        install(entry, transport=PLAIN)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://127.0.0.1:1", "no network: Connection refused"),
        ("http://no-such-host.invalid", "the address of no-such-host.invalid is not found"),
    ],
)
def test_no_network_is_said_at_once(url, says):
    # Only the error path is under test, so a name that never resolves is as good as no network.
    with pytest.raises(ModelUnavailable, match=says):
        install(entry_at(url), transport=dataclasses.replace(PLAIN, pause_s=60))


def test_a_proxy_that_fails_is_named_without_its_password(entry, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://user:secret@127.0.0.1:1")
    with pytest.raises(ModelUnavailable, match=r"the proxy 127\.0\.0\.1") as caught:
        install(entry, transport=PLAIN)
    assert "secret" not in caught.value.message + advice(caught.value)


@pytest.fixture
def tls(server, tmp_path) -> Path:
    """The server speaks TLS with a certificate of its own making; returns the certificate."""
    openssl = shutil.which("openssl")
    if not openssl:
        pytest.skip("needs the openssl command to make a certificate")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
         "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    return certificate


def test_https_as_users_have_it(server, tls, cache, monkeypatch):
    entry = entry_at(f"https://127.0.0.1:{server.server_port}")
    with pytest.raises(ModelUnavailable, match=r"no trusted connection .*SSL_CERT_FILE"):
        install(entry)
    monkeypatch.setenv("SSL_CERT_FILE", str(tls))
    server.acts.append(redirect(f"http://127.0.0.1:{server.server_port}/m.bin"))
    with pytest.raises(ModelError, match="refused to fetch a model from http:"):
        install(entry)
    install(entry)
    assert holds_the_model(cache)


def test_redirects_name_the_address():
    request = urllib.request.Request("https://example.org/m.bin")
    to = "http://example.org/m.bin"
    with pytest.raises(ModelError, match=to.replace(".", r"\.")):
        Redirects(("https",)).redirect_request(request, io.BytesIO(), 302, "", {}, to)
