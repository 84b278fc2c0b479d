"""Make an evidence bundle: a folder, or a zip of one, that appears whole or not at all.

The order matters: the log is sealed, then what it says up to that seal is put in, then the manifest
is written, the bundle gets its name, and only then the log has an entry of this export, with the
SHA-256 of the manifest. So a bundle never holds the entry of its own export, and the archive does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files as package_files
from pathlib import Path

from reidsearch.base.errors import Refused, StorageError
from reidsearch.base.progress import NO_PROGRESS, Progress
from reidsearch.base.reading import parse_json, read_text
from reidsearch.domain.event_log import Seal
from reidsearch.output.cases import case_json
from reidsearch.output.emit import dumps
from reidsearch.output.evidence.case_uco import case_uco
from reidsearch.output.evidence.exhibits import put_exhibits, summary_line
from reidsearch.output.evidence.held import Held
from reidsearch.output.evidence.log_extract import put_log
from reidsearch.output.evidence.manifest import (
    MANIFEST,
    README,
    SCHEMA,
    VERIFIER,
    Asked,
    Bundle,
)
from reidsearch.output.evidence.packing import is_packed, is_packed_bundle, placed
from reidsearch.output.evidence.photographs import put_photographs
from reidsearch.output.evidence.reports import put_reports
from reidsearch.output.imprint import Imprint
from reidsearch.output.verifying import evidence as verifier

LARGEST_MANIFEST = 1 << 28
COMMAND = "reidsearch export evidence"
"""By which the log says that a bundle was written."""


@dataclass(frozen=True, slots=True)
class BundleMade:
    """A bundle that was made.

    Args:
        sha256: of its manifest, which binds every other file.
        verifier_sha256: of its verify.py.
        has: how many of each kind, in words.
        missing: what could not be put in, in sentences.
    """

    sha256: str
    verifier_sha256: str
    files: int
    size_bytes: int
    has: str
    missing: tuple[str, ...]


def write_bundle(
    final: Path,
    asked: Asked,
    archive: Held,
    imprint: Imprint,
    *,
    seal: Callable[[], Seal],
    replace: bool = False,
    progress: Progress = NO_PROGRESS,
) -> BundleMade:
    """Make a bundle, and record it in the archive's event log.

    Args:
        seal: seals the log now; a bundle has the log up to there.
        replace: put it in the place of an earlier bundle; of nothing else.

    Raises:
        StorageError: it cannot be written, or something else lies there.
        ArchiveError: the log cannot be read.
    """
    if _holds_something(final) and not (replace and is_bundle(final)):
        raise StorageError(f"{final} holds something, and is not overwritten")
    with placed(final, replace=replace) as folder:
        bundle = Bundle(folder, asked, imprint, archive.actor)
        shown = put_log(bundle, archive.log, seal)
        put_exhibits(bundle, archive, progress)
        put_photographs(bundle, archive)
        if asked.case is not None:
            document = {"schema": "reidsearch/case/1", **case_json(asked.case)}
            text = dumps(document, indent=2)
            bundle.put("case.json", "case", "the case and its authority", text.encode() + b"\n")
        put_reports(bundle, archive, shown)
        script = verifier_text().encode()
        bundle.put(VERIFIER, "verifier", "checks this folder; Python 3.8 or later", script)
        readme = package_files(__package__).joinpath(README).read_bytes()
        bundle.put(README, "readme", "what this is and how to check it", readme)
        graph = dumps(case_uco(bundle, shown), indent=1).encode() + b"\n"
        bundle.put("case.jsonld", "case-uco", "the contents as CASE/UCO", graph)
        for path in sorted(folder.rglob("*"), reverse=True):
            if path.is_dir() and not any(path.iterdir()):
                path.rmdir()  # of what could not be put in
        manifest = dumps(bundle.document(), indent=1).encode() + b"\n"
        (folder / MANIFEST).write_bytes(manifest)
    made = BundleMade(
        sha256=hashlib.sha256(manifest).hexdigest(),
        verifier_sha256=hashlib.sha256(script).hexdigest(),
        files=len(bundle.files) + 1,
        size_bytes=sum(one.size_bytes for one in bundle.files) + len(manifest),
        has=summary_line(bundle),
        missing=tuple(bundle.all_missing),
    )
    archive.log.record_bundle(final, made.sha256, made.files, made.size_bytes, COMMAND)
    return made


def _holds_something(final: Path) -> bool:
    if final.is_dir():
        return any(final.iterdir())
    return final.exists()


def is_bundle(folder: Path) -> bool:
    """Tell whether a bundle was written there before: a folder with nothing else, or a zip."""
    if is_packed(folder):
        return is_packed_bundle(folder)
    try:
        manifest = parse_json(read_text(folder / MANIFEST, LARGEST_MANIFEST))
        ours = {one["path"] for one in manifest["files"]} | {MANIFEST}
        if manifest["schema"] != SCHEMA:
            return False
    except (Refused, OSError, ValueError, KeyError, TypeError):
        return False
    return all(
        not path.is_symlink() and (path.is_dir() or path.relative_to(folder).as_posix() in ours)
        for path in folder.rglob("*")
    )


def verifier_text() -> str:
    """Return the verify.py of a bundle: our verifier, with that of signatures inside.

    Python's isolated mode imports nothing from the folder of a script, so it is one file.
    """
    modules = Path(verifier.__file__).parent
    text = (modules / "evidence.py").read_text("utf-8")
    signatures = (modules / "ed25519.py").read_text("utf-8")
    _, _, signatures = signatures.partition("\nimport hashlib\n")
    importing = "from reidsearch.output.verifying.ed25519 import verify as signature_holds\n"
    before, found, after = text.partition(importing)
    if not found:
        raise ValueError("the verifier does not import that of signatures as it is put together")
    part = signatures.replace("def verify(", "def signature_holds(")
    return f"{before}\n# -- Ed25519, RFC 8032, section 5.1.7: verifying only\n\n{part}\n\n{after}"
