"""The Ed25519 verifier that goes into evidence bundles: RFC 8032, and the library we sign with."""

from __future__ import annotations

import ast
import random
import secrets
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from reidsearch.output.verifying import ed25519

# RFC 8032, section 7.1, tests 1 to 3 and SHA(abc): public key, message, signature.
VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701"
        "cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d"
        "0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f7609"
        "84dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
    (
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a"
        "3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66"
        "431e0303dca179c138ac17ad9bef1177331a704",
    ),
]


def signed(message: bytes) -> tuple[bytes, bytes]:
    key = Ed25519PrivateKey.generate()
    return key.public_key().public_bytes_raw(), key.sign(message)


@pytest.mark.parametrize(("public", "message", "signature"), VECTORS)
def test_the_vectors_of_the_rfc_hold_and_nothing_near_them(public, message, signature) -> None:
    key, told, mark = map(bytes.fromhex, (public, message, signature))
    assert ed25519.verify(key, told, mark)
    assert not ed25519.verify(key, told + b"\0", mark)
    assert not ed25519.verify(key, told, mark[:-1])
    assert not ed25519.verify(key[:-1], told, mark)


def test_a_larger_s_is_refused_though_the_equation_holds() -> None:
    key, mark = signed(b"seal")
    s = int.from_bytes(mark[32:], "little") + ed25519.L
    assert s < 2**256
    again = mark[:32] + s.to_bytes(32, "little")
    assert ed25519.verify(key, b"seal", mark)
    assert not ed25519.verify(key, b"seal", again)


def test_what_encodes_no_point_is_no_key() -> None:
    _, mark = signed(b"seal")
    for number in (ed25519.P, 2**255 - 1, 2, 1 | 1 << 255):  # too large; not on the curve; -0
        assert not ed25519.verify(number.to_bytes(32, "little"), b"seal", mark)


@pytest.mark.full
def test_it_says_what_the_library_says() -> None:
    chosen = random.Random(8032)
    for _ in range(60):
        message = secrets.token_bytes(chosen.randrange(200))
        key, mark = signed(message)
        assert ed25519.verify(key, message, mark)
        bent = bytearray(key + mark + message)
        bent[chosen.randrange(len(bent))] ^= 1 << chosen.randrange(8)
        key, mark, message = bytes(bent[:32]), bytes(bent[32:96]), bytes(bent[96:])
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(mark, message)
            holds = True
        except (InvalidSignature, ValueError):
            holds = False
        assert ed25519.verify(key, message, mark) == holds


def test_it_can_be_copied_it_imports_hashlib_only_and_runs_under_python_3_8() -> None:
    text = Path(ed25519.__file__).read_text("utf-8")
    tree = ast.parse(text, feature_version=(3, 8))
    found = [one for one in ast.walk(tree) if isinstance(one, ast.Import | ast.ImportFrom)]
    assert [ast.unparse(one) for one in found] == [
        "from __future__ import annotations",
        "import hashlib",
    ]
