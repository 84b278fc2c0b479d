"""Verify an evidence bundle of reidsearch, offline, with the standard library of Python 3.8 alone.

    python3 -I -S verify.py [--manifest SHA256] [--seal FILE]... [FOLDER]

FOLDER is the bundle; without it, the folder that this file lies in. It compares

1. manifest.json with the SHA-256 given, which was written down elsewhere when the bundle was made;
2. every file with the size and SHA-256 in the manifest: none is missing, changed, added or a link;
3. the event log: numbers, chain, details, seals, signatures, and seals that were kept elsewhere;
4. what the manifest says of the log with the log.

It ends with 0 where all holds, else with 1. It changes nothing and asks for nothing from elsewhere.
This file cannot prove itself: run a copy that came another way, or compare its SHA-256.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import stat
import sys
from typing import Any

from reidsearch.output.verifying.ed25519 import verify as signature_holds

MANIFEST = "manifest.json"
SCHEMA = "reidsearch/evidence-manifest/1"
ENTRIES, SEALS = "log/entries.jsonl", "log/seals/"
CHAINED = (
    "format", "number", "at", "event", "actor", "case", "program", "content", "previous",
)  # fmt: skip
LINE = set(CHAINED) | {"digest", "salt", "detail", "state"}
BLOCK = 1 << 20


class Findings:
    """What was compared: sentences that hold, that do not, and what was not compared."""

    def __init__(self) -> None:
        self.holds: list[str] = []
        self.open: list[str] = []
        self.faults: list[str] = []


# -- reading ----------------------------------------------------------------------------------


def sha256_of(path: str) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:  # noqa: PTH123 - plain for every Python
        for block in iter(lambda: file.read(BLOCK), b""):
            digest.update(block)
    return digest.hexdigest()


def bytes_of(path: str) -> bytes:
    """Return a file's bytes; a pipe, which would be waited for, is refused."""
    if not stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116
        raise ValueError(path + " is no ordinary file")
    with open(path, "rb") as file:  # noqa: PTH123
        return file.read()


def parsed(data: bytes) -> dict[str, Any]:
    """Return a JSON object; a name that stands twice could be read in two ways, and is refused."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise ValueError("a name stands twice")
        return found

    value = json.loads(data.decode("utf-8"), object_pairs_hook=once)
    if not isinstance(value, dict):
        raise ValueError("it is no object")
    return value


def canonical(value: dict[str, Any]) -> bytes:
    """Return canonical JSON (RFC 8785) of an object of texts, whole numbers and null."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8")


# -- files ------------------------------------------------------------------------------------


def found_files(folder: str, findings: Findings) -> set[str]:
    """Return the files below a folder, with slashes; anything that is no file is a fault."""
    files: set[str] = set()
    waiting = [""]
    while waiting:
        below = waiting.pop()
        names = sorted(os.listdir(os.path.join(folder, below)))  # noqa: PTH118, PTH208
        if below and not names:
            findings.faults.append(below + " is an empty folder")
        for name in names:
            path = below + "/" + name if below else name
            kind = os.lstat(os.path.join(folder, path)).st_mode  # noqa: PTH118
            if stat.S_ISDIR(kind):
                waiting.append(path)
            elif stat.S_ISREG(kind):
                files.add(path)
            else:
                findings.faults.append(path + " is a link or no ordinary file")
    return files


def check_files(folder: str, manifest: dict[str, Any], findings: Findings) -> None:
    """Compare the files of the folder with those of the manifest."""
    found = found_files(folder, findings)
    if MANIFEST not in found:
        findings.faults.append(MANIFEST + " is missing")
    listed: set[str] = set()
    good = 0
    for one in manifest["files"]:
        path = one["path"]
        if path in listed or path == MANIFEST:
            findings.faults.append(path + " is listed twice")
        listed.add(path)
        if path not in found:
            findings.faults.append(path + " is missing")
            continue
        place = os.path.join(folder, path)  # noqa: PTH118
        if os.path.getsize(place) != one["bytes"]:  # noqa: PTH202
            findings.faults.append(path + " has another size than in the manifest")
        elif sha256_of(place) != one["sha256"]:
            findings.faults.append(path + " was changed: its SHA-256 is another one")
        else:
            good += 1
    for path in sorted(found - listed - {MANIFEST}):
        findings.faults.append(path + " does not belong to the bundle")
    findings.holds.append(f"{good} of {len(listed)} files are as the manifest lists them")


# -- the log ----------------------------------------------------------------------------------


class Log:
    """The entries of the log, as far as the checks need them."""

    def __init__(self) -> None:
        self.count = 0
        self.archive_id: Any = None
        self.digests: dict[int, str] = {}  # number -> digest
        self.details: dict[int, str] = {}  # number -> detail as text, of those that are here
        self.keys: list[tuple[int, str]] = []  # (number, public key) of seals
        self.signed: set[int] = set()  # entries that say that their seal is signed
        self.left_out = 0
        self.erased: set[int] = set()


