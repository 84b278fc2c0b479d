"""What quantizing came to: how the new model compares, and whether it was installed."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from reidsearch.domain.quantized import Quantized
from reidsearch.output.visible import visible


def quantized_text(made: Quantized) -> str:
    """The comparison, line by line, and what to do now."""
    found = made.comparison
    lines = [
        f"{visible(made.made_of)} in INT8, calibrated on {made.calibrated_on} crops, compared on "
        f"{found.crops} others:",
        f"  cosine of both embeddings   {found.cosine_mean:.4f} on average, 99 of 100 above "
        f"{found.cosine_low:.4f}",
        f"  same best match             {found.best_same:.1%}",
        f"  of the ten best the same    {found.ten_same:.1%}",
        *(
            f"  {visible(one.data)}: rank-1 {one.rank1_before:.2%} -> {one.rank1_after:.2%}, "
            f"mAP {one.map_before:.2%} -> {one.map_after:.2%}"
            for one in found.labels
        ),
        f"  crops per second            {found.before_per_s:.0f} -> {found.after_per_s:.0f} "
        f"({visible(found.processor)}; other processors differ)",
    ]
    shortfalls = found.shortfalls()
    lines += [f"falls short: {visible(text)}" for text in shortfalls]
    if made.model is None:
        return "\n".join([*lines, "not installed; --accept installs it anyway"])
    lines.append(f"installed as {visible(made.model.key)}, digest {made.model.digest[:12]}")
    lines.append(f"use it: reidsearch reembed --model {visible(made.model.key)}")
    return "\n".join(lines)


def quantized_json(made: Quantized) -> dict[str, Any]:
    """All of it; `model` is null when it was not installed."""
    model = made.model
    return {
        "schema": "reidsearch/quantization/1",
        "made_of": made.made_of,
        "calibrated_on": made.calibrated_on,
        "comparison": asdict(made.comparison),
        "shortfalls": made.comparison.shortfalls(),
        "model": {"model": model.key, "digest": model.digest, "file": str(model.xml)}
        if model
        else None,
    }
