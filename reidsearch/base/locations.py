"""Paths as text that can be shown, stored and read by patterns, whatever bytes their names hold."""

from __future__ import annotations

import os
import re
import unicodedata
from typing import overload

_ESCAPES = os.sep == "/"  # elsewhere names are Unicode, and backslashes part them
_ESCAPED = re.compile(r"\\x([0-9a-f]{2})")
_ESCAPED_BYTES = re.compile(rb"\\x([0-9a-f]{2})")
_ESCAPE_LIKE = re.compile(r"\\(?=x[0-9a-f]{2})")
_FIRST_LETTER = 0xA000  # A080 to A0FF are letters of a script that is rare in file names
_LETTERS = re.compile("[\ua080-\ua0ff]")


def location_text(path: str) -> str:
    r"""A path as text that can be shown and stored; `path_of` is its inverse.

    Bytes that are not UTF-8 become `\xNN`, and so does a backslash that would look like one.
    """
    if _ESCAPES and "\\x" in path:
        path = _ESCAPE_LIKE.sub(r"\\x5c", path)
    if path.isascii():
        return path
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def path_of(location: str) -> str:
    """The path that `location_text` wrote: with any folder of it whose name is not UTF-8."""
    if not _ESCAPES or ("\\x" not in location and location.isascii()):
        return location
    # A location is UTF-8, whatever the locale takes names for.
    text = location.encode("utf-8", "surrogateescape")
    return os.fsdecode(_ESCAPED_BYTES.sub(lambda found: bytes([int(found[1], 16)]), text))


def readable_location(location: str) -> str:
    r"""A location as patterns read it: a byte that is not UTF-8 is one letter, as it is in a name.

    Otherwise `\xe4` would be read as `xe4`, the same for any two names that end with it.
    """
    return _ESCAPED.sub(_letter, location) if _ESCAPES and "\\x" in location else location


def told_location(readable: str) -> str:
    """What a pattern took out of `readable_location`, as text like that of `location_text`."""
    if _ESCAPES:
        readable = _ESCAPE_LIKE.sub(r"\\x5c", readable)
    return _LETTERS.sub(lambda found: f"\\x{ord(found[0]) - _FIRST_LETTER:02x}", readable)


def _letter(found: re.Match[str]) -> str:
    byte = int(found[1], 16)
    return chr(byte) if byte < 0x80 else chr(_FIRST_LETTER + byte)


@overload
def composed(name: str) -> str: ...
@overload
def composed(name: str | None) -> str | None: ...
def composed(name: str | None) -> str | None:
    """Return a name in composed form (NFC): `é` typed as one sign or as two is one name."""
    return None if name is None else unicodedata.normalize("NFC", name)
