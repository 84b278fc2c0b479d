"""A time stamp authority on this machine: its certificates and its answers are OpenSSL's."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

CONFIG = """
[ tsa ]
default_tsa = here
[ here ]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
[ stamping ]
extendedKeyUsage = critical,timeStamping
[ authority ]
basicConstraints = critical,CA:true
[ req ]
distinguished_name = name
[ name ]
"""
OPENSSL = shutil.which("openssl")


def make_authority(folder: Path) -> Path:
    """Make the certificates of an authority in a new folder; return its root."""
    folder.mkdir()
    config = folder / "tsa.cnf"
    config.write_text(CONFIG.format(folder=folder))
    (folder / "serial").write_text("01\n")

    def run(*words: str | Path) -> None:
        subprocess.run(
            [str(OPENSSL), *map(str, words)], cwd=folder, check=True, capture_output=True
        )

    new = ("req", "-newkey", "rsa:2048", "-nodes", "-config", config)
    run(*new, "-x509", "-days", "9", "-subj", f"/CN={folder.name} root", "-extensions", "authority",
        "-keyout", "ca.key", "-out", "ca.pem")  # fmt: skip
    run(*new, "-subj", f"/CN={folder.name} stamps", "-keyout", "tsa.key", "-out", "tsa.csr")
    run("x509", "-req", "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
        "-days", "9", "-extfile", config, "-extensions", "stamping", "-out", "tsa.pem")  # fmt: skip
    return folder / "ca.pem"


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Answer requests for time stamps as the authority of a folder; give the address."""

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            (folder / "asked").write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
            command = ["ts", "-reply", "-config", "tsa.cnf", "-queryfile", "asked", "-out", "told"]
            subprocess.run([str(OPENSSL), *command], cwd=folder, check=True, capture_output=True)
            told = (folder / "told").read_bytes()
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
