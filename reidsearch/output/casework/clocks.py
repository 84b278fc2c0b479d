"""The lines of a finding that say when it was: by the corrected clock, in UTC, by the recorder."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from reidsearch.base.timecode import from_us
from reidsearch.domain.crops import Crop
from reidsearch.domain.footage import Clock
from reidsearch.domain.reports import ClockChange
from reidsearch.output.times import correction_text, local
from reidsearch.output.visible import count

if TYPE_CHECKING:
    from reidsearch.output.casework.making import Making

CORRECTIONS_AT_MOST = 5


def times(making: Making, crop: Crop) -> list[tuple[str, str]]:
    """Return when a crop was taken, what the recorder said, and who corrected its clock."""
    moment, time = crop.moment, crop.facts.time
    if moment is None:
        return [("Time", _time(time))]
    source = making.coverage.get(crop.source_id)
    changes = [one for one in making.clock_changes if one.source_id == crop.source_id]
    if source is None:
        return [("Time", _time(time)), *_corrections(changes, None)]
    now = source.facts.clock
    sure = moment.uncertainty_s
    certain = "uncertainty not known" if sure is None else f"uncertainty ±{sure:g} s"
    return [
        ("Time", _time(time) + (f"; {certain}" if time else "")),
        ("Recorder time", _recorded(now, changes, moment.media_s)),
        *_corrections(changes, now),
    ]


def _time(time: dt.datetime | None) -> str:
    if time is None:
        return "unknown"
    time = _to_ms(time)
    return f"{local(time)}; in UTC {f'{time.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S.%f}'[:-3]}"


def _to_ms(time: dt.datetime) -> dt.datetime:
    """Round a time to milliseconds, so that all its forms say the same."""
    time += dt.timedelta(microseconds=500)
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


def _recorded(now: Clock, changes: list[ClockChange], media_s: Fraction) -> str:
    """Return what the time was before anybody corrected the clock."""
    if now.start is None or (changes and changes[0].before.start is None):
        return "none: neither the file nor its list told when it begins"
    start = now.start - dt.timedelta(seconds=float(now.moved_s))
    first = replace(now, start=start, offset_s=Fraction(0), drift_ppm=0.0)
    at_us = first.at_us(media_s)
    return "none" if at_us is None else local(_to_ms(from_us(at_us)))


def _corrections(changes: list[ClockChange], now: Clock | None) -> list[tuple[str, str]]:
    """Return what the clock is corrected by now, and by whom and why it was changed."""
    if now is None:
        in_force = "not known: the source is no longer held"
    elif changes or now.correction_s or now.drift_ppm:
        in_force = _state(now)
    else:
        return []
    if not changes:
        return [("Clock", f"{in_force}; by whom is not on record")]
    if len(changes) == 1:
        return [("Clock", f"{in_force}; {_by(changes[0])}")]
    rows = [("Clock", in_force)]
    left = len(changes) - CORRECTIONS_AT_MOST
    if left > 0:
        rows.append(("", f"{count(left, 'earlier correction')} are not listed here"))
    for number, one in enumerate(changes, start=1):
        if number > left:
            undone = number > 1 and one.after == changes[number - 2].before
            told = f"{'undone: ' if undone else ''}{_state(one.after)}; {_by(one)}"
            rows.append((f"Correction {number}", told))
    return rows


def _by(one: ClockChange) -> str:
    why = f": {one.why}" if one.why else ", no reason given"
    return f"by {one.who or 'somebody not recorded'}, {local(one.at.replace(microsecond=0))}{why}"


def _state(one: Clock) -> str:
    """Return what a clock was corrected by."""
    told = [correction_text(float(one.correction_s))] if one.correction_s else []
    told += [f"drift {one.drift_ppm:+g} ppm"] if one.drift_ppm else []
    if one.origin == "hand" and not one.moved_s and one.start is not None:
        told.insert(0, f"start set by hand to {local(one.start)}")
    sure = f" (±{one.uncertainty_s:g} s)" if one.uncertainty_s is not None else ""
    return (", ".join(told) or "as recorded") + sure
