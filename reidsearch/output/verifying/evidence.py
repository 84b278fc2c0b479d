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
import stat
import sys
from pathlib import Path
from typing import Any

from reidsearch.output.verifying.ed25519 import verify as signature_holds

MANIFEST = "manifest.json"
SCHEMA = "reidsearch/evidence-manifest/1"
ENTRIES, SEALS = "log/entries.jsonl", "log/seals/"
CHAINED = (
    "format", "number", "at", "event", "actor", "case", "program", "content", "previous",
)  # fmt: skip
LINE = set(CHAINED) | {"digest", "salt", "detail", "state"}
TSTINFO = (0, 1, 1, 0, 2, 1, 0, 0)  # which part of which, from the answer of RFC 3161 inwards
SHA256 = bytes.fromhex("608648016503040201")  # its object identifier


class Findings:
    """What was compared: sentences that hold, that do not, and what was not compared."""

    def __init__(self) -> None:
        self.holds: list[str] = []
        self.open: list[str] = []
        self.faults: list[str] = []

    def require(self, holds: bool, fault: str) -> None:
        """Note a fault, unless something holds."""
        if not holds:
            self.faults.append(fault)


# -- reading ----------------------------------------------------------------------------------


def bytes_of(path: Path) -> bytes:
    """Return a file's bytes; a pipe, which would be waited for, is refused."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise ValueError(f"{path} is no ordinary file")
    return path.read_bytes()


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


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


def der(data: bytes) -> list[bytes]:
    """Return what each part of a DER value holds: a part is a tag, a length, and its bytes."""
    parts: list[bytes] = []
    while data:
        size, at = data[1], 2
        if size > 127:  # so many bytes of length follow
            at += size & 127
            size = int.from_bytes(data[2:at], "big")
        if at + size > len(data):
            raise ValueError("it is cut off")
        parts.append(data[at : at + size])
        data = data[at + size :]
    return parts


# -- files ------------------------------------------------------------------------------------


def found_files(folder: Path, findings: Findings) -> set[str]:
    """Return the files below a folder, with slashes; anything that is no file is a fault."""
    files: set[str] = set()
    waiting = [folder]
    while waiting:
        place = waiting.pop()
        inside = sorted(place.iterdir())
        name = place.relative_to(folder).as_posix()
        findings.require(bool(inside) or place == folder, name + " is an empty folder")
        for path in inside:
            name, kind = path.relative_to(folder).as_posix(), path.lstat().st_mode
            if stat.S_ISDIR(kind):
                waiting.append(path)
            elif stat.S_ISREG(kind):
                files.add(name)
            else:
                findings.faults.append(name + " is a link or no ordinary file")
    return files


def check_files(folder: Path, manifest: dict[str, Any], findings: Findings) -> None:
    """Compare the files of the folder with those of the manifest."""
    found, listed, good = found_files(folder, findings), {MANIFEST}, 0
    findings.require(MANIFEST in found, MANIFEST + " is missing")
    for one in manifest["files"]:
        path = one["path"]
        findings.require(path not in listed, path + " is listed twice")
        listed.add(path)
        if path not in found:
            findings.faults.append(path + " is missing")
        elif (folder / path).stat().st_size != one["bytes"]:
            findings.faults.append(path + " has another size than in the manifest")
        elif sha256_of(folder / path) != one["sha256"]:
            findings.faults.append(path + " was changed: its SHA-256 is another one")
        else:
            good += 1
    for path in sorted(found - listed):
        findings.faults.append(path + " does not belong to the bundle")
    findings.holds.append(f"{good} of {len(listed) - 1} files are as the manifest lists them")


# -- the log ----------------------------------------------------------------------------------


class Log:
    """The entries of the log, as far as the checks need them."""

    def __init__(self) -> None:
        self.archive_id: Any = None
        self.digests: dict[int, str] = {}  # number -> digest
        self.details: dict[int, str] = {}  # number -> detail as text, of those that are here
        self.keys: list[tuple[int, str]] = []  # (number, public key) of seals
        self.signed: set[int] = set()  # entries that say that their seal is signed
        self.sealed = [0]  # numbers of the entries that seals here are of
        self.signers: set[str] = set()  # SHA-256 of the keys that signed them
        self.left_out = 0
        self.erased: set[int] = set()
        self.erased_by: set[int] = set()  # those that an entry "forget" names


def read_log(data: bytes, findings: Findings) -> Log:
    """Prove the chain and the details of the log, a line an entry."""
    log, previous, require = Log(), "0" * 64, findings.require
    lines = data.split(b"\n")
    require(lines.pop() == b"", ENTRIES + " does not end with a line")
    for number, line in enumerate(lines, start=1):
        entry, where = parsed(line), f"log entry {number} "
        form = set(entry) == LINE and entry["format"] == "reidsearch-log/1"
        require(form, where + "has other members than an entry")
        ordered = type(entry["number"]) is int and entry["number"] == number
        require(ordered, where + "is missing or out of order")
        require(entry["previous"] == previous, where + "does not follow the one before it")
        previous = hashlib.sha256(canonical({name: entry[name] for name in CHAINED})).hexdigest()
        require(previous == entry["digest"], where + "was changed: its digest is another one")
        log.digests[number] = previous
        detail, salt, state = entry["detail"], entry["salt"], entry["state"]
        if state == "here":
            told = hashlib.sha256(bytes.fromhex(salt) + detail.encode("utf-8")).hexdigest()
            require(told == entry["content"], where + "says something else than what was written")
            log.details[number] = detail
            note(log, number, entry["event"], parsed(detail.encode("utf-8")))
        elif detail is not None or salt is not None or state not in ("left out", "erased"):
            findings.faults.append(where + "has a detail that it says not to have")
        elif state == "erased":
            log.erased.add(number)
        else:
            log.left_out += 1
    for number in sorted(log.erased - log.erased_by):
        findings.faults.append(f"log entry {number} is empty, and no later entry says why")
    return log


def note(log: Log, number: int, event: str, said: dict[str, Any]) -> None:
    """Remember what an entry says of the archive, of keys, and of erased details."""
    if event == "begin":
        log.archive_id = said["archive_id"]
    elif event == "key":
        log.keys.append((number, said["public_key"]))
    elif event == "seal" and said.get("fingerprint"):
        log.signed.add(number)
    elif event == "forget":
        log.erased_by.update(one for one in said["entries"] if one < number)


def check_seal(name: str, data: bytes, log: Log, findings: Findings) -> int:
    """Compare a seal with the log; return the number of the entry that it seals."""
    seal, where, require = parsed(data), "the seal " + name, findings.require
    number: int = seal["entries"]
    form = seal["format"] == "reidsearch-seal/1" and type(number) is int
    require(form, where + " is of another format")
    require(seal["archive_id"] == log.archive_id, where + " is of another archive")
    if number > len(log.digests):
        findings.faults.append(f"{where} is of entry {number}, which is cut off")
    else:
        holds = log.digests.get(number) == seal["head"]
        require(holds, f"the log up to entry {number} is not what {name} sealed")
    return number


def check_signature(name: str, seal: bytes, data: bytes, log: Log, findings: Findings) -> None:
    """Verify the signature of a seal by the key that the log named before it."""
    told, sealed, require = parsed(data), parsed(seal), findings.require
    key, signature = bytes.fromhex(told["public_key"]), bytes.fromhex(told["signature"])
    form = told["format"] == "reidsearch-signature/1" and told["algorithm"] == "Ed25519"
    require(form, name + " is a signature of another format")
    named = [public for at, public in log.keys if at < sealed["entries"]]
    known = named[-1:] == [told["public_key"]]
    require(known, name + " is signed with a key that the log does not name")
    holds = signature_holds(key, canonical(sealed), signature)
    require(holds, name + " is no signature of its seal")
    log.signers.add(hashlib.sha256(key).hexdigest())


def check_stamp(name: str, seal: bytes, data: bytes, findings: Findings) -> None:
    """Compare what a time stamp is of with its seal; who signed it takes openssl to tell."""
    try:
        for index in TSTINFO:
            data = der(data)[index]
        _, _, imprint, _, at = der(data)[:5]
        algorithm, digest = der(imprint)
        of_seal = der(algorithm)[0] == SHA256 and digest == hashlib.sha256(seal).digest()
    except (IndexError, ValueError):
        findings.faults.append(name + " is no time stamp")
        return
    findings.require(of_seal, name + " is a time stamp of something else than its seal")
    findings.open.append(
        f"who signed {name}, which says {at.decode('ascii', 'replace')}: openssl ts -verify"
        f" -in {name} -data {name[:-4]}.json -CAfile CERTIFICATE-OF-THE-AUTHORITY"
    )


def check_seals(folder: Path, manifest: dict[str, Any], log: Log, findings: Findings) -> None:
    """Compare the seals in the bundle, their signatures and time stamps."""
    paths = [one["path"] for one in manifest["files"] if one["path"].startswith(SEALS)]
    data = {path: bytes_of(folder / path) for path in sorted(paths)}
    for path, held in data.items():
        name, _, kind = path.rpartition(".")
        seal = data.get(name + ".json")
        if seal is None or kind not in ("json", "sig", "tsr"):
            findings.faults.append(path + " belongs to no seal")
        elif kind == "sig":
            check_signature(path, seal, held, log, findings)
        elif kind == "tsr":
            check_stamp(path, seal, held, findings)
        else:
            log.sealed.append(check_seal(path, held, log, findings))
            signed = log.sealed[-1] not in log.signed or name + ".sig" in data
            findings.require(signed, path + " is not signed, and the log says that it is")


def check_log(folder: Path, manifest: dict[str, Any], seals: list[str], findings: Findings) -> None:
    """Prove the log, its seals and signatures, and what the manifest says of it."""
    told, require = manifest["log"], findings.require
    if told is None:
        findings.holds.append("the bundle has no event log: " + manifest["log_missing"])
        return
    log = read_log(bytes_of(folder / ENTRIES), findings)
    count = len(log.digests)
    here = (count, log.digests.get(count), log.left_out, len(log.erased))
    same = here == (told["entries"], told["head"], told["left_out"], told["erased"])
    require(same, "the log is not the one that the manifest describes")
    ours = log.archive_id == manifest["archive_id"]
    require(ours, "the log is of another archive than the manifest")
    check_seals(folder, manifest, log, findings)
    for path in seals:
        check_seal(path, bytes_of(Path(path)), log, findings)
    newest = max(log.sealed)
    require(newest == told["sealed"], "the newest seal is not the one that the manifest names")
    for one in manifest["files"]:
        number = one["log_entry"]
        if number is not None:
            detail = log.details.get(number, "").encode("utf-8")
            same = number in log.details and bytes_of(folder / one["path"]) == detail
            require(same, f"{one['path']} is not what log entry {number} says")
    findings.holds.append(
        f"event log: {count} entries, sealed up to {newest} ({log.left_out} details left"
        f" out, {len(log.erased)} erased), {len(log.sealed) - 1} seals here, {len(seals)} given"
    )
    signed = " ".join(sorted(log.signers)) or "none (the archive signs no seals)"
    findings.holds.append("keys that signed seals, by SHA-256: " + signed)


# -- all of it --------------------------------------------------------------------------------


def verify_bundle(given: str, expected: str = "", seals: tuple[str, ...] = ()) -> Findings:
    """Compare a bundle with its manifest, and its manifest with a digest if one is given."""
    findings, folder = Findings(), Path(given)
    if folder.is_file():
        findings.faults.append("it is a file: unpack it with python3 -m zipfile -e FILE FOLDER")
        return findings
    try:
        data = bytes_of(folder / MANIFEST)
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
        schema = manifest["schema"]
        findings.require(schema == SCHEMA, f"manifest.json is of another format: {schema}")
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
    parser.add_argument("folder", nargs="?", default=str(Path(__file__).resolve().parent))
    parser.add_argument("--manifest", default="", metavar="SHA256", help="of manifest.json")
    parser.add_argument("--seal", action="append", default=[], metavar="FILE")
    given = parser.parse_args()
    findings = verify_bundle(given.folder, given.manifest, tuple(given.seal))
    text = told(findings) + "\n"
    sys.stdout.buffer.write(text.encode(sys.stdout.encoding or "utf-8", "backslashreplace"))
    return 1 if findings.faults else 0


if __name__ == "__main__":
    sys.exit(main())