def read_log(data: bytes, findings: Findings) -> Log:
    """Prove the chain and the details of the log, a line an entry."""
    log, previous = Log(), "0" * 64
    erased_by: set[int] = set()
    lines = data.split(b"\n")
    if lines.pop() != b"":
        findings.faults.append(ENTRIES + " does not end with a line")
    for number, line in enumerate(lines, start=1):
        entry, where = parsed(line), f"log entry {number} "
        if set(entry) != LINE or entry["format"] != "reidsearch-log/1":
            findings.faults.append(where + "has other members than an entry")
        if type(entry["number"]) is not int or entry["number"] != number:
            findings.faults.append(where + "is missing or out of order")
        if entry["previous"] != previous:
            findings.faults.append(where + "does not follow the one before it")
        chained = {name: entry[name] for name in CHAINED}
        previous = hashlib.sha256(canonical(chained)).hexdigest()
        if previous != entry["digest"]:
            findings.faults.append(where + "was changed: its digest is another one")
        log.digests[number] = previous
        detail, salt, state = entry["detail"], entry["salt"], entry["state"]
        if state == "here":
            told = bytes.fromhex(salt) + detail.encode("utf-8")
            if hashlib.sha256(told).hexdigest() != entry["content"]:
                findings.faults.append(where + "says something else than what was written")
            log.details[number] = detail
            noted(log, entry, erased_by)
        elif detail is not None or salt is not None or state not in ("left out", "erased"):
            findings.faults.append(where + "has a detail that it says not to have")
        elif state == "erased":
            log.erased.add(number)
        else:
            log.left_out += 1
    log.count = len(lines)
    for number in sorted(log.erased - erased_by):
        findings.faults.append(f"log entry {number} is empty, and no later entry says why")
    return log


def noted(log: Log, entry: dict[str, Any], erased_by: set[int]) -> None:
    """Remember what an entry says of the archive, of keys, and of erased details."""
    said, number = parsed(entry["detail"].encode("utf-8")), entry["number"]
    if entry["event"] == "begin":
        log.archive_id = said["archive_id"]
    elif entry["event"] == "key":
        log.keys.append((number, said["public_key"]))
    elif entry["event"] == "seal" and said.get("fingerprint"):
        log.signed.add(number)
    elif entry["event"] == "forget":
        erased_by.update(one for one in said["entries"] if one < number)


def check_seal(name: str, data: bytes, log: Log, findings: Findings) -> int:
    """Compare a seal with the log; return the number of the entry that it seals."""
    seal = parsed(data)
    number: int = seal["entries"]
    where = "the seal " + name
    if seal["format"] != "reidsearch-seal/1" or type(number) is not int:
        findings.faults.append(where + " is of another format")
    if seal["archive_id"] != log.archive_id:
        findings.faults.append(where + " is of another archive")
    if number > log.count:
        findings.faults.append(f"{where} is of entry {number}, which is cut off")
    elif log.digests.get(number) != seal["head"]:
        findings.faults.append(f"the log up to entry {number} is not what {name} sealed")
    return number


def check_signature(name: str, seal: bytes, data: bytes, log: Log, findings: Findings) -> str:
    """Verify the signature of a seal by the key that the log named before it; return the key."""
    told, number = parsed(data), parsed(seal)["entries"]
    key = told["public_key"]
    named = [public for at, public in log.keys if at < number]
    if told["format"] != "reidsearch-signature/1" or told["algorithm"] != "Ed25519":
        findings.faults.append(name + " is a signature of another format")
    if named[-1:] != [key]:
        findings.faults.append(name + " is signed with a key that the log does not name")
    text = canonical(parsed(seal))
    if not signature_holds(bytes.fromhex(key), text, bytes.fromhex(told["signature"])):
        findings.faults.append(name + " is no signature of its seal")
    return hashlib.sha256(bytes.fromhex(key)).hexdigest()


def check_seals(
    folder: str, manifest: dict[str, Any], log: Log, findings: Findings
) -> tuple[list[int], set[str]]:
    """Compare the seals in the bundle; return 0, what they seal, and by which keys."""
    paths = [one["path"] for one in manifest["files"] if one["path"].startswith(SEALS)]
    data = {path: bytes_of(os.path.join(folder, path)) for path in paths}  # noqa: PTH118
    sealed = [0]
    keys: set[str] = set()
    for path in sorted(data):
        if path.endswith(".json"):
            sealed.append(check_seal(path, data[path], log, findings))
            if sealed[-1] in log.signed and path[:-5] + ".sig" not in data:
                findings.faults.append(path + " is not signed, and the log says that it is")
        elif path.endswith(".sig") and path[:-4] + ".json" in data:
            keys.add(check_signature(path, data[path[:-4] + ".json"], data[path], log, findings))
        elif path.endswith(".tsr") and path[:-4] + ".json" in data:
            findings.open.append(path + ", a time stamp: openssl ts -verify")
        else:
            findings.faults.append(path + " belongs to no seal")
    return sealed, keys


