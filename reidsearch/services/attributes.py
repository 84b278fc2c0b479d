"""`Archive.attributes`: what people wear and carry, recorded from the stored pictures on request.

with Archive.open("archive") as archive:
    archive.attributes.record()
    archive.search("person.jpg", filters=Filters(wearing=("upper:red",), with_things=("bag",)))
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from threading import Event
from typing import TYPE_CHECKING

from reidsearch.base.errors import Refused
from reidsearch.base.progress import NO_PROGRESS, Progress
from reidsearch.base.settings import PictureLimits
from reidsearch.domain.attributes import Attributes, Values
from reidsearch.domain.crops import Pixels
from reidsearch.domain.event_log import Event as Log
from reidsearch.domain.reports import AttributesReport
from reidsearch.media.pictures import decode
from reidsearch.store import attributes as attribute_store
from reidsearch.store.crops.store import Store
from reidsearch.store.log_reading import record

if TYPE_CHECKING:
    from reidsearch.vision.attributes.recognizer import Recognizer


class AttributeService:
    """Attributes of one archive.

    Args:
        recognizer: gives the model of a name, or the usual one, loaded when it is first needed.
    """

    def __init__(self, store: Store, recognizer: Callable[[str | None], Recognizer]) -> None:
        self._store = store
        self._recognizer = recognizer

    def of(self, crop_id: int) -> Attributes | None:
        """Those of a crop's tracklet, or of the crop; None while nothing is recorded.

        Raises:
            NotFound: no crop has this id.
        """
        found = attribute_store.attributes_of(self._store, [crop_id])
        if crop_id not in found:
            self._store.crop(crop_id)
        return found.get(crop_id)

    def record(
        self,
        progress: Progress = NO_PROGRESS,
        model: str | None = None,
        stop: Event | None = None,
    ) -> AttributesReport:
        """Record the attributes of every crop that has none of this model and method yet.

        Every tracklet is committed whole, so an interrupted run goes on where it stopped.

        Args:
            model: catalogue name or file; None: the catalogue's.
            stop: set it to stop after committing.

        Raises:
            ModelError: the model cannot be had.
            ArchiveLocked: another process writes.
        """
        recognizer = self._recognizer(model)
        count, units = attribute_store.pending(self._store, recognizer.identity)
        progress.begin("recording attributes", count, "crops")
        work = _Work(recognizer, units, progress, stop or Event())
        attribute_store.record(self._store, recognizer.identity, count, work.batches())
        progress.end()
        if count:
            finished = work.recorded + len(work.failed) == count
            told = {"crops": work.recorded, "finished": finished}
            record(self._store, Log.ANNOTATE_END, told)
        return AttributesReport(work.recorded, tuple(work.failed), recognizer.identity.text)


@dataclass
class _Work:
    """Pictures through the model, and what became of them."""

    recognizer: Recognizer
    units: Iterator[list[attribute_store.Unit]]
    progress: Progress
    stop: Event
    recorded: int = 0
    failed: list[int] = field(default_factory=list)

    def batches(self) -> Iterator[list[tuple[int, Values]]]:
        """What each transaction stores; a unit is never torn."""
        batch: list[tuple[int, Values]] = []
        for crop_id, values in self.recognizer.stream(self._pictures()):
            if crop_id is None:  # the end of some units
                yield batch
                self.recorded += len(batch)
                batch = []
                if self.stop.is_set():
                    return
                continue
            self.progress.advance()
            if values is None:
                self.failed.append(crop_id)
            else:
                batch.append((crop_id, values))

    def _pictures(self) -> Iterator[tuple[int | None, Pixels | None]]:
        for units in self.units:
            for crop_id, jpeg in (view for unit in units for view in unit):
                try:
                    picture = self.recognizer.prepare(decode(jpeg, PictureLimits()))
                except Refused:
                    picture = None
                yield crop_id, picture
            yield None, None
