"""What the tests of attacks share: flawed bytes, and commands that have to end within bounds."""

from __future__ import annotations

import contextlib
import os
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

EXIT_CODES = frozenset({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 130})
"""All that are documented but 70, an error that nobody foresaw."""


ESCAPES = (
    "\x1b]0;owned\x07",
    "\x1b[2J\x1b[31mred",
    "\x1b]8;;http://evil.example\x1b\\link\x1b]8;;\x1b\\",
    "\x9b31m",
    "\x9d8;;x\x9c",
    "\u202etxt.exe",
    "\u2066isolated\u2069",
    "a\rforged",
    "back\b\b\b\b",
    "\x7f\x00\x05\x0e",
    "\ufeff\u2028\u2029",
    "\U000e0041",
    "\ud800",
)
OWN = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")  # what rich draws: colours, lines up, the cursor


def foreign(text: str, *, drawn: bool = False) -> list[str]:
    """What stands in a text that should not be there."""
    rest = OWN.sub("", text).replace("\r\n", "\n") if drawn else text.replace("\r\n", "\n")
    if drawn:
        rest = rest.replace("\r", "")  # rich returns to the start of the line that it draws anew
    return [
        char
        for char in rest
        if char not in "\n\t\u200c\u200d"
        and unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
    ]


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Flip, overwrite, cut, repeat or remove up to eight places."""
    flawed = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        at, size = chance.randrange(len(flawed) + 1), chance.randint(1, 16)
        match chance.randrange(6):
            case 0:
                flawed[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                flawed[at : at + size] = chance.randbytes(size)
            case 2:
                flawed[at : at + 4] = chance.choice([b"\xff" * 4, b"\0" * 4, b"\x7f\xff\xff\xff"])
            case 3:
                flawed[at : at + size] = b""
            case 4:
                flawed[at:at] = flawed[at : at + 64]
            case _:
                del flawed[at + chance.randrange(2000) :]
    return bytes(flawed)


@dataclass
class Ended:
    """How a command ended: code -9 when it had to be killed; `seconds` are of the processor."""

    code: int
    seconds: float
    peak_mb: float
    out: str
    err: str


STILL_S, ENDLESS_S = 30, 900
"""A command that does nothing for so long waits for what does not come; none takes the other."""


def bounded(*arguments: str | Path | int, limit_s: float = 30, **environment: str) -> Ended:
    """Run `reidsearch` in a process of its own; it is killed when it takes longer than allowed.

    What is counted is time of the processor, so that other work on the machine does not matter; a
    command that stands still uses none, and is killed for that.
    """
    command = [sys.executable, "-m", "reidsearch", *map(str, arguments)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = moved = time.monotonic()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        running = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            env={**os.environ, "REIDSEARCH_OFFLINE": "1", **environment},
        )
        peak_mb = used = 0.0
        while running.poll() is None:
            peak_mb = max(peak_mb, _peak_mb(running.pid))
            now, used_now = time.monotonic(), _processor_s(running.pid)
            if used_now > used + 0.1:
                used, moved = used_now, now
            if used_now > limit_s or now - moved > STILL_S or now - began > ENDLESS_S:
                running.kill()
            time.sleep(0.02)
        said = []
        for file in (out, err):
            file.seek(0)
            said.append(file.read().decode("utf-8", "surrogateescape"))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Ended(running.returncode, seconds, peak_mb, *said)


def _processor_s(pid: int) -> float:
    """Seconds of the processor that a process and its ended children used; 0: it has ended."""
    with contextlib.suppress(OSError):
        after_name = Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2]
        return sum(map(int, after_name.split()[11:15])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def _peak_mb(pid: int) -> float:
    """The most memory that a process held so far; 0 where the system does not tell."""
    with contextlib.suppress(OSError):  # it has just ended
        for line in Path(f"/proc/{pid}/status").read_text("ascii", "replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return 0.0


@dataclass
class Tally:
    """How many attacks were tried, and which of them did not hold."""

    kind: str
    tried: int = 0
    broken: list[str] = field(default_factory=list)

    def take(self, name: str, *flaws: str) -> None:
        """Count one attack with what went wrong, empty texts left out."""
        self.tried += 1
        if found := [flaw for flaw in flaws if flaw]:
            self.broken.append(f"{name}: {'; '.join(found)}")

    def close(self) -> None:
        """Tell the figures; fail if one attack was not held."""
        print(f"\n{self.kind}: tried {self.tried}, held {self.tried - len(self.broken)}")
        assert self.tried
        assert not self.broken, "\n".join(self.broken)


def flaws(ended: Ended, *, within_s: float, peak_mb: float = 1500) -> list[str]:
    """What is wrong with how a command ended."""
    return [
        said
        for wrong, said in (
            (ended.code not in EXIT_CODES, f"exit code {ended.code}: {ended.err[-300:]}"),
            ("Traceback" in ended.err, f"a traceback: {ended.err[-300:]}"),
            (ended.seconds > within_s, f"{ended.seconds:.0f} s of the processor"),
            (ended.peak_mb > peak_mb, f"{ended.peak_mb:.0f} MB"),
        )
        if wrong
    ]
