"""The crops of an inventory: pictures, members of containers, rows of manifests."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator

from reidsearch.base.errors import Refused, absent
from reidsearch.base.reading import refusal, require_file
from reidsearch.base.settings import PictureLimits
from reidsearch.domain.crops import CropInput, Rejected
from reidsearch.domain.reports import FactsReport
from reidsearch.media.files.containers import Container
from reidsearch.media.files.inventory import CROPS, Entry, Inventory, Kind
from reidsearch.media.files.locators import ContainerFile, FileBytes
from reidsearch.media.files.paths import ZIPS, require_bytes
from reidsearch.media.files.tars import tar_crops
from reidsearch.media.files.zips import zip_crops
from reidsearch.media.naming.patterns import Naming


class CropInputs(Iterator[CropInput | Rejected]):
    """Iterate over the crops of an inventory, lazily and in its order.

    Nothing is read ahead: a container or manifest is opened when its turn comes. Locators may be
    read at any time, from any thread; no handle stays open.

    Args:
        limits: of a compressed tar, members over the limit are not kept.
    """

    def __init__(self, inventory: Inventory, naming: Naming, limits: PictureLimits) -> None:
        self._inventory = inventory
        self._naming = naming
        self._limits = limits
        self._entry_bytes = 0
        self._within_bytes = 0
        self._listing = self._list()
        self._counts: Counter[str] = Counter()

    def __iter__(self) -> CropInputs:
        return self

    def __next__(self) -> CropInput | Rejected:
        item = next(self._listing)
        if isinstance(item, CropInput):
            facts = item.facts
            self._counts["inputs"] += 1
            self._counts["without_time"] += facts.time is None
            self._counts["without_camera"] += facts.camera is None
            self._counts["unread_names"] += not self._naming.matches(item.location)
        return item

    @property
    def facts(self) -> FactsReport:
        """What is not known of the inputs that were listed so far."""
        told = self._counts
        return FactsReport(
            inputs=told["inputs"],
            without_time=told["without_time"],
            without_camera=told["without_camera"],
            names_read=self._naming.reads_names,
            unread_names=told["unread_names"],
        )

    @property
    def position_bytes(self) -> int:
        """Bytes of the inventory's crops that lie behind: `Inventory.crop_bytes` in the end."""
        return self._entry_bytes + self._within_bytes

    def _list(self) -> Iterator[CropInput | Rejected]:
        for entry in self._inventory.entries(CROPS):
            if entry.kind is Kind.PICTURE:
                self._entry_bytes += entry.size_bytes
                yield self._picture(entry)
                continue
            if entry.kind is Kind.REFUSED:
                if entry.refused is None:
                    raise absent("why an input was refused")
                yield Rejected(entry.location, entry.refused)
            elif entry.kind is Kind.CONTAINER:
                yield from self._members(entry)
            else:
                manifest = self._inventory.manifests[entry.path]
                yield from manifest.crop_inputs(self._naming, self._passed)
            self._within_bytes = 0
            self._entry_bytes += entry.size_bytes

    def _passed(self, size_bytes: int) -> None:
        self._within_bytes += size_bytes

    def _picture(self, entry: Entry) -> CropInput | Rejected:
        location = entry.location
        try:
            facts = self._naming.facts(location)
        except Refused as refused:
            return Rejected(location, refused)
        fingerprint = f"{entry.size_bytes}-{entry.mtime_ns}"
        return CropInput(location, fingerprint, FileBytes(entry.path), None, facts)

    def _members(self, entry: Entry) -> Iterator[CropInput | Rejected]:
        try:
            status = os.stat(entry.path)  # noqa: PTH116 - long after the inventory was taken
            require_file(status)
            require_bytes(status.st_size, PictureLimits(max_bytes=status.st_size))
        except OSError as error:
            yield Rejected(entry.location, refusal(error))
            return
        except Refused as refused:
            yield Rejected(entry.location, refused)
            return
        file = ContainerFile(entry.path, status.st_size, status.st_mtime_ns)
        container = Container(file, self._naming, self._inventory.skipped)
        is_zip = entry.path.lower().endswith(ZIPS)
        for item in zip_crops(container) if is_zip else tar_crops(container, self._limits):
            self._within_bytes = container.position_bytes
            yield item
