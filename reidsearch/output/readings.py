"""Probabilities, rates and ratios in words, the same on a terminal and in a picture."""

from __future__ import annotations

import math

from reidsearch.domain.scores import Reading


def chance(probability: float) -> str:
    """A probability in per cent: never 0 % or 100 %, which nobody can know."""
    percent = 100 * probability
    if percent < 0.1:
        return "<0.1 %"
    if percent > 99.9:
        return ">99.9 %"
    return f"{percent:.0f} %" if 9.5 <= percent <= 90.5 else f"{percent:.1f} %"


def probability(reading: Reading) -> str:
    """A reading's probability with its interval, which has no meaning at the limit."""
    if reading.limited:
        return f"{chance(reading.probability)} (limit)"
    low, high = (chance(value).removesuffix(" %") for value in reading.probability_interval)
    return f"{chance(reading.probability)} ({low} to {high})"


def false_alarms(reading: Reading) -> str:
    """How many wrong crops are expected at a score; `<` where less was not measured."""
    return ("<" if reading.at_most else "") + few(reading.false_alarms)


def few(number: float) -> str:
    """A number of things that may be a fraction, in two digits."""
    if number >= 9.5:
        return f"{number:,.0f}"
    return f"{number:.2g}" if number >= 0.001 else "<0.001"


def one_in(rate: float) -> str:
    """A rate as `1 in 1,234`; `all` and `none` at the ends."""
    if rate <= 0:
        return "none"
    return (
        "all" if rate >= 1 else f"1 in {1 / rate:,.0f}" if rate <= 0.1 else f"1 in {1 / rate:.1f}"
    )


def ratio(log10_lr: float) -> str:
    """A log-likelihood ratio with its sign."""
    return f"{log10_lr + 0.0:+.2f}"


def times(log10_lr: float) -> str:
    """A likelihood ratio in words."""
    size = 10.0 ** abs(log10_lr)
    digits = max(0, math.floor(math.log10(size)) - 1)
    shown = f"{round(size, -digits):,.0f}" if size >= 9.5 else f"{size:.1f}"
    whom = (
        "the same person than for different people"
        if log10_lr >= 0
        else "different people than for the same person"
    )
    return f"{shown} times more likely for {whom}"
