"""`Archive.saved`: questions that are asked again of whatever an index run brings.

archive.saved.add("red jacket", "person.jpg", min_score=0.6)
archive.index(["/footage/today"])
archive.saved.found("red jacket")
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Sequence, Set
from dataclasses import replace
from typing import Unpack

from reidsearch.base.actor import Author, acting
from reidsearch.base.errors import ReidsearchError, UsageError
from reidsearch.base.foreign_errors import as_ours
from reidsearch.domain.decisions import Identity
from reidsearch.domain.notifications import Receiver, read_webhook
from reidsearch.domain.notify_state import NotifyState
from reidsearch.domain.query_origins import EmbeddedPicture
from reidsearch.domain.request import Order, Searched, SearchOptions, SearchRequest
from reidsearch.domain.saved import (
    SavedAnswer,
    SavedQuestion,
    SavedRun,
    SavedState,
    asked_json,
    require_savable,
)
from reidsearch.services.notifying.sending import find_program
from reidsearch.services.notifying.service import NotifyService
from reidsearch.services.search import SearchService
from reidsearch.services.sight import Sight
from reidsearch.store import saved as held
from reidsearch.store import saved_answers as held_answers
from reidsearch.store.cases import asked_for
from reidsearch.store.crops.store import Store
from reidsearch.store.places import resolved

LONGEST_NAME = 200


class SavedService:
    """The saved questions of one archive. Adding and removing has an entry of the event log.

    Each run of a question is a search of who saved it, for the case that it was saved for: it is
    recorded, and refused, like any search.

    Args:
        sight_of: what the account of a name may see at the time; of a name without one: all.
        notifying: who is told of new answers, by this machine and user.
    """

    def __init__(
        self,
        store: Store,
        searching: SearchService,
        find_identity: Callable[[str], Identity],
        sight_of: Callable[[str], Sight],
        notifying: NotifyService,
    ) -> None:
        self._store = store
        self._notifying = notifying
        self._searching = searching
        self._find_identity = find_identity
        self._sight_of = sight_of

    def add(self, name: str, query: Searched = (), **options: Unpack[SearchOptions]) -> SavedState:
        """Save a question under a name. What is indexed from now on is searched.

        Pictures are embedded now, and their files are not needed any more. Regions and lines that
        its filters name are kept as they are now; an identity is searched for by its confirmed
        crops of the day.

        Args:
            query, options: as of `Archive.search`, with `min_score` or `max_false_alarms`.

        Raises:
            UsageError: its name is taken, it has no limit, the archive needs a case, or what is
                asked for cannot be asked again.
            NotFound: a crop, an identity or a camera is not in the archive.
            ArchiveError: the archive holds no crops yet.
        """
        if not name.strip() or len(name) > LONGEST_NAME:
            raise UsageError(f"a saved question has a name of 1 to {LONGEST_NAME} characters")
        given = SearchRequest.of(query, options)
        require_savable(given, shown=bool(given.pictures))
        request = replace(
            given,
            k=None,
            reranked=False,
            order=Order.SCORE,
            spread=None,
            stability=False,
            filters=resolved(self._store, given.filters),
        )
        asked_for(self._store)
        self._searching.preview(request)
        embedded = self._searching.embedded(request)
        model = self._searching.model()
        if model is None:
            raise UsageError("the archive has no model yet: index something first")
        identity = None
        if request.identity is not None:
            named = self._find_identity(request.identity).named
            identity = {"identity_id": named.identity_id, "name": named.name}
        pictures = [one for one in embedded.given if isinstance(one, EmbeddedPicture)]
        asked = asked_json(request, embedded.label, model)
        with self._store.write() as connection:
            made = held.add(connection, name, asked, pictures, identity)
        return SavedState(made, 0, 0)

    def remove(self, name: str) -> SavedState:
        """Remove a question with all that it has found, and return it.

        Raises:
            NotFound: there is none of this name.
        """
        with self._store.write() as connection:
            counts = held_answers.counts(connection)
            one = held.remove(connection, name)
        self._notifying.forget(one)
        return SavedState(one, *counts.get(one.question_id, (0, 0)))

    def all(
        self, made_by: str | None = None, cameras: Collection[str] | None = None
    ) -> list[SavedState]:
        """Return all questions, by name, with how much they have found.

        Args:
            made_by: only those that this name has saved.
            cameras: only what these have seen is counted.
        """
        with self._store.read() as connection:
            every, counts = held.questions(connection), held_answers.counts(connection, cameras)
        told = self._notifying.states(every)
        return [
            SavedState(one, *counts.get(one.question_id, (0, 0)), told.get(one.question_id))
            for one in every
            if made_by is None or one.made_by == made_by
        ]

    def waiting(self, made_by: str | None = None, cameras: Collection[str] | None = None) -> int:
        """Return how many answers nobody has looked at, of the questions of `all`."""
        with self._store.read() as connection:
            return held_answers.waiting(connection, made_by, cameras)

    def find(self, name: str) -> SavedState:
        """Return a question by its name.

        Raises:
            NotFound: there is none.
        """
        with self._store.read() as connection:
            one, counts = held.question(connection, name), held_answers.counts(connection)
        told = self._notifying.states([one])
        return SavedState(one, *counts.get(one.question_id, (0, 0)), told.get(one.question_id))

    def found(self, name: str) -> list[SavedAnswer]:
        """Return what a question has found: what the newest run found first, the best first.

        Raises:
            NotFound: there is none of this name.
        """
        with self._store.read() as connection:
            every = held_answers.found_by(connection, held.question(connection, name).question_id)
        return held_answers.answers(self._store, every)

    def mark_seen(self, name: str, crop_ids: Sequence[int]) -> None:
        """Mark answers of a question as looked at, by their crops.

        Raises:
            NotFound: there is no such question.
        """
        with self._store.write() as connection:
            held_answers.mark_seen(
                connection, held.question(connection, name).question_id, crop_ids
            )

    def run(self, name: str | None = None) -> list[SavedRun]:
        """Ask a question, or all, of what was indexed since the last time, and tell of answers.

        Whoever is told of new answers is told of all that was not delivered. A question that cannot
        be asked (its case is closed, a crop is gone) keeps why, and is asked of all that it has
        missed when it can be again.

        Raises:
            NotFound: there is none of this name.
            ArchiveError: what is stored of a question is damaged; `check` names it.
        """
        with self._store.read() as connection:
            held.require_whole(connection)
            wanted = (
                held.questions(connection) if name is None else [held.question(connection, name)]
            )
        runs = [self._run(one) for one in wanted]
        told = self._tell(None if name is None else {one.question_id for one in wanted})
        return [
            replace(run, notify=told.get(one.question_id))
            for run, one in zip(runs, wanted, strict=True)
        ]

    def after_indexing(self) -> None:
        """Ask all questions. Whatever goes wrong is kept with the question; nothing is raised."""
        with contextlib.suppress(ReidsearchError):  # of the database, or of a damaged row
            with self._store.read() as connection:
                held.require_whole(connection)
                every = held.questions(connection)
            for one in every:
                self._run(one)
            self._tell(None, always=False)

    def notify(self, name: str, *, command: Sequence[str] = (), webhook: str = "") -> SavedState:
        """Tell somebody of what a question finds from now on; by this machine and user alone.

        Args:
            command: a program and its arguments, which is run without a shell and gets JSON on its
                standard input.
            webhook: an address that JSON is posted to, over HTTPS. Without either nobody is told.

        Raises:
            NotFound: there is no such question, or nobody was told anyway.
            InputError: there is no such program, or the user's file of such settings is open to
                others.
            UsageError: both are given, or it is no address of a webhook.

        Example:
            >>> archive.saved.notify("red jacket", command=["/usr/local/bin/mail-it", "anna"])
        """
        if command and webhook:
            raise UsageError("a question has a command or a webhook, not both")
        with self._store.read() as connection:
            one = held.question(connection, name)
        if webhook:
            url = read_webhook(webhook, credentials=True)
            self._notifying.set(one, Receiver(url=url))
        elif command:
            self._notifying.set(one, find_program(command))
        else:
            self._notifying.off(one)
        return self.find(name)

    def _tell(self, numbers: Set[int] | None, *, always: bool = True) -> dict[int, NotifyState]:
        """Tell of new answers of these questions; None: of all. Nothing is raised."""
        with self._store.read() as connection:
            every = held.questions(connection)
        wanted = [one for one in every if numbers is None or one.question_id in numbers]
        why = None
        try:
            self._notifying.deliver(wanted, always=always)
        except ReidsearchError as error:
            why = error.message
        states = self._notifying.states(wanted)
        if why is None:
            return states
        return {
            number: replace(one, error=why) if one.undelivered else one
            for number, one in states.items()
        }

    def _run(self, one: SavedQuestion) -> SavedRun:
        sight = self._sight_of(one.made_by)
        if not sight.newer(one.last_crop):
            return SavedRun(one.name, False, 0, one.why_not)
        try:
            found = self._ask(one, sight)
        except Exception as error:  # noqa: BLE001 - one question must not end an index run
            why_not = as_ours(error).message
            with self._store.write() as connection:
                held.record_failure(connection, one.question_id, why_not)
            return SavedRun(one.name, False, 0, why_not)
        return SavedRun(one.name, True, found, None)

    def _ask(self, one: SavedQuestion, sight: Sight) -> int:
        model = self._store.model()
        if one.pictures and (model is None or not model.matches(one.asked.model)):
            raise UsageError(
                "the archive was re-embedded with another model, and the pictures of this question "
                "were not kept: save it again"
            )
        sight.require_crops(one.asked.crops)
        request = sight.request(one.request)
        with acting(Author(one.made_by, one.case, one.reason)):
            answer = self._searching.search_with(request, one.given)
        statement = answer.statement
        found = [(match.crop.crop_id, match.score) for match in answer.matches]
        with self._store.write() as connection:
            return held_answers.record(
                connection,
                one.question_id,
                found,
                statement.newest_crop or one.last_crop,
                statement.logged.entry,
            )
