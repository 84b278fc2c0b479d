"""A user's regular expression, whose time grows with the length of a name and no faster.

The module `re` tries every way to match; for a pattern such as `(a+)+$` and a name of thirty
letters that is a billion ways, and nothing interrupts it. RE2 reads each letter once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from reidsearch.base.errors import UsageError

LONGEST_PATTERN = 1000
_HINT = "patterns are RE2's: without lookahead, lookbehind and back-references"
# A backslash with what follows, a class of POSIX, or what begins or ends a class of characters.
_TOKENS = re.compile(r"\\.|\[:\w+:\]|\[\^?\]?|\]", re.DOTALL)
_LETTERS = r"\pL\pM\pN_"


class Matched(Protocol):
    """What a pattern found: an `re.Match`, or a `NameMatch`."""

    @property
    def string(self) -> str:
        """The text that was searched."""
        ...

    def groupdict(self) -> Mapping[str, Any]:
        """Return the text of each named group; None: it took no part."""
        ...

    def end(self, group: str, /) -> int:
        """Return where a group ends."""
        ...


class Searching(Protocol):
    """A compiled regular expression: an `re.Pattern`, or a `NamePattern`."""

    @property
    def pattern(self) -> str:
        """Its text."""
        ...

    @property
    def groupindex(self) -> Mapping[str, int]:
        """The numbers of its named groups."""
        ...

    def search(self, string: str, /) -> Matched | None:
        """Find it anywhere in a text."""
        ...


@dataclass(frozen=True, slots=True)
class NameMatch:
    """What a `NamePattern` found.

    Args:
        string: the text that was searched.
        spans: where each named group begins and ends; -1: it took no part.
    """

    string: str
    spans: Mapping[str, tuple[int, int]]

    def groupdict(self) -> Mapping[str, str | None]:
        """Return the text of each named group; None: it took no part."""
        return {
            name: None if start < 0 else self.string[start:end]
            for name, (start, end) in self.spans.items()
        }

    def end(self, group: str, /) -> int:
        """Return where a group ends."""
        return self.spans[group][1]


class NamePattern:
    """A regular expression with named groups.

    Args:
        pattern: in the syntax of RE2.

    Raises:
        UsageError: it is none, or longer than `LONGEST_PATTERN`.
    """

    def __init__(self, pattern: str) -> None:
        import re2  # few runs read names by a pattern

        if len(pattern) > LONGEST_PATTERN:
            raise UsageError(
                f"the pattern has {len(pattern)} characters; at most {LONGEST_PATTERN} are allowed"
            )
        options = re2.Options()
        options.log_errors = False
        try:
            self._compiled = re2.compile(_with_all_letters(pattern), options)
        except (re2.error, UnicodeEncodeError) as error:
            said = error.args[0]
            told = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(error)
            raise UsageError(
                f"pattern {pattern!r} is no regular expression: {told}", _HINT
            ) from error
        self.pattern = pattern
        self.groupindex: Mapping[str, int] = dict(self._compiled.groupindex)

    def search(self, string: str, /) -> NameMatch | None:
        """Find it anywhere in a text."""
        found = self._compiled.search(string)
        if found is None:
            return None
        return NameMatch(
            string, {name: found.span(number) for name, number in self.groupindex.items()}
        )


def _with_all_letters(pattern: str) -> str:
    r"""A pattern whose `\w` stands for letters of every script, as `re` has it; RE2 means ASCII."""
    within = False

    def replaced(found: re.Match[str]) -> str:
        nonlocal within
        piece = found[0]
        if piece == r"\w":
            return _LETTERS if within else f"[{_LETTERS}]"
        if piece == r"\W" and not within:
            return f"[^{_LETTERS}]"
        if piece == "]":
            within = False
        elif piece[0] == "[" and not piece.startswith("[:"):
            if within:
                return piece.replace("[", r"\[", 1)
            within = True
        return piece

    return _TOKENS.sub(replaced, pattern)
