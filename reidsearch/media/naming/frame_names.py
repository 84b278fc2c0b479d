"""When the pictures of a folder of frames were taken, by their names alone.

A number behind a time stamp is a counter or a fraction of the second, and only all names together
tell which: fractions are spread over the second, counters go on one by one.
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

from reidsearch.base.errors import Reason, Refused
from reidsearch.base.timecode import MILLISECONDS_S, WHOLE_SECONDS_S
from reidsearch.domain.told import Stamp
from reidsearch.media.naming.stamps import BEHIND, PARTS, completed, of_epoch

_STAMP = re.compile(
    r"(?<!\d)(?P<year>[12]\d{3})[-_.]?(?P<month>\d\d)[-_.]?(?P<day>\d\d)[-_.T ]?"
    r"(?P<hour>\d\d)[-_.:h]?(?P<minute>\d\d)[-_.:m]?(?P<second>\d\d)"
)
_NUMBER = re.compile(r"s?(?:[-_., ]?|[-_., ]*\()(\d{1,9})(?!\d)\)?")
_OFFSET = re.compile(r"[\s_]?[+-]\d\d")
_BEHIND_UTC = re.compile(r"[\s_]?-(\d\d):?(\d\d)(?!\d)")
_EPOCH = re.compile(r"(?<!\d)1\d{9}(?:[._]?\d{3}(?:\d{3})?)?(?!\d)")
_MOST_NAMED = 3
FEW = 10  # pictures a second that a recorder may have left out
_LEAST_ONES = 0.9  # of the steps of a counter, that are by one
_LEAST_SHARE = 0.5  # of the names that tell a time, for the others to be left out


@dataclass(frozen=True, slots=True)
class FrameTimes:
    """Which pictures count, in order, and when each is shown.

    Args:
        names: those whose names tell a time.
        ticks: microseconds since the first.
        first: when the first was taken.
        notes: what must be said, in sentences.
    """

    names: tuple[str, ...]
    ticks: tuple[int, ...]
    first: Stamp
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Named:
    """A picture: what its name tells to the second, with the number behind it.

    `second` is in the zone of the first name that was read, so that all can be compared.
    """

    name: str
    second: dt.datetime
    zone: dt.tzinfo | None
    number: int | None
    digits: int


def frame_times(names: Sequence[str]) -> tuple[FrameTimes | None, str]:
    """Read the times of a folder's pictures.

    Args:
        names: in natural order.

    Returns:
        The times, or None and why there are none.
    """
    if by_epoch := _by_epoch(names):
        return by_epoch, ""
    told, why = _told(names)
    untold = len(names) - len(told)
    if not told or len(told) < _LEAST_SHARE * len(names):
        of_all = f"{untold:,} of {len(names):,}" if told else "the"
        return None, why or f"{of_all} names tell no time"
    placed = _placed(told)
    if len(placed) < 2 or placed[-1][0] == placed[0][0]:
        return None, "all names tell the same time"
    return _times(placed, told[0].zone, _exact(told), _left_out(names, told)), ""


def _times(
    placed: Sequence[tuple[dt.datetime, str]],
    zone: dt.tzinfo | None,
    exact: bool,
    notes: tuple[str, ...],
) -> FrameTimes:
    zero = placed[0][0]
    ticks = [round((at - zero) / dt.timedelta(microseconds=1)) for at, _ in placed]
    first = Stamp(zero, MILLISECONDS_S if exact else WHOLE_SECONDS_S, zone)
    return FrameTimes(tuple(name for _, name in placed), tuple(ticks), first, notes)


def _told(names: Sequence[str]) -> tuple[list[_Named], str]:
    """Read the names that tell a time, and why one was refused (empty: none was)."""
    found = [(name, match) for name in names if (match := _STAMP.search(name)) is not None]
    numbers, tails = _numbers([name[match.end() :] for name, match in found])
    told: list[_Named] = []
    why = ""
    for (name, match), number, tail in zip(found, numbers, tails, strict=True):
        try:
            one = _named(name, match, number, tail)
        except Refused as refused:
            why = why or refused.message
            continue
        told.append(_in_zone(one, told[0].zone if told else one.zone))
    return told, why


def _numbers(tails: Sequence[str]) -> tuple[list[str], Sequence[str]]:
    """Part what follows the time stamps into numbers (empty: none) and the rest."""
    none = [""] * len(tails)
    if zones := _zones(tails):
        return none, zones
    matches = [_NUMBER.match(tail) for tail in tails]
    rest = [
        tail[match.end() :] if match else tail for match, tail in zip(matches, tails, strict=True)
    ]
    if len({match and match[0] for match in matches}) != 1 or len(tails) == 1:
        return [match[1] if match else "" for match in matches], _zones(rest) or rest
    # In all names alike: a channel or a zone, no number.
    if all(_OFFSET.match(tail) for tail in rest) and not any(map(_BEHIND_UTC.match, tails)):
        return none, _zones(rest) or rest
    return none, tails


def _zones(tails: Sequence[str]) -> list[str]:
    """What follows, with offsets behind UTC as nothing else is written; empty: there are none.

    A minus and four digits may as well be a number. Two of them in one folder, an hour apart, are
    the zone before and after a clock change.
    """
    matches = [match for tail in tails if (match := _BEHIND_UTC.match(tail))]
    offsets = {match[1] + match[2] for match in matches}
    if len(matches) < len(tails) or len(offsets) != 2 or not offsets <= BEHIND:
        return []
    if max(map(int, offsets)) - min(map(int, offsets)) != 100:
        return []
    return [
        f"-{match[1]}:{match[2]}{tail[match.end() :]}"
        for match, tail in zip(matches, tails, strict=True)
    ]


def _named(name: str, match: re.Match[str], number: str, tail: str) -> _Named:
    """Read one name, with a zone, AM or PM behind its number. Raises Refused."""
    try:
        second = dt.datetime(*(int(match[part]) for part in PARTS))  # type: ignore[arg-type]  # noqa: DTZ001
    except ValueError as error:
        raise Refused(Reason.BAD_TIME, "") from error
    stamp = completed(Stamp(second), tail.rpartition(".")[0])
    return _Named(name, stamp.local, stamp.zone, int(number) if number else None, len(number))


def _in_zone(one: _Named, zone: dt.tzinfo | None) -> _Named:
    """Return a name's time in another's zone: clock changes alter the zone within a folder."""
    if one.zone == zone:
        return one
    if one.zone is None or zone is None:
        raise Refused(Reason.BAD_TIME, "some names tell a time zone, others do not")
    local = one.second.replace(tzinfo=one.zone).astimezone(zone).replace(tzinfo=None)
    return replace(one, second=local, zone=zone)


def _exact(told: Sequence[_Named]) -> bool:
    return _fractions(told) and all(one.digits >= 3 for one in told)


def _placed(told: Sequence[_Named]) -> list[tuple[dt.datetime, str]]:
    """Each picture with its time, which strictly increases."""
    if wrapping := _one_count(told):
        return _spread(wrapping, max(map(len, wrapping)))
    if _fractions(told):
        found = [
            (one.second + dt.timedelta(seconds=(one.number or 0) / 10**one.digits), one.name)
            for one in told
        ]
        found.sort(key=lambda each: each[0])
        if all(a < b for (a, _), (b, _) in pairwise(found)):
            return found
    return _counted(told)


def _fractions(told: Sequence[_Named]) -> bool:
    """Whether the numbers are parts of the second, of one width; see the module's first lines."""
    if len({one.digits for one in told}) != 1 or told[0].digits not in {1, 2, 3, 6}:
        return False
    seconds = [[one.number or 0 for one in group] for group in _by_second(told)]
    full = [sorted(numbers) for numbers in seconds if len(numbers) > 1]
    if full and all(b - a == 1 for numbers in full for a, b in pairwise(numbers)):
        return False  # one by one within each second
    numbers = [number for group in seconds for number in group]
    if len(seconds) > 2 and all(a < b for a, b in pairwise(numbers)):
        return False  # one count through all of them
    # A counter goes as far as there are pictures a second, fractions go on to the second's end.
    fullest = max(map(len, seconds))
    beyond = told[0].digits >= 3 and max(numbers) > 3 * fullest + FEW
    return beyond or max(numbers) >= 10 ** told[0].digits / 2


