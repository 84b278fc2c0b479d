"""Telling whoever was named of new answers of saved questions, after the run that found them.

Answers are in the archive before anybody is told, so what was not delivered is what lies above the
number up to which this machine has delivered: nothing is lost, whatever ends a process, and a
delivery that was cut off is made again under the same id. What was tried once is not added to:
otherwise whoever drops what they have had already would drop the addition.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4, uuid5

from reidsearch.base.actor import Author, acting
from reidsearch.base.errors import (
    DECODING_ERRORS,
    ArchiveError,
    InputError,
    NotFound,
    ReidsearchError,
)
from reidsearch.base.foreign_errors import as_ours
from reidsearch.base.timecode import from_us, now, to_us
from reidsearch.domain.event_log import Event, LogEntry
from reidsearch.domain.notifications import Receiver, notification_json
from reidsearch.domain.notify_state import NotifyState
from reidsearch.domain.saved import SavedAnswer, SavedQuestion
from reidsearch.services.notifying.kept import Setting, SettingsFile, place_of
from reidsearch.services.notifying.sending import NotDelivered, send
from reidsearch.store import log_reading
from reidsearch.store import saved as held
from reidsearch.store import saved_answers as held_answers
from reidsearch.store.cases import require_open_case
from reidsearch.store.crops.store import Store

MOST_ANSWERS = 1000
"""Of a delivery; more are several."""
RUN_S = 30.0
"""After so long a run begins no further delivery."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 10.0, 600.0
"""How long index runs leave a receiver alone that has failed; twice as long each time."""
MOST_DOUBLINGS = 10


@dataclass(frozen=True, slots=True)
class _Batch:
    """Answers that are delivered together."""

    setting: Setting
    answers: tuple[SavedAnswer, ...]

    @property
    def up_to(self) -> int:
        return self.setting.trying or self.setting.done

    @property
    def delivery(self) -> str:
        return str(uuid5(UUID(self.setting.key), f"{self.setting.done}-{self.up_to}"))


