"""Identity providers for the tests: a real one in a process of its own, and one that forges."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT = "reidsearch"


class Real:
    """`oidc-provider-mock`, which lets everybody in who says who they are."""

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.issuer = f"http://127.0.0.1:{port}"
        self._command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port)]
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(
            self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until = time.monotonic() + 60
        while True:
            with contextlib.suppress(httpx2.TransportError):
                httpx2.get(f"{self.issuer}/jwks")
                return
            assert time.monotonic() < until
            time.sleep(0.1)

    def stop(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def know(self, subject: str, **claims: Any) -> None:
        """Let somebody have these claims."""
        httpx2.put(f"{self.issuer}/users/{subject}", json=claims).raise_for_status()

    def visited(self, address: str, subject: str) -> str:
        """Sign in there as somebody; return where the browser is sent back to, past the host."""
        answer = httpx2.post(address, data={"sub": subject})
        assert answer.status_code in {302, 303}, answer.text
        back = urlsplit(answer.headers["location"])
        return f"{back.path}?{back.query}"


class Forger:
    """A provider that gives the id token it is told to, and checks the code's verifier."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.claims: dict[str, Any] = {}
        self.codes: dict[str, str] = {"the code": ""}
        forger = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: Any) -> None: ...

            def do_GET(self) -> None:
                self.answer(200, forger.told(self.path))

            def do_POST(self) -> None:
                sent = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
                digest = hashlib.sha256(sent["code_verifier"][0].encode()).digest()
                challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
                if forger.codes.pop(sent["code"][0], None) != challenge:
                    self.answer(400, {"error": "invalid_grant"})
                    return
                token = jwt.encode(forger.claims, forger.key, "RS256", headers={"kid": "1"})
                self.answer(200, {"id_token": token, "access_token": "x", "token_type": "Bearer"})

            def answer(self, status: int, value: Any) -> None:
                data = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def told(self, path: str) -> dict[str, Any]:
        if path == "/jwks":
            public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
            return {"keys": [public | {"kid": "1", "use": "sig"}]}
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
        }

    def sound(self, asked: dict[str, str]) -> dict[str, Any]:
        """The claims of a token that holds, for what was asked; its code gets usable."""
        self.codes = {"the code": asked["code_challenge"]}
        now = int(time.time())
        return {
            "iss": self.issuer, "aud": CLIENT, "sub": "s-1", "iat": now, "exp": now + 300,
            "nonce": asked["nonce"], "preferred_username": "maria",
        }  # fmt: skip

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextlib.contextmanager
def provider(kind: type[Real] | type[Forger]) -> Iterator[Any]:
    made = kind()
    try:
        yield made
    finally:
        made.stop()


def asked_of(address: str) -> dict[str, str]:
    """What a browser is sent to a provider with."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
