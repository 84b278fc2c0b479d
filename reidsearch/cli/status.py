"""`reidsearch status`: where the queue stands, and who works on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reidsearch.cli.grouped import grouped_command, option
from reidsearch.cli.opening import reading_archive
from reidsearch.cli.options import archive_option, format_option

if TYPE_CHECKING:
    from reidsearch.base.address import Address


@grouped_command("status")
@option("--retry", is_flag=True, help="Queue again what failed or was not read as a whole.")
@format_option()
@archive_option
def command(archive: Address, retry: bool, form: str) -> None:
    """Show the queue, its workers, how fast they are and how long they need.

    Of each worker: machine, process, what it is at and how far. A worker that was killed is told as
    gone, one that has not been heard of for a minute as silent; what they were at is taken over by
    the next worker. What failed is told with its reason: `--retry` queues all of it again, and so
    does `reidsearch index PATH --queue` for some of it.
    """
    from reidsearch.domain.queue import status_json
    from reidsearch.output.emit import emit
    from reidsearch.output.queue import status_view

    with reading_archive(archive) as opened:
        if retry:
            opened.queue.retry()
        status = opened.queue.status()
    emit(form, status_json(status), status_view(status))
