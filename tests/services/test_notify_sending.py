"""A command or a webhook gets the document, or a sentence without secrets says why it did not."""

from __future__ import annotations

import base64
import contextlib
import socket
import ssl
import sys
import threading
import time
from pathlib import Path

import pytest
import trustme
from webhooks import webhook

from reidsearch.base.errors import InputError, UsageError
from reidsearch.domain.notifications import Receiver, read_webhook
from reidsearch.services.notifying.sending import NotDelivered, find_program, send

pytestmark = pytest.mark.full
BODY = b'{"schema": "x"}\n'
SECRET = "s3cr3t"


def program(folder: Path, text: str, *arguments: str) -> Receiver:
    """A Python script as a command that is started in `folder`."""
    script = folder / "script.py"
    script.write_text(text)
    with contextlib.chdir(folder):
        return find_program([sys.executable, "script.py", *arguments])


def refused(receiver: Receiver, body: bytes = BODY, within_s: float = 10) -> str:
    with pytest.raises(NotDelivered) as told:
        send(receiver, body, "7", within_s)
    assert SECRET not in str(told.value)
    return str(told.value)


# -- commands -------------------------------------------------------------------------------------


def test_a_command_gets_the_document_and_its_arguments_as_they_are(tmp_path) -> None:
    text = "import sys, json\nopen('got', 'wb').write(sys.stdin.buffer.read())\n"
    text += "json.dump(sys.argv[1:], open('words', 'w'))"
    words = ("$HOME; touch there", "*", f"--token={SECRET}")
    receiver = program(tmp_path, text, *words)
    send(receiver, BODY, "7")
    assert (tmp_path / "got").read_bytes() == BODY
    assert (tmp_path / "words").read_text() == '["$HOME; touch there", "*", "--token=s3cr3t"]'
    assert not (tmp_path / "there").exists()
    assert receiver.shown.endswith("script.py")
    assert SECRET not in receiver.shown + repr(receiver)


def test_how_a_command_ends_is_told(tmp_path) -> None:
    assert refused(program(tmp_path, "raise SystemExit(3)")) == "it ended with exit code 3"
    killed = "import os, signal; os.kill(os.getpid(), signal.SIGTERM)"
    assert refused(program(tmp_path, killed)) == "it was ended by signal 15"
    gone = program(tmp_path, "")
    assert "no such file" in refused(Receiver(words=("/nowhere/x",), folder=str(tmp_path)))
    assert "no such file" in refused(Receiver(gone.words, folder=str(tmp_path / "gone")))
    with pytest.raises(InputError, match="no program"):
        find_program(["no-such-program-there"])
    left = tmp_path / "left"
    left.mkdir()
    with contextlib.chdir(left):
        left.rmdir()
        with pytest.raises(InputError, match="is gone"):
            find_program([sys.executable])


def test_a_command_may_write_much_and_read_nothing(tmp_path) -> None:
    much = "import sys\nfor _ in range(100): sys.stdout.write('x' * 1_000_000)"
    send(program(tmp_path, much), b"x" * 5_000_000, "7")


def test_a_command_that_hangs_is_ended_with_all_that_it_started(tmp_path) -> None:
    text = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
open("pids.part", "w").write(f"{os.getpid()} {child.pid}")
os.rename("pids.part", "pids")
time.sleep(60)
"""
    within_s = 0.4
    while not (tmp_path / "pids").exists():  # a busy machine takes longer to start them
        within_s *= 2
        assert "still at work" in refused(program(tmp_path, text), within_s=within_s)
    for pid in map(int, (tmp_path / "pids").read_text().split()):
        assert not is_alive(pid)


def is_alive(pid: int) -> bool:
    """Whether a process is at work: one that nobody has waited for is not."""
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return False
        if state == "Z":
            return False
        time.sleep(0.02)
    return True


# -- webhooks -------------------------------------------------------------------------------------


def with_user(url: str) -> Receiver:
    return Receiver(url=url.replace("://", f"://anna:{SECRET}@") + f"?token={SECRET}")


def test_a_webhook_gets_the_document(monkeypatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")  # what is here is not asked through it
    with webhook() as made:
        receiver = with_user(made.url)
        send(receiver, BODY, "7")
        assert made.bodies == [BODY]
        (headers,) = made.headers
        assert headers["Content-Type"] == "application/json"
        assert headers["Idempotency-Key"] == "7"
        user = base64.b64decode(headers["Authorization"].removeprefix("Basic "))
        assert user == f"anna:{SECRET}".encode()
        assert SECRET not in headers["Host"] + receiver.shown + repr(receiver)
        made.status = 204
        send(receiver, BODY, "7")


def test_what_a_webhook_refuses_is_told(tmp_path) -> None:
    with webhook() as made, webhook() as other:
        made.status = 500
        assert refused(with_user(made.url)) == "it answered 500"
        for status in (301, 302, 303, 307, 308):
            made.status, made.location = status, f"{other.url}?token={SECRET}"
            assert "redirects to 127.0.0.1" in refused(with_user(made.url))
        made.location = made.url  # not on the same host either
        assert "redirects" in refused(with_user(made.url))
        assert other.bodies == []
        made.waits = threading.Event()
        began = time.monotonic()
        assert "did not answer within 0.3 s" in refused(with_user(made.url), within_s=0.3)
        made.waits.set()
        made.waits, made.drips = None, True
        assert "did not answer within 0.3 s" in refused(with_user(made.url), within_s=0.3)
        assert time.monotonic() - began < 30
    assert "cannot be reached: Connection refused" in refused(with_user(made.url))


def test_what_does_not_speak_http_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            for said in (b"SSH-2.0-here\r\n", b""):
                taken, _ = server.accept()
                taken.recv(65536)
                taken.sendall(said)
                taken.close()

        threading.Thread(target=answer, daemon=True).start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        assert refused(with_user(url)) == "it did not answer in HTTP"
        assert "ended the connection" in refused(with_user(url))


def test_a_certificate_has_to_be_of_a_trusted_authority(tmp_path, monkeypatch) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with webhook(context) as made:
        assert "its certificate is not valid" in refused(with_user(made.url))
        assert made.bodies == []
        authority.cert_pem.write_to_path(tmp_path / "ca.pem")
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        send(with_user(made.url), BODY, "7")
        assert made.bodies == [BODY]
        named = made.url.replace("127.0.0.1", "localhost")
        assert "its certificate is not valid" in refused(with_user(named))


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "hook",
            "ftp://host/x",
            "file:///etc/passwd",
            "https://",
            "https:///x",
            "https://h:x/",
        ),
        *("http://host/x", "https://host/a b", "https://host/\u00e4", "https://host/\r\nX: y"),
        *("https://host/#x", f"https://anna:{SECRET}@host/", "https://host/" + "x" * 3000),
    ],
)
def test_what_is_no_address_is_refused_without_repeating_it(text) -> None:
    with pytest.raises(UsageError) as told:
        read_webhook(text, credentials=False)
    assert SECRET not in told.value.message + told.value.hint


def test_an_address_may_hold_credentials_where_nobody_sees_it() -> None:
    for text in (f"https://anna:{SECRET}@host:8443/x?y=1", "http://localhost:8000/"):
        assert read_webhook(text, credentials=True) == text
