"""What is done with new answers of saved questions: a command is run, or a webhook is called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from reidsearch.base.errors import UsageError
from reidsearch.domain.answer_json import filters_json
from reidsearch.domain.notify_state import Means
from reidsearch.domain.saved import SavedAnswer, SavedQuestion, answer_json

LONGEST_URL = 2000
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class Receiver:
    """Who is told.

    Args:
        words: a program and its arguments; empty: a webhook.
        name: of the program, and of a file that is its first argument; not what else it gets.
        folder: where the program is started.
        url: of a webhook; empty: a command.
    """

    words: tuple[str, ...] = field(default=(), repr=False)
    name: str = ""
    folder: str = ""
    url: str = field(default="", repr=False)

    @property
    def means(self) -> Means:
        """Whether it is a command or a webhook."""
        return Means.WEBHOOK if self.url else Means.COMMAND

    @property
    def host(self) -> str | None:
        """Of a webhook, with its port where it has one."""
        return urlsplit(self.url).netloc.rpartition("@")[2] if self.url else None

    @property
    def shown(self) -> str:
        """How it is named: by its host or its program alone, because the rest may be secret."""
        return self.host or self.name


def read_webhook(text: str, *, credentials: bool) -> str:
    """Return the address of a webhook, which may be called.

    Args:
        credentials: it may hold a user and a password: nobody else could read it.

    Raises:
        UsageError: it is none, is not asked over HTTPS, or shows credentials. The message does not
            repeat it.
    """
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if (
        not host
        or parts.scheme not in ("http", "https")
        or len(text) > LONGEST_URL
        or not (text.isascii() and text.isprintable())
        or any(character in text for character in ' "<>\\^`{|}')
        or parts.fragment
    ):
        raise UsageError("that is no address of a webhook, such as https://host/path")
    if parts.scheme == "http" and host not in LOOPBACK:
        raise UsageError(
            f"the webhook at {host} is not called over https://, and what is sent names people's "
            "places and times"
        )
    if "@" in parts.netloc and not credentials:
        raise UsageError(
            "the webhook's address holds a user or a password, which others on this machine could "
            "read in the list of processes",
            "give it on standard input",
        )
    return text


def notification_json(
    delivery: str,
    archive: str,
    archive_id: str,
    question: SavedQuestion,
    answers: Sequence[SavedAnswer],
    statements: Iterable[tuple[int, Mapping[str, Any] | None]],
) -> dict[str, Any]:
    """Return what is delivered.

    Args:
        delivery: the same whenever the same answers are delivered again, and never of others.
        statements: of the searches that found the answers, by their entry of the event log; None:
            erased.
    """
    by = question.asked.requested
    return {
        "schema": "reidsearch/saved-notification/1",
        "delivery": delivery,
        "archive": archive,
        "archive_id": archive_id,
        "question": {
            "number": question.question_id,
            "name": question.name,
            "asks": question.asked.label,
            "identity_id": question.identity_id,
            "min_score": by.min_score,
            "max_false_alarms": by.max_false_alarms,
            "filters": filters_json(question.asked.filters),
            "case": question.case,
            "made_by": question.made_by,
        },
        "answers": [answer_json(one) for one in answers],
        "searches": [{"entry": entry, "statement": said} for entry, said in statements],
    }
