"""What tar and zip archives have in common: their members' names, places and limits."""

from __future__ import annotations

from dataclasses import dataclass, field

from reidsearch.base.errors import Reason, Refused
from reidsearch.base.locations import location_text
from reidsearch.domain.crops import CropInput, Locator, Rejected
from reidsearch.media.files.locators import ContainerFile
from reidsearch.media.files.paths import Skipped, kind_of
from reidsearch.media.naming.patterns import Naming

# Pictures hardly compress: drawn ones reach 30 to 1, blank bitmaps 1000 to 1. More than this out
# of a container, once it is more than the floor, is an attack on the machine's time.
_BOMB_RATIO = 200
_BOMB_FLOOR_BYTES = 256 * 1024 * 1024


@dataclass(slots=True)
class Container:
    """One tar or zip archive that is being listed.

    Args:
        file: as it was when listing began; readers hold it to that.
        skipped: notes members of unsupported types.
    """

    file: ContainerFile
    naming: Naming
    skipped: Skipped
    location: str = field(init=False)
    members: int = field(default=0, init=False)
    position_bytes: int = field(default=0, init=False)
    """Bytes of the file that lie behind, for progress."""
    _seen: set[int] = field(default_factory=set, init=False, repr=False)

    def __post_init__(self) -> None:
        self.location = location_text(self.file.path)

    def screen(self, name: str, odd: str = "") -> Rejected | str | None:
        """Judge a member by its name: return its location when it is a picture.

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
            self.skipped.note(where)
            return None
        if (mark := hash(where)) in self._seen:
            return self._rejected(
                where, Reason.DUPLICATE_ROW, "an earlier member of the container has this name"
            )
        self._seen.add(mark)
        return where

    def crop_input(
        self, location: str, size_bytes: int, place: int, locator: Locator
    ) -> CropInput | Rejected:
        """Make a member's input; `place` (offset or checksum) tells it from others of its size."""
        try:
            facts = self.naming.facts(location)
        except Refused as refused:
            return Rejected(location, refused)
        file = self.file
        fingerprint = f"{file.size_bytes}-{file.mtime_ns}-{size_bytes}-{place}"
        return CropInput(location, fingerprint, locator, None, facts)

    def damaged(self, why: str) -> Rejected:
        """Make the container itself a failure that says how far reading came."""
        return self._rejected(
            self.location,
            Reason.BAD_CONTAINER,
            f"reading stopped after {self.members} members: {why}",
            "what lies before is indexed; make the container anew for the rest",
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

    def _rejected(self, where: str, reason: Reason, message: str, hint: str = "") -> Rejected:
        return Rejected(where, Refused(reason, message, hint))
