"""How segments are analysed while indexing is behind: fewer frames are sampled of them."""

from __future__ import annotations

from dataclasses import replace

from reidsearch.base.settings import FootageSettings
from reidsearch.media.files.segments import Segment
from reidsearch.services.index import FootageOptions
from reidsearch.store.crops.store import Store
from reidsearch.store.footage.reader import source_at

LEAST_HZ = 1
USUAL_HZ = 8
"""What every frame is taken for when fewer are sampled."""


def options_of(
    store: Store, segment: Segment, options: FootageOptions, lag_s: float, max_lag_s: float | None
) -> tuple[FootageOptions, int | None]:
    """Return how a segment is analysed, and its sample rate where that is lowered.

    What was begun goes on at the rate that it was begun with: its checkpoint is of that.

    Args:
        options: as they usually are.
        max_lag_s: what indexing may be behind; None: anything.
    """
    usual = options.settings
    rate_hz = _begun_at(store, segment, usual)
    if rate_hz is None:
        rate_hz = lowered_rate(usual.sample_rate_hz, lag_s, max_lag_s)
    if rate_hz == usual.sample_rate_hz:
        return options, None
    instead = f"{usual.sample_rate_hz} a second" if usual.sample_rate_hz else "every frame"
    note = f"{rate_hz} frames a second were sampled instead of {instead}: indexing was behind"
    lowered = replace(usual, sample_rate_hz=rate_hz)
    return replace(options, settings=lowered, notes=(*options.notes, note)), rate_hz


def lowered_rate(usual_hz: int, lag_s: float, max_lag_s: float | None) -> int:
    """Return frames to sample a second: half for every doubling of the lag above its limit.

    Args:
        usual_hz: 0: every frame.
    """
    if max_lag_s is None or lag_s <= max_lag_s:
        return usual_hz
    rate_hz, limit_s = usual_hz or USUAL_HZ, max(max_lag_s, 1.0)
    while lag_s > limit_s and rate_hz > LEAST_HZ:
        rate_hz, limit_s = max(rate_hz // 2, LEAST_HZ), 2 * limit_s
    return rate_hz


def _begun_at(store: Store, segment: Segment, usual: FootageSettings) -> int | None:
    known = source_at(store, segment.location)
    if known is None or known.finished or known.fingerprint != segment.fingerprint:
        return None
    rate_hz = known.settings.get("sample_rate_hz")
    if not isinstance(rate_hz, int):
        return None
    lower = LEAST_HZ <= rate_hz < (usual.sample_rate_hz or USUAL_HZ)
    return rate_hz if lower or rate_hz == usual.sample_rate_hz else None
