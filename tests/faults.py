"""Processes that are killed, or whose disk fails, at their n-th call that changes a file.

A server (`python faults.py`) has imported the program once. For each attack it forks a child that
runs one command under ptrace, with a seccomp filter so that only the calls of interest stop. Linux
on x86-64, no privileges. The test's side is `Attacker`.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import platform
import signal
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

AVAILABLE = sys.platform == "linux" and platform.machine() == "x86_64"

# System calls of x86-64 that change a file, a folder or what is on the disk; by a descriptor or by
# a path, with the number of the argument that has it.
BY_DESCRIPTOR = {1: 0, 18: 0, 20: 0, 74: 0, 75: 0, 77: 0, 285: 0, 26: None}
BY_PATH = {82: 0, 83: 0, 84: 0, 87: 0, 86: 0, 76: 0, 263: 1, 264: 1, 316: 1, 258: 1, 265: 1}
OPENS = {257: 1, 2: 0}  # openat, open: only those that make or empty a file
NAMES = {
    1: "write", 18: "pwrite64", 20: "writev", 74: "fsync", 75: "fdatasync", 77: "ftruncate",
    285: "fallocate", 26: "msync", 82: "rename", 83: "mkdir", 84: "rmdir", 87: "unlink",
    86: "link", 76: "truncate", 263: "unlinkat", 264: "renameat", 316: "renameat2",
    258: "mkdirat", 265: "linkat", 257: "openat", 2: "open",
}  # fmt: skip
ROOM = {1, 18, 20, 77, 285, 257, 2, 83, 258, 76}
"""Those that take room on the disk, and so fail when it is full."""

TRACEME, CONT, GETREGS, SETREGS, SETOPTIONS, EVENT_MSG = 0, 7, 12, 13, 0x4200, 0x4201
OPTIONS = 0x2 | 0x4 | 0x8 | 0x80 | 0x100000  # fork, vfork, clone, seccomp, exit-kill
EVENT_SECCOMP = 7
ORIG_RAX, RAX = 15, 10
ARGUMENTS = (14, 13, 12, 7, 9, 8)  # rdi, rsi, rdx, r10, r8, r9

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_libc.ptrace.restype = ctypes.c_long


@dataclass(frozen=True)
class Outcome:
    """What became of one command.

    Args:
        code: its exit code; negative: the signal that ended it.
        calls: how many calls changed a file in the folder, all that were made or up to the attack.
        hit: the call that was attacked; empty: it ended before.
    """

    code: int
    calls: int
    hit: str
    out: str
    err: str


class Attacker:
    """Runs commands, one at a time; a context manager.

    Args:
        setup: Python that the server runs once, before anything else.
    """

    def __init__(self, setup: str = "") -> None:
        self._server = subprocess.Popen(
            [sys.executable, __file__, setup], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True,
        )  # fmt: skip

    def __enter__(self) -> Attacker:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.close()
        self._server.wait(30)
        self._server.stdout.close()

    def __call__(
        self,
        folder: Path,
        *arguments: object,
        at: int = 0,
        fail: int | None = None,
        number: int = signal.SIGKILL,
    ) -> Outcome:
        """Run `reidsearch *arguments`.

        Args:
            folder: calls that change something below it count.
            at: the call that is attacked, from 1; 0: none.
            fail: the error that this call and all later ones that need room come back with; None:
                the process gets the signal `number` before the call.
        """
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        asked = {
            "folder": str(folder.resolve()), "arguments": [*map(str, arguments)], "at": at,
            "fail": fail, "number": int(number),
        }  # fmt: skip
        self._server.stdin.write(json.dumps(asked) + "\n")
        self._server.stdin.flush()
        return Outcome(**json.loads(self._server.stdout.readline()))


# -- the server ---------------------------------------------------------------------------------


def _ptrace(request: int, pid: int, address: int = 0, data: Any = 0) -> None:
    if _libc.ptrace(request, pid, address, data) < 0:
        raise OSError(ctypes.get_errno(), f"ptrace {request}")


def _stop_at(numbers: list[int]) -> None:
    """Install a filter under which these calls stop for the tracer, in this process for good."""
    load, equal, give = 0x20, 0x15, 0x06
    steps = [(load, 0, 0, 0)]
    for at, number in enumerate(numbers):
        steps.append((equal, len(numbers) - at, 0, number))
    steps += [(give, 0, 0, 0x7FFF0000), (give, 0, 0, 0x7FF00000)]  # allow; trace
    program = b"".join(struct.pack("HBBI", *step) for step in steps)
    held = ctypes.create_string_buffer(program)
    filter_ = struct.pack("HxxxxxxQ", len(steps), ctypes.addressof(held))
    _libc.prctl(38, 1, 0, 0, 0)  # no new privileges
    if _libc.prctl(22, 2, ctypes.c_char_p(filter_), 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "seccomp")


class _Traced:
    """A child under ptrace, with all its threads."""

    def __init__(self, pid: int, folder: str) -> None:
        self._pid, self._folder = pid, folder

    def registers(self, tid: int) -> Any:
        held = (ctypes.c_ulonglong * 27)()
        _ptrace(GETREGS, tid, 0, ctypes.addressof(held))
        return held

    def counts(self, tid: int, held: Any) -> str:
        """Return the name of a call that changes something below the folder, else nothing."""
        number = held[ORIG_RAX]
        arguments = [held[at] for at in ARGUMENTS]
        if number in OPENS:
            at = OPENS[number]
            if not arguments[at + 1] & (os.O_CREAT | os.O_TRUNC):
                return ""
            path = self._text(arguments[at])
        elif number in BY_PATH:
            path = self._text(arguments[BY_PATH[number]])
        elif number == 26:
            return ""
        else:
            with contextlib.suppress(OSError):
                path = str(Path(f"/proc/{self._pid}/fd/{arguments[0]}").readlink())
                return NAMES[number] if path.startswith(self._folder) else ""
            return ""
        full = str(Path(f"/proc/{self._pid}/cwd").readlink() / path)
        return NAMES[number] if full.startswith(self._folder) else ""

    def _text(self, address: int) -> str:
        with open(f"/proc/{self._pid}/mem", "rb", buffering=0) as memory:  # noqa: PTH123
            memory.seek(address)
            found = b""
            while b"\0" not in found and len(found) < 4096:
                part = memory.read(min(256, 4096 - address % 4096) or 256)
                if not part:
                    break
                found += part
                address += len(part)
        return os.fsdecode(found.split(b"\0")[0])


def _watch(pid: int, asked: dict[str, Any]) -> tuple[int, int, str]:
    """Let the child run, and attack it; return its code, calls counted, and the call attacked."""
    traced, calls, hit = _Traced(pid, asked["folder"]), 0, ""
    os.waitpid(pid, 0)
    _ptrace(SETOPTIONS, pid, 0, OPTIONS)
    _ptrace(CONT, pid)
    while True:
        tid, status = os.waitpid(-1, 0x40000000)
        if os.WIFEXITED(status) or os.WIFSIGNALED(status):
            if tid == pid:
                return os.waitstatus_to_exitcode(status), calls, hit
            continue
        number, passed = os.WSTOPSIG(status), 0
        if status >> 16 == EVENT_SECCOMP:
            held = traced.registers(tid)
            name = traced.counts(tid, held)
            calls += bool(name)
            if name and asked["at"] and calls >= asked["at"]:
                if asked["fail"] is None and calls == asked["at"]:
                    hit = name
                    os.kill(pid, asked["number"])
                elif asked["fail"] is not None and (not hit or held[ORIG_RAX] in ROOM):
                    hit = hit or name
                    held[ORIG_RAX] = ctypes.c_ulonglong(-1).value
                    held[RAX] = ctypes.c_ulonglong(-asked["fail"]).value
                    _ptrace(SETREGS, tid, 0, ctypes.addressof(held))
        elif status >> 16 == 0 and number not in {signal.SIGSTOP, signal.SIGTRAP}:
            passed = number
        with contextlib.suppress(OSError):  # it was killed
            _ptrace(CONT, tid, 0, passed)


def _child(arguments: list[str], out: int, err: int) -> None:
    _ptrace(TRACEME, 0)
    os.kill(os.getpid(), signal.SIGSTOP)
    _stop_at(sorted(NAMES))
    os.dup2(out, 1)
    os.dup2(err, 2)
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.argv = ["reidsearch", *arguments]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    from reidsearch.cli.main import run

    code = 70
    try:
        run()
    except SystemExit as left:
        code = int(left.code or 0)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _once(asked: dict[str, Any]) -> dict[str, Any]:
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        pid = os.fork()
        if pid == 0:
            _child(asked["arguments"], out.fileno(), err.fileno())
        code, calls, hit = _watch(pid, asked)
        out.seek(0)
        err.seek(0)
        told = {"out": out.read().decode(), "err": err.read().decode()}
    return {"code": code, "calls": calls, "hit": hit, **told}


def _served() -> Iterator[dict[str, Any]]:
    for line in sys.stdin:
        yield _once(json.loads(line))


if __name__ == "__main__":
    exec(sys.argv[1])
    import importlib

    for module in (
        "reidsearch.archive", "reidsearch.cli.delete", "reidsearch.cli.check",
        "reidsearch.cli.show", "reidsearch.maintenance.erase", "reidsearch.maintenance.check",
        "reidsearch.output.text", "reidsearch.output.hints", "reidsearch.output.pending",
        "reidsearch.services.index", "sqlalchemy.dialects.sqlite",
    ):  # fmt: skip
        importlib.import_module(module)
    for answer in _served():
        print(json.dumps(answer), flush=True)
