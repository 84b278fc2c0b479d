"""The event log as a bundle has it: whole, but for the details that concern something else."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection

from reidsearch.base.errors import DECODING_ERRORS, StorageError
from reidsearch.domain.event_log import QUESTIONS, Event, LogEntry, Seal, canonical
from reidsearch.output.event_log import entry_json
from reidsearch.output.evidence.held import HeldLog
from reidsearch.output.evidence.manifest import Bundle, LogPart

ALWAYS = frozenset({"begin", "forget", "key", "seal"})
"""Events whose details the chain, its seals and signatures are verified with."""
OF_THE_ARCHIVE = frozenset({
    "index", "index-end", "reembed", "clock", "calibrate",
    "forget-calibration", "timezone", "relocate", "grown", "case-required",
})  # fmt: skip
"""Events whose details tell how the footage was treated, when they are of no case."""


def put_log(bundle: Bundle, log: HeldLog, seal: Callable[[], Seal]) -> list[LogEntry]:
    """Seal the log, and put it in up to that seal, with all seals and the answers of the case.

    Args:
        seal: seals the log now, with the key that the archive signs with.

    Returns:
        The entries whose details are in the bundle.

    Raises:
        ArchiveError, StorageError: it cannot be read, or not be sealed.
    """
    if not log.kept:
        bundle.log_missing = "the archive was made without one"
        return []
    try:
        until = seal().entries
    except StorageError as error:
        bundle.missing.append(f"The log was not sealed for this bundle: {error.message}.")
        until = log.count()
    shown: list[LogEntry] = []
    left_out, erased, head, number = 0, 0, "", 0
    with bundle.place("log/entries.jsonl").open("wb") as file:
        for entry in log.entries():
            if entry.number > until:
                break
            state = "here" if _is_shown(entry, bundle) else "left out"
            if entry.detail is None:
                state = "erased"
            told = {**entry_json(entry), "state": state}
            if state == "here":
                shown.append(entry)
            else:
                told |= {"salt": None, "detail": None}
                left_out, erased = left_out + (state == "left out"), erased + (state == "erased")
            file.write(canonical(told) + b"\n")
            number, head = entry.number, entry.digest.hex()
    bundle.add("log/entries.jsonl", "log", "the archive's event log, one entry a line")
    newest = _put_seals(bundle, log.seal_files(), number)
    bundle.log = LogPart(number, head, newest, left_out, erased)
    _put_answers(bundle, shown)
    return shown


def _put_seals(bundle: Bundle, files: dict[str, bytes], until: int) -> int:
    """Put in the seals of entries that are in the bundle; return the newest one's number."""
    newest = 0
    for name, data in sorted(files.items()):
        number = int(name.partition(".")[0])
        if number <= until:
            what = {"json": "a seal", "sig": "the signature of a seal"}.get(
                name.rpartition(".")[2], "the time stamp of a seal"
            )
            bundle.put(f"log/seals/{name}", "seal", f"{what} of the log up to {number}", data)
            newest = max(newest, number)
    return newest


def _is_shown(entry: LogEntry, bundle: Bundle) -> bool:
    """Tell whether the detail of an entry belongs into the bundle."""
    asked = bundle.asked
    if entry.event.value in ALWAYS or entry.number == asked.answer_entry:
        return True
    if entry.event is Event.DECISION and _names(entry, asked.decisions):
        return True  # for whatever case: findings stand on it, and the report tells it
    if entry.case is not None:
        return asked.case is not None and entry.case == asked.case.number
    if entry.event is Event.PHOTO:
        return _names(entry, asked.photos)
    return entry.event.value in OF_THE_ARCHIVE


def _names(entry: LogEntry, numbers: Collection[int]) -> bool:
    """Tell whether an entry is about one of these decisions, or of these photographs."""
    try:
        return (entry.said or {}).get(entry.event.value) in numbers
    except DECODING_ERRORS:
        return False


def _put_answers(bundle: Bundle, shown: list[LogEntry]) -> None:
    """Put in what was asked and answered, as the log says it; and the answer that was given."""
    for entry in shown:
        if entry.event in QUESTIONS and entry.detail is not None:
            path = f"answers/entry-{entry.number}.json"
            says = f"what log entry {entry.number} says: {entry.event.value} by {entry.actor}"
            data = entry.detail.encode()
            bundle.put(path, "answer", says, data, log_entry=entry.number)
    if bundle.asked.answer is not None:
        says = "the answer that the findings are of, as it was kept"
        bundle.put("answers/answer.json", "answer", says, bundle.asked.answer)


def actions(shown: list[LogEntry]) -> list[LogEntry]:
    """Return the entries that somebody's action on the case made: searches, decisions, exports."""
    kinds = {*QUESTIONS, Event.DECISION, Event.EXPORT} - {Event.SEARCH_END}
    return [one for one in shown if one.event in kinds and _is_object(one)]


def _is_object(entry: LogEntry) -> bool:
    return entry.detail is not None and isinstance(json.loads(entry.detail), dict)
