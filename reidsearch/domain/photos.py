"""Reference photographs: pictures from outside of an archive that are said to show somebody."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from reidsearch.base.boxes import Box
from reidsearch.domain.query_origins import Detection, OriginKind, QueryOrigin


@dataclass(frozen=True, slots=True)
class ReferencePhoto:
    """A picture that somebody says shows an identity. Searched with, never found.

    Args:
        name: of the file as it was given, without its folder.
        sha256: of the bytes as they were given, which the archive keeps, in hexadecimal.
        box: what of the upright picture shows the person.
        detection: how the box was found; None: it was given.
        model: name of the model that its embedding was made with; None: it has none.
        case: for which it was added; None: for none.
    """

    photo_id: int
    name: str
    sha256: str
    size_bytes: int
    box: Box
    detection: Detection | None
    model: str | None
    added_at: dt.datetime
    added_by: str
    case: str | None
    note: str

    @property
    def text(self) -> str:
        """`photo 3 (passport.jpg)`."""
        return f"photo {self.photo_id} ({self.name})"

    @property
    def origin(self) -> QueryOrigin:
        """Where what is searched with comes from."""
        return QueryOrigin(
            OriginKind.PHOTO,
            self.name,
            self.box,
            sha256=self.sha256,
            detection=self.detection,
            photo_id=self.photo_id,
        )
