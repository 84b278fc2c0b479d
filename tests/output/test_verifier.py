"""The verifier of bundles can be read and run alone, by old Pythons."""

from __future__ import annotations

import ast
import hashlib

from reidsearch.output.evidence.write import verifier_text
from reidsearch.output.verifying.evidence import Findings, canonical, told


def test_it_is_one_file_of_the_standard_library_for_python_3_8() -> None:
    tree = ast.parse(verifier_text(), feature_version=(3, 8))
    imported = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    imported |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported == {
        "argparse", "hashlib", "json", "pathlib", "stat", "sys", "typing", "__future__",
    }  # fmt: skip


def test_it_verifies_signatures() -> None:
    names: dict = {"__name__": "verify"}
    exec(compile(verifier_text(), "verify.py", "exec"), names)
    # RFC 8032, section 7.1, test 2.
    key = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
    signature = bytes.fromhex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    assert names["signature_holds"](key, b"\x72", signature)
    assert not names["signature_holds"](key, b"\x73", signature)


def test_its_canonical_json_is_that_of_the_log() -> None:
    from reidsearch.domain.event_log import canonical as ours

    value = {"b": 'ü\u2028\x7f\x01"\\/', "a": 2**53 - 1, "é": None, "c": "\U0001f600"}
    assert canonical(value) == ours(value)
    assert hashlib.sha256(canonical(value)).digest() == hashlib.sha256(ours(value)).digest()


def test_texts_of_a_bundle_cannot_steer_a_terminal() -> None:
    findings = Findings()
    findings.faults.append("\x1b[2Jevil\u202e is missing")
    assert "\x1b" not in told(findings)
    assert "\u202e" not in told(findings)
