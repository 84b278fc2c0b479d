"""`reidsearch doctor`: is everything as it should be, and if not, what is wrong."""

from __future__ import annotations

from pathlib import Path

import click

from reidsearch.cli.grouped import grouped_command
from reidsearch.cli.options import archive_option, json_option, runtime_options, which_model_options


@grouped_command("doctor")
@archive_option
@which_model_options
@runtime_options
@json_option
def command(
    archive: Path,
    model: str | None,
    model_path: tuple[Path, ...],
    device: str,
    streams: int,
    threads: int,
    as_json: bool,
) -> int:
    """Check model, runtime, codecs, disk and archive, and say what is wrong.

    The model embeds a few drawn pictures; what it answers is compared with the genuine model's
    vectors. Where they differ, the likely cause is named: channels exchanged, wrong resize,
    another model, reduced precision. Nothing is changed or downloaded. The exit code is 1 when
    anything failed; a warning is no failure.
    """
    from reidsearch.base.settings import RuntimeSettings
    from reidsearch.doctor import examine
    from reidsearch.output.hints import advice_on
    from reidsearch.output.progress import progress_for

    with progress_for(quiet=as_json) as progress:
        checks = examine(
            archive,
            model=model,
            model_path=model_path,
            runtime=RuntimeSettings(device, streams, threads),
            progress=progress,
        )
    found = [
        {
            "name": check.name,
            "status": check.status,
            "detail": check.detail,
            "hint": advice_on(check.kind, check.fields, check.hint),
        }
        for check in checks
    ]
    if as_json:
        from reidsearch.output.emit import dumps

        click.echo(dumps(found, indent=2))
    else:
        width = max(len(check["name"]) for check in found)
        for check in found:
            click.echo(f"{check['status']:<4}  {check['name']:<{width}}  {check['detail']}")
            if check["hint"]:
                click.echo(f"      {'':<{width}}  -> {check['hint']}")
    return 1 if any(check.status == "fail" for check in checks) else 0
