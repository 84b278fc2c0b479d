"""The rankings that `compare` sets side by side, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from reidsearch.evaluation.protocol import Ranking, inner_product

BARE: Final = "inner product"

RANKINGS: Mapping[str, Ranking] = {BARE: inner_product}
