"""`reidsearch camera`: what is known of a camera and its picture."""

from __future__ import annotations

import click

from reidsearch.cli.camera_region import command as region
from reidsearch.cli.grouped import CommandGroup


@click.group("camera", cls=CommandGroup)
def command() -> None:
    """Manage what is known of a camera's picture: region."""


command.add_command(region)
