"""Settings that more than one stage reads, as frozen values with their defaults."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, TypeAlias


@dataclass(frozen=True, slots=True)
class PictureLimits:
    """What a picture may be before it is decoded, and what a crop must be after.

    The first two guard against decompression bombs and are checked on the header. The last two
    keep out crops in which there is no person to see; what they refuse is counted as a failure.
    """

    max_bytes: int = 64 * 1024 * 1024
    max_pixels: int = 64_000_000
    min_width_px: int = 8
    min_height_px: int = 16


@dataclass(frozen=True, slots=True)
class RuntimeSettings:
    """How OpenVINO runs a model, and what decodes footage that is indexed.

    `streams` and `threads` of 0 leave the choice to OpenVINO, which on the processors measured
    was the fastest (docs/benchmarks.md). `decode_device` is FFmpeg's name of a kind of device, such
    as `cuda`; `none`: software decodes.
    """

    device: str = "CPU"
    streams: int = 0
    threads: int = 0
    decode_device: str = "none"
    cache: bool = True

    @property
    def decoder(self) -> str | None:
        """The kind of device that decodes footage; None: software does."""
        return None if self.decode_device == "none" else self.decode_device


@dataclass(frozen=True, slots=True)
class TimeSettings:
    """Where the times of footage come from when nothing else tells.

    Args:
        frames_fps: pictures a second in folders of frames whose names tell no time.
        container_time: trust the creation time inside a video file. Many cameras write local time
            there, or the end of the recording.
    """

    frames_fps: Fraction | None = None
    container_time: bool = False


@dataclass(frozen=True, slots=True)
class LogSettings:
    """Where the event log's signing key lies.

    Args:
        signing_key: its file; None: in the user's folder of settings, one for each archive.
        timestamp_url: the RFC 3161 service that `log seal` asks; None: none.
    """

    signing_key: str | None = None
    timestamp_url: str | None = None


@dataclass(frozen=True, slots=True)
class IndexSettings:
    """What searches the embeddings.

    Args:
        engine: `files`: the archive's own index in files of each machine; `milvus`: a server.
        milvus_url: of that server, e.g. `http://milvus.example:19530`.
        when_away: what a search does while the server cannot be reached: `error`, or `exact`: it
            reads all embeddings from the database, and the answer says so.
    """

    engine: Literal["files", "milvus"] = "files"
    milvus_url: str | None = None
    when_away: Literal["error", "exact"] = "error"


@dataclass(frozen=True, slots=True)
class ObjectSettings:
    """The store of objects that holds an archive's pictures, and how it is reached.

    Args:
        bucket: a bucket, and a folder in it, for pictures, e.g. `s3://pictures/station`.
        endpoint: the address of the server; None: that of Amazon.
    """

    bucket: str | None = None
    endpoint: str | None = None


@dataclass(frozen=True, slots=True)
class SignInSettings:
    """How people sign in to the page; the client's secret is in the environment or in a file.

    Args:
        passwords: accounts may sign in by name and password.
        oidc_issuer: the identity provider (OpenID Connect), e.g. `https://login.example/realm`.
        oidc_client_id: what this server is called there.
        oidc_secret_file: a file, readable by its owner alone, with this client's secret.
        oidc_claim: which claim of the provider names the account here.
        oidc_new_accounts: whoever has none gets one of this role; None: only accounts sign in.
    """

    passwords: bool = True
    oidc_issuer: str | None = None
    oidc_client_id: str | None = None
    oidc_secret_file: str | None = None
    oidc_claim: Literal["preferred_username", "email", "sub"] = "preferred_username"
    oidc_new_accounts: Literal["viewer", "analyst"] | None = None


@dataclass(frozen=True, slots=True)
class MetricsSettings:
    """Who may read the figures of a server.

    Args:
        metrics_token_file: a file, readable by its owner alone, with the token that they ask with.
    """

    metrics_token_file: str | None = None


Tiles: TypeAlias = int | Literal["auto"]
"""Tiles a side; `auto`: it is looked up whether they show more people."""

MOST_TILES = 4
"""A side. More would hardly enlarge anything: their overlaps would be most of them."""


@dataclass(frozen=True, slots=True)
class FootageSettings:
    """How footage is analysed. The presets are measured in docs/benchmarks.md.

    Args:
        preset: the name under which coverage reports it.
        sample_rate_hz: frames a second of media time that are sampled; 0: every frame.
        gate: while nothing moves, only one frame in two seconds is analysed.
        still: of still groups of pictures only the key frames are decoded.
        detector: catalogue name, name/precision or file; None: the catalogue's default.
        min_confidence: a detection of at least this confidence starts a track.
        low_confidence: a detection of at least this confidence continues a track, but starts none;
            the rest is noise.
        max_overlap: non-maximum suppression: of two boxes that overlap more (intersection over
            union) the more confident one is kept.
        max_inside: likewise for two boxes when more than this share of the smaller one lies within
            the other: a head and shoulders within the whole person.
        min_width_px, min_height_px: of a detection; smaller ones are counted, not kept.
        max_aspect: width over height of a detection; wider ones are counted, not kept.
        min_detections: a tracklet of fewer is counted as brief, not kept.
        best_shots: crops that are kept of a tracklet.
        max_gap_s: tracklet stitching joins fragments at most this far apart.
        tiles: of a frame, a side, that are detected beside the frame as a whole, so that smaller
            people are found; 1: the whole alone; `auto`: a first pass over a source decides.
    """

    preset: str = "default"
    sample_rate_hz: int = 4
    gate: bool = True
    still: bool = False
    detector: str | None = None
    min_confidence: float = 0.6
    low_confidence: float = 0.3
    max_overlap: float = 0.5
    max_inside: float = 0.8
    min_width_px: int = 16
    min_height_px: int = 40
    max_aspect: float = 1.2
    min_detections: int = 3
    best_shots: int = 5
    max_gap_s: float = 4.0
    tiles: Tiles = 1

    def __post_init__(self) -> None:
        if self.tiles != "auto" and self.tiles not in range(1, MOST_TILES + 1):
            raise ValueError(f"{self.tiles!r} tiles: 1 to {MOST_TILES} a side, or auto")

    @property
    def grid(self) -> int:
        """Tiles a side; 1 as long as nobody has decided."""
        return 1 if self.tiles == "auto" else self.tiles


PRESETS = {
    "default": FootageSettings(),
    "thorough": FootageSettings("thorough", sample_rate_hz=0, gate=False),
    "fast": FootageSettings("fast", sample_rate_hz=3, still=True),
}
"""The presets of `index`: `default`, `thorough` and `fast`."""