def _counted(told: Sequence[_Named]) -> list[tuple[dt.datetime, str]]:
    """Spread the pictures of each second evenly, at the rate of the fullest."""
    groups = _by_second(told)
    fullest = max(map(len, groups))
    numbers = [one.number for one in told if one.number is not None]
    lowest, highest = min(numbers, default=0), max(numbers, default=0)
    restarts = highest - lowest < 2 * fullest and 2 * len(numbers) > len(told)
    if not restarts:
        return _spread(groups, fullest)
    rate = highest - lowest + 1
    found = [
        (one.second + dt.timedelta(seconds=max(0, (one.number or 0) - lowest) / rate), one.name)
        for one in itertools.chain.from_iterable(groups)
    ]
    found.sort(key=lambda each: each[0])
    doubled = [at for at, count in Counter(at for at, _ in found).items() if count > 1]
    if not doubled:
        return found
    spread = []  # names that differ in something else: in their order
    for at, same in groupby(found, key=lambda each: each[0]):
        spread += [(at + dt.timedelta(microseconds=n), name) for n, (_, name) in enumerate(same)]
    return spread


def _spread(groups: Sequence[Sequence[_Named]], rate: int) -> list[tuple[dt.datetime, str]]:
    """Give each picture its place within its second, by its rank at so many a second."""
    found = []
    for place, group in enumerate(groups):
        # The first second may have begun before the first picture; the last may end early.
        behind = rate - len(group) if place == 0 and len(groups) > 1 else 0
        for rank, one in enumerate(group):
            found.append((one.second + dt.timedelta(seconds=(rank + behind) / rate), one.name))
    return found


