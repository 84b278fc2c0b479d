"""Verify Ed25519 signatures (RFC 8032, section 5.1.7) with the standard library alone.

`verify(public_key, message, signature)` is all there is to call. It is written to be read next to
the RFC, and to be copied: it imports hashlib only, and runs under Python 3.8. It makes no
signatures, and takes some milliseconds for each one it verifies.
"""

from __future__ import annotations

import hashlib

P = 2**255 - 19  # the field
L = 2**252 + 27742317777372353535851937790883648493  # the order of the base point
D = -121665 * pow(121666, P - 2, P) % P
SQRT_MINUS_1 = pow(2, (P - 1) // 4, P)


def verify(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether a signature of 64 bytes is that of a message by a public key of 32 bytes."""
    if len(public_key) != 32 or len(signature) != 64:
        return False
    a = _decoded(public_key)
    s = int.from_bytes(signature[32:], "little")
    if a is None or s >= L:  # a larger S would make a second signature out of a valid one
        return False
    hashed = hashlib.sha512(signature[:32] + public_key + message).digest()
    k = int.from_bytes(hashed, "little") % L
    # [S]B = R + [k]A, told by whether [S]B - [k]A is encoded as R is.
    minus_a = (P - a[0], a[1], a[2], P - a[3])
    return _encoded(_added(_times(s, BASE), _times(k, minus_a))) == bytes(signature[:32])


# A point is (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z: section 5.1.4.


def _added(p: tuple[int, int, int, int], q: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * p[3] * q[3] * D % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def _times(number: int, point: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    total = (0, 1, 1, 0)
    while number:
        if number & 1:
            total = _added(total, point)
        point = _added(point, point)
        number >>= 1
    return total


def _encoded(point: tuple[int, int, int, int]) -> bytes:
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _decoded(data: bytes) -> tuple[int, int, int, int] | None:
    """Return the point that 32 bytes encode (section 5.1.3); None: they encode none."""
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & (1 << 255) - 1
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * SQRT_MINUS_1 % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


_Y = 4 * pow(5, P - 2, P) % P
_X = 15112221349535400772501151409588531511454012693041857206046113283949847762202
BASE = (_X, _Y, 1, _X * _Y % P)
