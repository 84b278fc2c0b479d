"""`reidsearch camera`: what is known of a camera beside its footage."""

from __future__ import annotations

import click

from reidsearch.cli.camera_ground import command as ground
from reidsearch.cli.camera_keeps import command as keeps
from reidsearch.cli.camera_region import command as region
from reidsearch.cli.grouped import CommandGroup


@click.group("camera", cls=CommandGroup)
def command() -> None:
    """Manage what is known of a camera: region, ground, keeps."""


command.add_command(region)
command.add_command(ground)
command.add_command(keeps)