class NotifyService:
    """Who is told of new answers of one archive's saved questions, by this machine and user."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._file = SettingsFile(str(store.row.uuid))
        self._place = place_of(store.address)

    def set(self, question: SavedQuestion, receiver: Receiver) -> None:
        """Tell somebody of what a question finds from now on, in place of whoever was told.

        What those were not told of is told too.

        Raises:
            InputError: the file of settings is not the user's alone.
            StorageError: it cannot be written.
        """
        setting = Setting(
            key=str(uuid4()),
            place=self._place,
            question_id=question.question_id,
            made_us=to_us(question.made_at),
            receiver=receiver,
            done=question.last_crop,
        )
        with self._file.changing() as settings:
            before = next((one for one in settings if self._is_mine(one, question)), None)
            if before is not None and not self._went_back(before, question):
                setting = replace(setting, done=before.done)
            # On record first: what is sent later must not begin without an entry.
            setting = setting.seen(self._record_set(question, receiver, "notify"))
            settings[:] = [one for one in settings if not self._is_mine(one, question)]
            settings.append(setting)

    def off(self, question: SavedQuestion) -> None:
        """Tell nobody of a question any more.

        Raises:
            NotFound: nobody is told.
            InputError, StorageError: as `set`.
        """
        with self._file.changing() as settings:
            mine = next((one for one in settings if self._is_mine(one, question)), None)
            if mine is None:
                elsewhere = [one.place for one in settings if _is_of(one, question)]
                of = f"; the archive at {elsewhere[0]} has one" if elsewhere else ""
                raise NotFound(
                    f"no command and no webhook is set for {question.name!r} by this user of this "
                    f"machine{of}"
                )
            settings.remove(mine)
            self._record_set(question, mine.receiver, "notify-off")

    def forget(self, question: SavedQuestion) -> None:
        """Forget who was told of a question that was removed."""
        with contextlib.suppress(ReidsearchError):
            if any(self._is_mine(one, question) for one in self._file.read()):
                with self._file.changing() as settings:
                    settings[:] = [one for one in settings if not self._is_mine(one, question)]

    def states(self, questions: Sequence[SavedQuestion]) -> dict[int, NotifyState]:
        """Return of each question that somebody is told of, or was, who that is."""
        try:
            settings = self._file.read()
        except InputError as error:
            why = f"{error.message}: {error.hint}" if error.hint else error.message
            refused = NotifyState(None, None, off=why)
            return {one.question_id: refused for one in questions}
        found = {}
        for question in questions:
            of = [one for one in settings if _is_of(one, question)]
            mine = next((one for one in of if one.place == self._place), None)
            if mine is not None:
                found[question.question_id] = self._state(mine, question)
            elif of:
                found[question.question_id] = NotifyState(
                    of[-1].receiver.means,
                    of[-1].receiver.shown,
                    off=f"it was set for the archive at {of[-1].place}, not for this one",
                    elsewhere=True,
                )
        return found

    def deliver(self, questions: Sequence[SavedQuestion], *, always: bool) -> None:
        """Tell of all that was found and not delivered. What fails is kept with the setting.

        Args:
            always: try those too that have failed just now.

        Raises:
            ReidsearchError: nobody could be told, of reasons that no setting has: the file of
                settings is not to be believed or written, another process delivers.
        """
        settings = self._file.read()
        wanted = []
        for question in questions:
            mine = next((one for one in settings if self._is_mine(one, question)), None)
            if mine is not None and self._waits(mine, question):
                wanted.append((mine.failures, question.name, question))
        if not wanted:
            return
        began = time.monotonic()
        with self._file.delivering(RUN_S):
            for _, _, question in sorted(wanted, key=lambda one: one[:2]):
                tried = True
                while tried and time.monotonic() - began < RUN_S:
                    tried = self._deliver_next(question, always=always)

    # -- one delivery -----------------------------------------------------------------------

    def _deliver_next(self, question: SavedQuestion, *, always: bool) -> bool:
        """Deliver what comes next; return whether there may be more."""
        settings = self._file.read()  # somebody may have set it anew, or delivered
        mine = next((one for one in settings if self._is_mine(one, question)), None)
        if mine is None or self._went_back(mine, question) or not (always or _is_due(mine)):
            return False
        batch = None
        try:
            batch = self._batch(mine, question)
            if batch is not None and batch.answers:
                self._send(batch, question)
        except Exception as error:  # noqa: BLE001 - one receiver must not keep the others
            self._failed(batch or _Batch(mine, ()), question, error)
            return False
        return batch is not None

    def _batch(self, mine: Setting, question: SavedQuestion) -> _Batch | None:
        """Return what to deliver next, kept as such before it is tried; None: nothing."""
        with self._store.read() as connection:
            number = question.question_id
            found = held_answers.found_after(
                connection, number, mine.done, mine.trying, MOST_ANSWERS
            )
        answers = tuple(held_answers.answers(self._store, found))
        if mine.trying is None:
            if not found:
                return None
            mine = replace(mine, trying=found[-1].crop_id)
            self._file.replace(mine.key, lambda one: replace(one, trying=mine.trying))
        if not answers:  # all of them were deleted since
            self._file.replace(mine.key, lambda one: _delivered(one, mine.trying))
        return _Batch(mine, answers)

    def _send(self, batch: _Batch, question: SavedQuestion) -> None:
        if question.case is not None:
            with self._store.read() as connection:
                require_open_case(connection, question.case)
        document = notification_json(
            batch.delivery,
            self._place,
            str(self._store.row.uuid),
            question,
            batch.answers,
            self._statements(batch.answers),
        )
        body = json.dumps(document).encode("ascii") + b"\n"
        send(batch.setting.receiver, body, batch.delivery)
        entry = self._record_of(question, batch, {"change": "delivered"})
        self._file.replace(batch.setting.key, lambda one: _delivered(one, batch.up_to).seen(entry))

    def _statements(
        self, answers: Sequence[SavedAnswer]
    ) -> list[tuple[int, Mapping[str, Any] | None]]:
        numbers = sorted({one.entry for one in answers if one.entry is not None})
        told: list[tuple[int, Mapping[str, Any] | None]] = []
        entries = log_reading.by_number(self._store, numbers)
        for number in numbers:
            statement = None
            if number in entries:
                with contextlib.suppress(*DECODING_ERRORS):
                    statement = (entries[number].said or {}).get("statement")
            told.append((number, statement))
        return told

    def _failed(self, batch: _Batch, question: SavedQuestion, error: Exception) -> None:
        why = str(error) if isinstance(error, NotDelivered) else as_ours(error).message
        at_us = to_us(now())

        def change(one: Setting) -> Setting:
            return replace(
                one,
                failures=one.failures + 1,
                since_us=at_us if one.since_us is None else one.since_us,
                tried_us=at_us,
                error=why,
            )

        self._file.replace(batch.setting.key, change)
        if not batch.setting.failures:  # the first in a row: a receiver may be away for weeks
            self._record_of(question, batch, {"change": "not-delivered", "why": why})

    # -- what it is made of -----------------------------------------------------------------

    def _is_mine(self, one: Setting, question: SavedQuestion) -> bool:
        return one.place == self._place and _is_of(one, question)

    def _went_back(self, mine: Setting, question: SavedQuestion) -> bool:
        """Tell whether the archive is another state than was delivered from: it was restored.

        Its numbers may then be those of other crops.
        """
        if mine.entry is not None:
            try:
                known = log_reading.by_number(self._store, [mine.entry]).get(mine.entry)
            except ArchiveError:  # a damaged row proves nothing
                return True
            return known is None or known.digest.hex() != mine.digest
        if question.last_crop >= mine.done:
            return False
        with self._store.read() as connection:  # the question may have been read before the file
            return held.question(connection, question.name).last_crop < mine.done

    def _waits(self, mine: Setting, question: SavedQuestion) -> bool:
        """Tell whether there is something to deliver."""
        if self._went_back(mine, question):
            return False
        with self._store.read() as connection:
            return held_answers.count_after(connection, question.question_id, mine.done) > 0

    def _state(self, mine: Setting, question: SavedQuestion) -> NotifyState:
        means, shown = mine.receiver.means, mine.receiver.shown
        if self._went_back(mine, question):
            told = "the archive was restored since answers were delivered: set it again"
            return NotifyState(means, shown, off=told)
        with self._store.read() as connection:
            left = held_answers.count_after(connection, question.question_id, mine.done)
        since = from_us(mine.since_us) if left and mine.since_us is not None else None
        return NotifyState(means, shown, left, since, mine.error if left else None)

    def _record_set(
        self, question: SavedQuestion, receiver: Receiver, change: str
    ) -> LogEntry | None:
        """Record who is told from here on, as whoever says so, for the question's case."""
        with acting(Author(self._store.acting.name, question.case)):
            return self._record({"change": change, **_named(question, receiver)})

    def _record_of(
        self, question: SavedQuestion, batch: _Batch, detail: dict[str, Any]
    ) -> LogEntry | None:
        """Record what became of a delivery, as whoever asks the question and for their case."""
        told = {
            **detail,
            **_named(question, batch.setting.receiver),
            "delivery": batch.delivery,
            "answers": len(batch.answers),
        }
        with acting(Author(question.made_by, question.case, question.reason)):
            return self._record(told)

    def _record(self, detail: Mapping[str, Any]) -> LogEntry | None:
        return log_reading.record(self._store, Event.SAVED, detail)


def _is_of(one: Setting, question: SavedQuestion) -> bool:
    return one.is_of(question.question_id, to_us(question.made_at))


def _is_due(mine: Setting) -> bool:
    if not mine.failures or mine.tried_us is None:
        return True
    pause_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** min(mine.failures - 1, MOST_DOUBLINGS))
    passed_s = (to_us(now()) - mine.tried_us) / 1e6
    return not 0 <= passed_s < pause_s  # a clock may have been set back


def _delivered(one: Setting, up_to: int | None) -> Setting:
    done = one.done if up_to is None else max(one.done, up_to)
    return replace(
        one, done=done, trying=None, failures=0, since_us=None, tried_us=None, error=None
    )


def _named(question: SavedQuestion, receiver: Receiver) -> dict[str, Any]:
    """Return what the log says of a question and of who is told: no name, path or argument."""
    return {
        "question": question.question_id,
        "means": receiver.means.value,
        "host": receiver.host,
    }
