"""The motion gate: what it lets through, and that it never closes for good."""

import numpy as np

from reidsearch.media.video.motion import HEIGHT_PX, IDLE_US, SETTLE_US, WIDTH_PX, pass_gate

STEP = 250_000


def noise(number, level=100):
    rng = np.random.default_rng(number)
    picture = level + rng.normal(0, 1.0, (HEIGHT_PX, WIDTH_PX))
    return picture.clip(0, 255).astype(np.uint8)


def somebody(number, x, contrast=25):
    picture = noise(number)
    picture[20:34, x : x + 4] += contrast
    return picture


def run(pictures):
    """Which of them the detector looks at."""
    state, looked = None, []
    for number, picture in enumerate(pictures):
        _, look, state = pass_gate(state, picture, number * STEP)
        looked.append(look)
    return looked


def test_an_empty_scene_is_looked_at_now_and_then():
    looked = run(noise(number) for number in range(81))
    after = looked[round(SETTLE_US / STEP) + 1 :]
    assert sum(after) <= 20 * 1_000_000 / IDLE_US
    longest = max(len(part) for part in "".join("x" if look else "." for look in looked).split("x"))
    assert (longest + 1) * STEP <= IDLE_US


def test_somebody_who_walks_is_looked_at_all_the_time():
    pictures = [noise(n) for n in range(20)]
    pictures += [somebody(20 + n, 4 * n) for n in range(20)]
    looked = run(pictures)
    assert all(looked[20:40])


def test_slow_and_faint_motion_is_motion():
    pictures = [somebody(n, 10 + n // 4, contrast=12) for n in range(60)]
    assert sum(run(pictures)[8:]) == 52, "a cell a second, a little brighter than the wall"


def test_light_that_changes_everywhere_is_none():
    looked = run(noise(n, level=100 + 2 * n) for n in range(40))
    assert sum(looked[8:]) <= 6


def test_it_stays_open_for_a_moment_after_the_last_motion():
    pictures = [somebody(n, 4 * min(n, 10)) for n in range(40)]
    looked = run(pictures)
    assert all(looked[10:14])
    assert not all(looked[20:])


def test_its_state_is_all_it_remembers():
    pictures = [somebody(n, 2 * (n % 20)) if n % 25 > 12 else noise(n) for n in range(80)]
    state, whole = None, []
    for number, picture in enumerate(pictures):
        *told, state = pass_gate(state, picture, number * STEP)
        whole.append(told)
        if number == 40:
            kept = state
    again = []
    for number in range(41, 80):
        *told, kept = pass_gate(kept, pictures[number], number * STEP)
        again.append(told)
    assert again == whole[41:]
