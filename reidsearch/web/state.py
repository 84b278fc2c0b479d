"""What the application holds while it runs: the archive, its settings, sessions."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from reidsearch.base.locations import path_of
from reidsearch.base.settings import SignInSettings
from reidsearch.domain.answers import Answer
from reidsearch.domain.clock_suggestion import ClockSuggestion
from reidsearch.web.events import Listeners
from reidsearch.web.kept_answers import KeptAnswers
from reidsearch.web.kept_audit import KeptAudit
from reidsearch.web.made_files import MadeFiles
from reidsearch.web.metrics import Metrics
from reidsearch.web.sessions import Sessions
from reidsearch.web.views import Views
from reidsearch.web.warming import Warming

if TYPE_CHECKING:
    from reidsearch.archive import Archive
    from reidsearch.services.jobs.runner import JobRunner
    from reidsearch.services.provider import Provider

LARGEST_BODY = 64 * 1024 * 1024
"""Bytes: a picture of 36 million pixels as PNG may be so large."""


@dataclass(frozen=True, slots=True)
class ServeSettings:
    """How the application is served.

    Args:
        hosts: names by which it may be asked for, without port; the first is shown.
        secure: it is reached by HTTPS, so cookies are sent only so.
        local: whoever started the server signs in by a link; else only accounts sign in.
        proxied: a proxy in front of it tells in `X-Forwarded-For` who asks.
        sign_in: how people sign in.
        metrics_token: with which others than this machine read the figures; None: nobody else.
        footage: folders below which files may be indexed from the page.
        largest_body: bytes.
    """

    hosts: tuple[str, ...] = ("127.0.0.1", "localhost", "[::1]")
    secure: bool = False
    local: bool = True
    proxied: bool = False
    sign_in: SignInSettings = SignInSettings()
    metrics_token: str | None = field(default=None, repr=False)
    footage: tuple[Path, ...] = ()
    largest_body: int = LARGEST_BODY


@dataclass(slots=True)
class State:
    """The state of one application.

    Args:
        zone: times are shown in it; None: the machine's own.
        provider: the identity provider; None: there is none.
        runner: runs the jobs of the archive; None: another process does, or nobody.
    """

    archive: Archive
    settings: ServeSettings
    zone: dt.tzinfo | None
    sessions: Sessions
    listeners: Listeners = field(default_factory=Listeners)
    made: MadeFiles = field(init=False)
    views: Views = field(default_factory=Views)
    metrics: Metrics = field(default_factory=Metrics)
    warming: Warming = field(default_factory=Warming)
    answers: KeptAnswers[Answer] = field(default_factory=KeptAnswers)
    clocks: KeptAnswers[ClockSuggestion] = field(default_factory=KeptAnswers)
    audit: KeptAudit = field(default_factory=KeptAudit)
    provider: Provider | None = None
    runner: JobRunner | None = None

    def __post_init__(self) -> None:
        folder = Path(path_of(self.archive.location))
        self.made = MadeFiles(folder, self.archive.passing)
