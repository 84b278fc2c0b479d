"""A connection to a camera: its packets as they come, and why it ended, without credentials."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from types import TracebackType
from typing import Any, Protocol

import av
import av.error

from reidsearch.media.recording.address import CameraAddress


class Lost(Exception):
    """A connection that ended or could not be made; its text is why, and may be shown."""


class Connection(Protocol):
    """What a recorder needs of a camera; a context manager.

    Attributes:
        stream: PyAV's stream of pictures, which a segment is made like.
        codec: FFmpeg's name of how it is encoded.
        time_base: of its time stamps, seconds.
    """

    stream: Any
    codec: str
    time_base: Fraction

    def packets(self) -> Iterator[Any]:
        """Give PyAV's packets as they come.

        Raises:
            Lost: the connection ended, or nothing came for too long. It never just ends.
        """

    def close(self) -> None:
        """End the connection."""


class Connect(Protocol):
    """Makes a connection."""

    def __call__(self, address: CameraAddress, stall_s: float) -> Connection:
        """Connect.

        Raises:
            Lost: it is not there, or refuses.
        """


@dataclass
class RtspConnection:
    """A connection by RTSP, its pictures interleaved in one TCP connection; no sound is asked for.

    Args:
        container: PyAV's, opened.
        stall_s: after so long without a packet it is lost.
    """

    container: Any
    address: CameraAddress
    stall_s: float

    def __post_init__(self) -> None:
        if not self.container.streams.video:
            self.close()
            raise Lost("it sends no pictures")
        self.stream = self.container.streams.video[0]
        self.codec = self.stream.codec_context.codec.canonical_name
        self.time_base = Fraction(self.stream.time_base)

    def packets(self) -> Iterator[Any]:
        """Give the packets as they come; see `Connection`."""
        try:
            for packet in self.container.demux(self.stream):
                if packet.size:  # the last one is empty
                    yield packet
        except (av.error.FFmpegError, ValueError) as error:
            raise Lost(_why(error, self.address, self.stall_s)) from None
        raise Lost("the camera ended the stream")  # as when it lost its power

    def close(self) -> None:
        """End the connection."""
        self.container.close()

    def __enter__(self) -> RtspConnection:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def connect_rtsp(address: CameraAddress, stall_s: float) -> RtspConnection:
    """Connect to a camera by RTSP over TCP.

    Raises:
        Lost: it is not there, refuses, or sends no pictures.
    """
    options = {
        "rtsp_transport": "tcp",
        "allowed_media_types": "video",
        "protocol_whitelist": "rtp,tcp,tls,udp",  # udp: FFmpeg opens it to find out, and uses tcp
    }
    try:
        container = av.open(
            address.full,
            format="rtsp",
            options=options,
            timeout=(max(stall_s, 5.0), stall_s / 2),  # FFmpeg asks twice before it gives up
            metadata_errors="replace",
        )
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise Lost(_why(error, address, max(stall_s, 5.0))) from None
    return RtspConnection(container, address, stall_s)


def _why(error: Exception, address: CameraAddress, waited_s: float) -> str:
    """Say what went wrong; FFmpeg's own text repeats the address with its credentials."""
    if isinstance(error, av.error.ExitError | TimeoutError):
        return f"nothing came for {waited_s:.0f} s"
    if getattr(error, "errno", None) == errno.EPROTONOSUPPORT:  # 461 Unsupported Transport
        return "it does not send over TCP, and by UDP nothing is recorded"
    told = getattr(error, "strerror", None) or type(error).__name__
    for secret in address.secrets:
        told = told.replace(secret, "***")
    return str(told)
