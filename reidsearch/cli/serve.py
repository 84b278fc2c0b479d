"""`reidsearch serve`: the archive's page in a browser."""

from __future__ import annotations

from pathlib import Path

import click

from reidsearch.cli.grouped import grouped_command, option
from reidsearch.cli.options import (
    archive_option,
    model_path_options,
    opened_archive,
    runtime_options,
)

PORT = 8765


@grouped_command("serve")
@option(
    "--port", type=click.IntRange(0, 65535), default=PORT, show_default=True, help="0: a free one."
)
@archive_option
@model_path_options
@runtime_options
def command(
    archive: Path, port: int, model_path: tuple[Path, ...], offline: bool, device: str | None
) -> None:
    """Open the archive's page in a browser: find, look, decide.

    Prints a link that signs you in once. The page is served to this machine alone, and asks no
    other host for anything. Stop it with Ctrl-C; nothing is lost.
    """
    from reidsearch.base.actor import default_actor
    from reidsearch.output.terminal import say
    from reidsearch.web.run import run
    from reidsearch.web.state import ServeSettings

    def tell(address: str) -> None:
        say(f"Open {address}")
        say("The link signs in once. Stop the server with Ctrl-C.")

    with opened_archive(archive, None, model_path, offline, device) as (opened, _):
        run(
            opened,
            ServeSettings(),
            host="127.0.0.1",
            port=port,
            actor=default_actor(),
            tell=tell,
        )
