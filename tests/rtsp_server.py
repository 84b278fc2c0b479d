"""A camera for tests: RTSP over TCP, its pictures interleaved in the same connection (RFC 2326).

It plays one clip, H.264 (RFC 6184) or H.265 (RFC 7798), again and again at its own rate, to any
number of clients, and has the faults of real cameras: it cuts off, falls silent, sends garbage, and
changes its picture size while it plays. It may ask for Digest in place of Basic, and offer sound.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import random
import re
import socket
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import av

CLOCK_HZ = 90_000  # of RTP time stamps of video
LARGEST = 1200  # bytes of one RTP packet
BASIC = 'Basic realm="camera"'
NONCE = "5f2a0c7e"


def codec_of(clip: Path) -> str:
    """Return `h264` or `hevc`."""
    with av.open(str(clip)) as container:
        return str(container.streams.video[0].codec_context.codec.canonical_name)


def access_units(clip: Path) -> list[list[bytes]]:
    """Return the NAL units of each picture of a clip, parameter sets with key frames."""
    with av.open(str(clip)) as container:
        stream = container.streams.video[0]
        bits = av.BitStreamFilterContext(f"{codec_of(clip)}_mp4toannexb", stream)
        packets = [
            part
            for packet in container.demux(stream)
            if packet.size
            for part in bits.filter(packet)
        ]
    return [
        [unit for unit in re.split(rb"\x00\x00\x00?\x01", bytes(packet)) if unit]
        for packet in packets
    ]


class Camera:
    """A camera at `url`; a context manager.

    Args:
        clip: H.264 or H.265 without B-frames.
        fps: of the clip, and how fast it is played.
        password: what clients have to give as the user `viewer`; None: nothing.
        digest: they have to prove that they know it, by Digest (RFC 2617); else Basic.
        sound: it offers sound too.
        udp_only: it sends by UDP, and refuses to interleave.

    Attributes:
        asked: how many connections asked for the stream.
        set_up: which tracks were asked for: 1 pictures, 2 sound.
        credentials: what clients gave to sign in.
    """

    def __init__(
        self,
        clip: Path,
        fps: int = 25,
        *,
        password: str | None = None,
        digest: bool = False,
        sound: bool = False,
        udp_only: bool = False,
        port: int = 0,
    ) -> None:
        self._units, self._fps, self._password = access_units(clip), fps, password
        self._codec, self._digest, self._sound = codec_of(clip), digest, sound
        self._udp_only = udp_only
        self._server = socket.create_server(("127.0.0.1", port), reuse_port=False)
        self._clients: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._silent, self._closed = threading.Event(), threading.Event()
        self._garbage = 0
        self.asked = 0
        self.set_up: set[int] = set()
        self.credentials: list[str] = []
        self.port: int = self._server.getsockname()[1]
        self.url = f"rtsp://127.0.0.1:{self.port}/live"
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Camera:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End, like a camera that loses its power."""
        self._closed.set()
        self._server.close()
        self.cut()

    def cut(self) -> None:
        """Cut off all clients; new ones are served."""
        with self._lock:
            for client in self._clients:
                with contextlib.suppress(OSError):
                    client.shutdown(socket.SHUT_RDWR)
            self._clients.clear()

    def stall(self, silent: bool = True) -> None:
        """Fall silent without closing anything, or go on."""
        (self._silent.set if silent else self._silent.clear)()

    def send_garbage(self, packets: int = 20) -> None:
        """Send so many RTP packets of noise to every client, of kinds that do not exist."""
        self._garbage = packets

    def show(self, clip: Path) -> None:
        """Play another clip from now on, in the streams that run too."""
        self._units = access_units(clip)

    # -- serving ------------------------------------------------------------------------------

    def _accept(self) -> None:
        while not self._closed.is_set():
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            with self._lock:
                self._clients.add(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            reader = client.makefile("rb")
            while request := self._request(reader):
                method, address, headers = request
                self._answer(client, method, address, headers)
                if method == "PLAY":
                    self._play(client)
        except (OSError, ValueError):
            pass  # the client has left, or was cut off
        finally:
            with self._lock:
                self._clients.discard(client)
            client.close()

    @staticmethod
    def _request(reader: object) -> tuple[str, str, dict[str, str]] | None:
        lines = []
        while line := reader.readline():  # type: ignore[attr-defined]
            if not line.strip():
                break
            lines.append(line.decode("latin-1").strip())
        if not lines:
            return None
        headers = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
        method, address, *_ = lines[0].split()
        return method, address, {name.lower(): value for name, value in headers.items()}

    def _answer(
        self, client: socket.socket, method: str, address: str, headers: dict[str, str]
    ) -> None:
        status, more, body = "200 OK", [], b""
        if not self._knows(method, headers.get("authorization", "")):
            asked = f'Digest realm="camera", nonce="{NONCE}"' if self._digest else BASIC
            status, more = "401 Unauthorized", [f"WWW-Authenticate: {asked}"]
        elif method == "OPTIONS":
            more = ["Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN"]
        elif method == "DESCRIBE":
            self.asked += 1
            body = self._description()
            more = ["Content-Type: application/sdp", f"Content-Length: {len(body)}"]
        elif method == "SETUP" and self._udp_only:
            status = "461 Unsupported Transport"
        elif method == "SETUP":
            track = int(address[-1])
            self.set_up.add(track)
            channels = f"{2 * track - 2}-{2 * track - 1}"
            more = [f"Transport: RTP/AVP/TCP;unicast;interleaved={channels}", "Session: 1"]
        elif method == "PLAY":
            more = ["Session: 1", "Range: npt=0.000-"]
        lines = [f"RTSP/1.0 {status}", f"CSeq: {headers.get('cseq', '0')}", *more, "", ""]
        client.sendall("\r\n".join(lines).encode() + body)

    def _knows(self, method: str, given: str) -> bool:
        """Tell whether a client has signed in."""
        if given:
            self.credentials.append(given)
        if self._password is None:
            return True
        if not self._digest:
            expected = base64.b64encode(f"viewer:{self._password}".encode()).decode()
            return given == f"Basic {expected}"
        told = dict(re.findall(r'(\w+)="([^"]*)"', given))
        own = _md5(f"viewer:camera:{self._password}")
        response = _md5(f"{own}:{NONCE}:{_md5(f'{method}:' + told.get('uri', ''))}")
        return (told.get("username"), told.get("response")) == ("viewer", response)

    def _description(self) -> bytes:
        if self._codec == "hevc":
            sets = {unit[0] >> 1 & 63: unit for unit in self._units[0]}
            names = {32: "sprop-vps", 33: "sprop-sps", 34: "sprop-pps"}
            told = ";".join(
                f"{name}={base64.b64encode(sets[kind]).decode()}" for kind, name in names.items()
            )
            told = f"a=rtpmap:96 H265/90000\r\na=fmtp:96 {told}"
        else:
            sets = {unit[0] & 31: unit for unit in self._units[0]}
            told = ",".join(base64.b64encode(sets[kind]).decode() for kind in (7, 8))
            told = f"packetization-mode=1;sprop-parameter-sets={told}"
            told = f"a=rtpmap:96 H264/90000\r\na=fmtp:96 {told}"
        sound = "m=audio 0 RTP/AVP 0\r\na=control:track2\r\n" if self._sound else ""
        return (
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=live\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n"
            f"m=video 0 RTP/AVP 96\r\n{told}\r\na=control:track1\r\n{sound}"
        ).encode()

    def _play(self, client: socket.socket) -> None:
        sequence, began, number, units = 0, time.monotonic(), 0, self._units
        first, at = number, 0
        while True:
            if self._units is not units:
                units, first = self._units, number
            at = (number - first) % len(units)
            while self._silent.is_set() and not self._closed.is_set():
                time.sleep(0.02)
            stamp = number * CLOCK_HZ // self._fps & 0xFFFFFFFF
            payloads = list(_payloads(units[at], self._codec))
            while self._garbage > 0:
                self._garbage -= 1
                noise = random.Random(self._garbage).randbytes(400)  # the same in every run
                payloads.insert(0, bytes((0x80 | self._garbage % 24,)) + noise)
            for index, payload in enumerate(payloads):
                last = index == len(payloads) - 1
                header = struct.pack(
                    ">BBHII", 0x80, 96 | (0x80 if last else 0), sequence & 0xFFFF, stamp, 7
                )
                sequence += 1
                packet = header + payload
                client.sendall(b"$\0" + struct.pack(">H", len(packet)) + packet)
            number += 1
            time.sleep(max(0.0, began + number / self._fps - time.monotonic()))


def _payloads(units: list[bytes], codec: str) -> Iterator[bytes]:
    """Return the RTP payloads of one picture; large units in fragments."""
    header_bytes = 2 if codec == "hevc" else 1
    for unit in units:
        if len(unit) <= LARGEST:
            yield unit
            continue
        head, body = unit[:header_bytes], unit[header_bytes:]
        parts = [body[at : at + LARGEST] for at in range(0, len(body), LARGEST)]
        for index, part in enumerate(parts):
            edge = 0x80 * (index == 0) | 0x40 * (index == len(parts) - 1)
            if codec == "hevc":
                yield bytes((head[0] & 0x81 | 49 << 1, head[1], edge | head[0] >> 1 & 63)) + part
            else:
                yield bytes((head[0] & 0xE0 | 28, edge | head[0] & 31)) + part


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