def check_log(folder: str, manifest: dict[str, Any], seals: list[str], findings: Findings) -> None:
    """Prove the log, its seals and signatures, and what the manifest says of it."""
    told = manifest["log"]
    if told is None:
        findings.holds.append("the bundle has no event log: " + manifest["log_missing"])
        return
    log = read_log(bytes_of(os.path.join(folder, ENTRIES)), findings)  # noqa: PTH118
    here = (log.count, log.digests.get(log.count), log.left_out, len(log.erased))
    if here != (told["entries"], told["head"], told["left_out"], told["erased"]):
        findings.faults.append("the log is not the one that the manifest describes")
    if log.archive_id != manifest["archive_id"]:
        findings.faults.append("the log is of another archive than the manifest")
    sealed, keys = check_seals(folder, manifest, log, findings)
    for path in seals:
        check_seal(path, bytes_of(path), log, findings)
    if max(sealed) != told["sealed"]:
        findings.faults.append("the newest seal is not the one that the manifest names")
    for one in manifest["files"]:
        number = one["log_entry"]
        if number is None:
            continue
        detail = bytes_of(os.path.join(folder, one["path"]))  # noqa: PTH118
        if number not in log.details or log.details[number].encode("utf-8") != detail:
            findings.faults.append(f"{one['path']} is not what log entry {number} says")
    findings.holds.append(
        f"event log: {log.count} entries, sealed up to {max(sealed)} ({log.left_out} details left"
        f" out, {len(log.erased)} erased), {len(sealed) - 1} seals here, {len(seals)} given"
    )
    signed = " ".join(sorted(keys)) or "none (the archive signs no seals)"
    findings.holds.append("keys that signed seals, by SHA-256: " + signed)


# -- all of it --------------------------------------------------------------------------------


def verify_bundle(folder: str, expected: str = "", seals: tuple[str, ...] = ()) -> Findings:
    """Compare a bundle with its manifest, and its manifest with a digest if one is given."""
    findings = Findings()
    try:
        data = bytes_of(os.path.join(folder, MANIFEST))  # noqa: PTH118
        digest = hashlib.sha256(data).hexdigest()
        if expected and digest != expected.strip().lower():
            findings.faults.append("manifest.json was changed: its SHA-256 is " + digest)
        elif expected:
            findings.holds.append("manifest.json has the SHA-256 that was given")
        else:
            findings.open.append(
                "the SHA-256 of manifest.json is " + digest + "; compare it with the one that was"
                " written down when the bundle was made"
            )
        manifest = parsed(data)
        if manifest["schema"] != SCHEMA:
            findings.faults.append("manifest.json is of another format: " + str(manifest["schema"]))
        check_files(folder, manifest, findings)
        check_log(folder, manifest, list(seals), findings)
        findings.open.extend("not in the bundle: " + one for one in manifest["missing"])
    except Exception as error:  # noqa: BLE001 - whatever cannot be read does not hold
        findings.faults.append(f"cannot be read: {type(error).__name__}: {error}")
    return findings


def told(findings: Findings) -> str:
    """Return what was found, a sentence a line; texts of the bundle cannot steer a terminal."""
    lines = ["holds: " + one for one in findings.holds]
    lines += ["NOT COMPARED: " + one for one in findings.open]
    lines += ["DOES NOT HOLD: " + one for one in findings.faults]
    lines.append("The bundle does not hold." if findings.faults else "All that was compared holds.")
    shown = ["".join(c if c.isprintable() else ascii(c)[1:-1] for c in line) for line in lines]
    return "\n".join(shown)


def main() -> int:
    """Verify the bundle that the command line names."""
    parser = argparse.ArgumentParser(description="Verify an evidence bundle of reidsearch.")
    parser.add_argument("folder", nargs="?", default=os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
    parser.add_argument("--manifest", default="", metavar="SHA256", help="of manifest.json")
    parser.add_argument("--seal", action="append", default=[], metavar="FILE")
    given = parser.parse_args()
    findings = verify_bundle(given.folder, given.manifest, tuple(given.seal))
    text = told(findings) + "\n"
    sys.stdout.buffer.write(text.encode(sys.stdout.encoding or "utf-8", "backslashreplace"))
    return 1 if findings.faults else 0


if __name__ == "__main__":
    sys.exit(main())
