"""What is said of an evidence bundle that was written, or verified."""

from __future__ import annotations

from typing import Any

from reidsearch.domain.redaction import Redaction
from reidsearch.output.evidence.write import BundleMade
from reidsearch.output.redaction import not_covered
from reidsearch.output.verifying.evidence import Findings
from reidsearch.output.visible import size, visible

LISTED_AT_MOST = 12


def made_text(made: BundleMade, place: str, redact: Redaction | None) -> str:
    """Return where it is, what it has, what is missing, and the digest that binds it."""
    lines = [
        f"{visible(place)}: {made.has}; {made.files} files, {size(made.size_bytes)}",
        f"SHA-256 of its manifest.json: {made.sha256}",
        "Write it down elsewhere; verify.py --manifest compares it.",
        f"SHA-256 of its verify.py: {made.verifier_sha256}",
        *(not_covered(redact) if redact else []),
        *(f"missing: {visible(line)}" for line in made.missing[:LISTED_AT_MOST]),
    ]
    if len(made.missing) > LISTED_AT_MOST:
        lines.append(f"missing: {len(made.missing) - LISTED_AT_MOST:,} more, told in the manifest")
    return "\n".join(lines)


def made_json(made: BundleMade, place: str) -> dict[str, Any]:
    """Return the same as a document."""
    return {
        "schema": "reidsearch/evidence-export/1",
        "location": place,
        "sha256": made.sha256,
        "verifier_sha256": made.verifier_sha256,
        "files": made.files,
        "bytes": made.size_bytes,
        "missing": list(made.missing),
    }


def verified_json(findings: Findings, place: str) -> dict[str, Any]:
    """Return what was compared as a document."""
    return {
        "schema": "reidsearch/evidence-verified/1",
        "location": place,
        "holds": findings.holds,
        "not_compared": findings.open,
        "faults": findings.faults,
    }
