"""`reidsearch serve`: the archive's page in a browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reidsearch.cli.grouped import grouped_command, option
from reidsearch.cli.model_options import model_path_options, runtime_options, runtime_settings
from reidsearch.cli.opening import opened_archive
from reidsearch.cli.options import archive_option, text_value

if TYPE_CHECKING:
    from reidsearch.base.address import Address
    from reidsearch.web.run import Tls

PORT = 8765
TEAM = "For a team"
_PEM = click.Path(path_type=Path, dir_okay=False)


@grouped_command("serve")
@option(
    "--port", type=click.IntRange(0, 65535), default=PORT, show_default=True, help="0: a free one."
)
@option(
    "--footage",
    multiple=True,
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    metavar="DIR",
    help="Folder whose footage may be indexed from the page; repeatable.",
)
@option(
    "--host",
    group=TEAM,
    default="127.0.0.1",
    show_default=True,
    callback=text_value,
    metavar="ADDRESS",
    help="Listen here; any other than this machine needs accounts, and TLS or a proxy.",
)
@option(
    "--name",
    "names",
    group=TEAM,
    multiple=True,
    metavar="NAME",
    help="Answer under this name of the server; may be repeated. Default: ADDRESS.",
)
@option("--tls-cert", group=TEAM, type=_PEM, metavar="FILE", help="Certificate and chain, in PEM.")
@option("--tls-key", group=TEAM, type=_PEM, metavar="FILE", help="Its key, in PEM, no password.")
@option(
    "--behind-proxy",
    "proxied",
    group=TEAM,
    is_flag=True,
    help="A proxy with HTTPS is in front, and adds to X-Forwarded-For.",
)
@archive_option
@model_path_options
@runtime_options
def command(
    archive: Address,
    port: int,
    footage: tuple[Path, ...],
    host: str,
    names: tuple[str, ...],
    tls_cert: Path | None,
    tls_key: Path | None,
    proxied: bool,
    model_path: tuple[Path, ...],
    offline: bool,
    device: str | None,
) -> None:
    """Open the archive's page in a browser: find, look, decide.

    Prints a link that signs you in once. The page is served to this machine alone, and asks no
    other host for anything. Stop it with Ctrl-C; nothing is lost.

    Long work started in the page runs as long as the server does. Footage can be indexed from the
    page below the folders of --footage alone; without any, only on the command line.

    With --host or --behind-proxy it is served to a team: everybody signs in with an account of
    `reidsearch account add`, or at an identity provider (section [sign_in] of the settings), and
    the link is not printed.
    """
    from dataclasses import replace

    from reidsearch.base.secret import read_secret
    from reidsearch.base.settings_file import read_settings
    from reidsearch.output.terminal import say
    from reidsearch.web.reach import settings_for
    from reidsearch.web.run import run
    from reidsearch.web.working import Opening

    tls = _tls(tls_cert, tls_key)
    with opened_archive(archive, None, model_path, offline, device) as (opened, _):
        chosen = read_settings(archive)
        may_sign_in = sum(not one.disabled for one in opened.accounts.all())
        may_sign_in += chosen.sign_in.oidc_new_accounts is not None
        reach = settings_for(
            host, names, tls=tls is not None, proxied=proxied, accounts=may_sign_in
        )
        token = read_secret("REIDSEARCH_METRICS_TOKEN", chosen.metrics.metrics_token_file)
        settings = replace(reach, footage=footage, sign_in=chosen.sign_in, metrics_token=token)

        def tell(address: str) -> None:
            say(f"Open {address}")
            if settings.local:
                say("The link signs in once. Stop the server with Ctrl-C.")

        opening = Opening(
            model_path=model_path, offline=offline, runtime=runtime_settings(device, archive)
        )
        run(opened, settings, host=host, port=port, tls=tls, tell=tell, opening=opening)


def _tls(certificate: Path | None, key: Path | None) -> Tls | None:
    from reidsearch.base.errors import UsageError
    from reidsearch.web.run import Tls

    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise UsageError("--tls-cert and --tls-key are of use together only")
    return Tls(certificate, key)
