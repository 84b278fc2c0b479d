"""What this machine computes with, as far as speed with 8-bit integers depends on it."""

from __future__ import annotations

import platform
from pathlib import Path

_INT8 = ("avx512_vnni", "avx_vnni", "amx_int8")
"""Linux's names of the instructions that multiply and add 8-bit integers in one step."""


def processor() -> str:
    """Its kind, and whether it has instructions for 8-bit integers, e.g. `x86_64 without VNNI`."""
    try:
        words = set(Path("/proc/cpuinfo").read_text("ascii", "replace").split())
    except OSError:
        return f"{platform.machine()}, VNNI not known"
    found = [name for name in _INT8 if name in words]
    return f"{platform.machine()} {'with ' + ', '.join(found) if found else 'without VNNI'}"