def _one_count(told: Sequence[_Named]) -> list[list[_Named]]:
    """The pictures of each second, if their numbers are one count through all of them that begins
    anew when its digits are used up, as within a second; else none.
    """
    digits = {one.digits for one in told}
    if len(digits) != 1 or 0 in digits:
        return []
    most = 10 ** told[0].digits
    groups = [_turned(group, most) for group in _by_second(told)]
    steps = [
        [((b.number or 0) - (a.number or 0)) % most for a, b in pairwise(group)] for group in groups
    ]
    between = [((b[0].number or 0) - (a[-1].number or 0)) % most for a, b in pairwise(groups)]
    within = list(itertools.chain.from_iterable(steps))
    turns = any((a.number or 0) > (b.number or 0) for one in groups for a, b in pairwise(one))
    if not turns or not between or max(between) > FEW:
        return []
    return groups if within.count(1) >= _LEAST_ONES * len(within) else []


def _turned(group: Sequence[_Named], most: int) -> list[_Named]:
    """The pictures of a second from where their count begins: behind its widest gap."""
    gaps = [((b.number or 0) - (a.number or 0)) % most for a, b in pairwise([*group, group[0]])]
    at = (gaps.index(max(gaps)) + 1) % len(group)
    return [*group[at:], *group[:at]]


def _by_second(told: Sequence[_Named]) -> list[list[_Named]]:
    ordered = sorted(told, key=lambda one: (one.second, -1 if one.number is None else one.number))
    return [list(group) for _, group in groupby(ordered, key=lambda one: one.second)]


def _left_out(names: Sequence[str], told: Sequence[_Named]) -> tuple[str, ...]:
    known = {one.name for one in told}
    others = [name for name in names if name not in known]
    if not others:
        return ()
    shown = ", ".join(others[:_MOST_NAMED]) + (", ..." if len(others) > _MOST_NAMED else "")
    are = "picture whose name tells" if len(others) == 1 else "pictures whose names tell"
    return (f"{len(others):,} {are} no time left out: {shown}",)


def _by_epoch(names: Sequence[str]) -> FrameTimes | None:
    """Read seconds since 1970, where every name tells them and they increase."""
    found = []
    for name in names:
        match = _EPOCH.search(name)
        if match is None or _STAMP.search(name):
            return None
        found.append((of_epoch(match[0].replace("_", ".")), name))
    found.sort(key=lambda each: each[0].local)
    times = [stamp.local for stamp, _ in found]
    if len(times) < 2 or any(a >= b for a, b in pairwise(times)):
        return None
    ticks = [round((at - times[0]) / dt.timedelta(microseconds=1)) for at in times]
    return FrameTimes(tuple(name for _, name in found), tuple(ticks), found[0][0])
