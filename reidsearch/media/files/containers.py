"""What tar and zip archives have in common: their members' names, places and limits."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field

from reidsearch.base.errors import Reason, Refused
from reidsearch.domain.crops import CropInput, Rejected
from reidsearch.media.files.paths import Tally, kind_of, location_text, open_regular, refusal
from reidsearch.media.naming.patterns import Naming

# Pictures hardly compress: drawn ones reach 30 to 1, blank bitmaps 1000 to 1. More than this out
# of a container, once it is more than the floor, is an attack on the machine's time.
_BOMB_RATIO = 200
_BOMB_FLOOR_BYTES = 256 * 1024 * 1024


@dataclass(slots=True)
class Container:
    """One tar or zip archive that is being listed.

    Args:
        path: as the operating system knows it.
        size_bytes, mtime_ns: as it was when listing began; readers hold it to them.
        tally: counts members whose type nobody meant to offer.
    """

    path: str
    size_bytes: int
    mtime_ns: int
    naming: Naming
    tally: Tally
    location: str = field(init=False)
    members: int = field(default=0, init=False)
    _seen: set[int] = field(default_factory=set, init=False, repr=False)

    def __post_init__(self) -> None:
        self.location = location_text(self.path)

    def screen(self, name: str, odd: str = "") -> Rejected | str | None:
        """Judge a member by its name: its location when it is a picture to offer.

        Args:
            odd: what the member is when not a plain file, e.g. `a link`.

        Returns:
            The location; `Rejected` with the reason; None when it is passed over.
        """
        self.members += 1
        parts = name.replace("\\", "/").split("/")
        where = f"{self.location}!/{location_text(name)}"
        if name.startswith(("/", "\\")) or ".." in parts or name[1:2] == ":":
            return self._rejected(where, Reason.UNSAFE_PATH, "its path leads out of the container")
        parts = [part for part in parts if part not in {"", "."}]
        if not parts or any(part.startswith(".") or part == "__MACOSX" for part in parts):
            return None
        kind = kind_of(parts[-1])
        if kind == "hidden":
            return None
        where = f"{self.location}!/{location_text('/'.join(parts))}"
        if odd:
            return self._rejected(where, Reason.NOT_A_FILE, f"it is {odd}, not a file")
        if kind == "container":
            return self._rejected(
                where, Reason.NESTED_CONTAINER, "a container inside a container", "unpack it first"
            )
        if kind == "video":
            return self._rejected(
                where, Reason.NESTED_CONTAINER, "a video inside a container", "unpack it first"
            )
        if kind == "other":
            self.tally.ignored += 1
            return None
        if (mark := hash(where)) in self._seen:
            return self._rejected(
                where, Reason.DUPLICATE_ROW, "an earlier member of the container has this name"
            )
        self._seen.add(mark)
        return where

    def offer(
        self,
        location: str,
        size_bytes: int,
        place: int,
        read: Callable[[], bytes],
        held_bytes: int = 0,
    ) -> CropInput | Rejected:
        """A member as an offer; `place` (offset or checksum) tells it from others of its size."""
        try:
            facts = self.naming.facts(location)
        except Refused as refused:
            return Rejected(location, refused)
        fingerprint = f"{self.size_bytes}-{self.mtime_ns}-{size_bytes}-{place}"
        return CropInput(location, fingerprint, read, None, facts, held_bytes)

    def damaged(self, why: str) -> Rejected:
        """The container itself as a failure, with how far reading came."""
        return self._rejected(
            self.location,
            Reason.BAD_CONTAINER,
            f"reading stopped after {self.members} members: {why}",
            "what lies before is offered; make the container anew for the rest",
        )

    def require_modest(self, unpacked_bytes: int, packed_bytes: int) -> None:
        """Refuse what grows out of all proportion.

        Raises:
            Refused: (bomb).
        """
        if unpacked_bytes > max(_BOMB_FLOOR_BYTES, _BOMB_RATIO * packed_bytes):
            raise Refused(
                Reason.BOMB,
                f"{packed_bytes} bytes unpack to more than {unpacked_bytes}; "
                f"stopped after {self.members} members",
                "unpack it yourself if it can be trusted, and index the folder",
            )

    def pread(self, offset: int, size_bytes: int) -> bytes:
        """Bytes of the container, from any thread, without an open handle in between.

        Raises:
            Refused: unreadable (also when it changed since it was listed), truncated.
        """
        descriptor = open_regular(self.path)
        try:
            status = os.fstat(descriptor)
            if (status.st_size, status.st_mtime_ns) != (self.size_bytes, self.mtime_ns):
                raise Refused(
                    Reason.UNREADABLE, "its container changed while it was read", "run again"
                )
            data = os.pread(descriptor, size_bytes, offset)
            while 0 < len(data) < size_bytes:  # at most 2 GiB a call
                more = os.pread(descriptor, size_bytes - len(data), offset + len(data))
                if not more:
                    break
                data += more
        except OSError as error:
            raise refusal(error) from error
        finally:
            os.close(descriptor)
        if len(data) < size_bytes:
            raise Refused(Reason.TRUNCATED, "its container ends too early")
        return data

    def _rejected(self, where: str, reason: Reason, message: str, hint: str = "") -> Rejected:
        return Rejected(where, Refused(reason, message, hint))
