"""Times of a folder's pictures by their names: counters and fractions told apart by all names."""

from __future__ import annotations

import datetime as dt

import pytest

from reidsearch.media.naming.frame_names import frame_times

T0 = dt.datetime(2024, 5, 31, 14, 3)  # noqa: DTZ001


def ten_a_second(form, frames=160):
    return [form(n, T0 + dt.timedelta(seconds=n // 10)) for n in range(frames)]


COUNTED = {
    "motion's own": lambda n, t: f"01-{t:%Y%m%d%H%M%S}-{n % 10:02d}.jpg",
    "from one": lambda n, t: f"gate_{t:%Y%m%d_%H%M%S}_{n % 10 + 1:03d}.jpg",
    "one count through all": lambda n, t: f"gate_{t:%Y%m%d_%H%M%S}_{n:06d}.jpg",
    "in brackets": lambda n, t: f"gate {t:%Y-%m-%d %H-%M-%S} ({n % 10 + 1}).jpg",
    "behind a dot": lambda n, t: f"{t:%Y-%m-%d_%H-%M-%S}.{n % 10:03d}.png",
    "before the time": lambda n, t: f"{n:05d}_{t:%Y-%m-%d_%H-%M-%S}.png",
    "with a zone": lambda n, t: f"{t:%Y%m%dT%H%M%S}_{n % 10}_Z.jpg",
}


@pytest.mark.parametrize("form", COUNTED.values(), ids=COUNTED)
def test_counters_are_not_milliseconds(form):
    times, why = frame_times(ten_a_second(form))
    assert why == ""
    assert times.ticks == tuple(n * 100_000 for n in range(160))
    assert times.first.local == T0
    assert times.first.uncertainty_s == 1


@pytest.mark.parametrize(("digits", "rate", "first"), [(2, 30, 0), (2, 12, 7), (4, 25, 9980)])
def test_a_count_that_begins_anew_within_a_second_goes_on(digits, rate, first):
    names = [
        f"gate_{T0 + dt.timedelta(seconds=n // rate):%Y%m%d_%H%M%S}"
        f"_{(first + n) % 10**digits:0{digits}d}.jpg"
        for n in range(rate * 12)
    ]
    times, why = frame_times(sorted(names))
    assert why == ""
    assert times.names == tuple(names)
    assert times.ticks == tuple(round(n * 1_000_000 / rate) for n in range(rate * 12))
    assert times.first.uncertainty_s == 1


@pytest.mark.parametrize(
    ("form", "step_ms", "uncertainty_s"),
    [
        ("%Y%m%d_%H%M%S_{ms:03d}", 100, 0.001),
        ("%Y-%m-%dT%H-%M-%S.{ms:03d}", 233, 0.001),
        ("%Y%m%d%H%M%S{ms:03d}", 40, 0.001),
        ("%Y-%m-%d_%H-%M-%S.{hundredths:02d}", 250, 1),
    ],
)
def test_fractions_stay_what_they_are(form, step_ms, uncertainty_s):
    moments = [T0 + dt.timedelta(milliseconds=n * step_ms) for n in range(80)]
    names = [
        t.strftime(form).format(ms=t.microsecond // 1000, hundredths=t.microsecond // 10_000)
        + ".jpg"
        for t in moments
    ]
    times, _ = frame_times(names)
    assert times.ticks == tuple(n * step_ms * 1000 for n in range(80))
    assert times.first.uncertainty_s == uncertainty_s


def test_pictures_that_motion_left_out_leave_gaps_of_their_length():
    names = [name for n, name in enumerate(ten_a_second(COUNTED["motion's own"])) if n % 3]
    times, _ = frame_times(names)
    assert times.first.local == T0 + dt.timedelta(milliseconds=100)
    assert times.ticks[:4] == (0, 100_000, 300_000, 400_000)


def test_a_picture_without_a_time_is_left_out_and_named():
    times, _ = frame_times([*ten_a_second(COUNTED["motion's own"]), "lastsnap.jpg"])
    assert len(times.names) == 160
    assert times.notes == ("1 picture whose name tells no time left out: lastsnap.jpg",)


def test_snapshots_between_motions_pictures_do_not_change_their_rate():
    names = [*ten_a_second(COUNTED["motion's own"]), "01-20240531140305-snapshot.jpg"]
    times, _ = frame_times(names)
    assert len(times.names) == 161
    assert times.ticks[:3] == (0, 100_000, 200_000)


@pytest.mark.parametrize(
    ("names", "why"),
    [
        ([f"{n:04d}.jpg" for n in range(10)], "the names tell no time"),
        (["20240531_140300.jpg", "a.jpg", "b.jpg"], "2 of 3 names tell no time"),
        (["g_20240531_140300_EST.jpg", "g_20240531_140301_EST.jpg"], "EST"),
    ],
)
def test_why_there_are_no_times_is_true(names, why):
    times, said = frame_times(names)
    assert times is None
    assert why in said


def test_names_in_seconds_since_1970_are_in_utc():
    times, _ = frame_times([f"{1717156980123 + 100 * n}.jpg" for n in range(20)])
    assert times.ticks[:2] == (0, 100_000)
    assert (times.first.zone, times.first.local) == (
        dt.UTC,
        dt.datetime(2024, 5, 31, 12, 3, 0, 123_000),  # noqa: DTZ001
    )


SEVEN_S = [dt.timedelta(seconds=n) for n in range(7)]


@pytest.mark.parametrize("start", [(23, 59, 57), (11, 59, 57), (12, 59, 57)])
def test_am_and_pm_are_read_of_every_picture(start):
    first = dt.datetime(2024, 5, 31, *start)  # noqa: DTZ001
    names = [f"gate {first + n:%Y-%m-%d %I.%M.%S %p}.jpg" for n in SEVEN_S]
    times, _ = frame_times(sorted(names))
    assert times.names == tuple(names)
    assert times.ticks == tuple(n * 1_000_000 for n in range(7))
    assert times.first.local == first


def test_a_zone_that_changes_within_the_folder_is_followed():
    summer = [f"gate_20241027T0259{n}+0200.jpg" for n in range(57, 60)]
    winter = [f"gate_20241027T02000{n}+0100.jpg" for n in range(4)]
    times, _ = frame_times(sorted(summer + winter))
    assert times.names == (*summer, *winter)
    assert times.ticks == tuple(n * 1_000_000 for n in range(7))
    at = times.first.local.replace(tzinfo=times.first.zone)
    assert at == dt.datetime(2024, 10, 27, 0, 59, 57, tzinfo=dt.UTC)


@pytest.mark.parametrize("form", ["{zone}", "_{zone}", "-{n}{zone}", "-00{zone}", " {zone} gate"])
@pytest.mark.parametrize("colon", ["", ":"])
def test_offsets_behind_utc_that_change_within_the_folder_are_followed(form, colon):
    first = dt.datetime(2024, 11, 3, 5, 59, 57, tzinfo=dt.UTC)
    names = []
    for n in range(7):
        at = first + dt.timedelta(seconds=n)
        hours = 4 if at.hour < 6 else 5
        zone = f"-{hours:02d}{colon}00"
        local = at - dt.timedelta(hours=hours)
        names.append(f"{local:%Y%m%dT%H%M%S}{form.format(zone=zone, n=n % 2)}.jpg")
    times, why = frame_times(sorted(names))
    assert why == ""
    assert times.names == tuple(names)
    assert [tick // 1_000_000 for tick in times.ticks] == list(range(7))
    assert times.first.local.replace(tzinfo=times.first.zone, microsecond=0) == first


def test_a_number_that_is_the_same_in_all_names_is_no_counter():
    channel = ten_a_second(lambda n, t: f"{t:%Y%m%d_%H%M%S}_01_{n % 10}.jpg")
    times, _ = frame_times(channel)
    assert times.ticks == tuple(n * 100_000 for n in range(160))
    times, why = frame_times([f"{T0 + n:%Y%m%dT%H%M%S}-0500.jpg" for n in SEVEN_S])
    assert times is None
    assert "may be a zone or a number" in why


def test_one_name_that_is_refused_leaves_out_one_picture():
    names = [f"{T0 + n:%Y%m%d_%H%M%S}.jpg" for n in SEVEN_S]
    times, _ = frame_times([*names, "20240531_140301_EST.jpg"])
    assert times.names == tuple(names)
    assert "20240531_140301_EST.jpg" in times.notes[0]
