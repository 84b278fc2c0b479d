"""The type of options and arguments that name an archive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from reidsearch.base.address import Address


class ArchiveType(click.ParamType["Address"]):
    """A folder, or the address of a database."""

    name = "archive"

    def convert(
        self, value: Any, _param: click.Parameter | None, _ctx: click.Context | None
    ) -> Address:
        """Read it; see `read_address`."""
        from reidsearch.base.address import read_address

        if isinstance(value, str) and "\0" in value:
            self.fail("an archive's name has no NUL byte in it")
        return read_address(value)

    def split_envvar_value(self, rv: str) -> list[str]:
        """An environment variable names one archive, whatever spaces are in its name."""
        return [rv]
