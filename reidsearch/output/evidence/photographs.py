"""The reference photographs of an identity in a bundle: the files as they were given."""

from __future__ import annotations

from pathlib import Path

from reidsearch.base.errors import ReidsearchError
from reidsearch.output.evidence.held import Held
from reidsearch.output.evidence.manifest import Bundle


def put_photographs(bundle: Bundle, archive: Held) -> None:
    """Put in what the identity was searched for with; of a redacted bundle nothing.

    A photograph may show other people too, of whom nobody knows where they are in it.
    """
    if bundle.asked.redact is not None:
        return
    held = archive.identities.photos
    for photo_id in bundle.asked.photos:
        try:
            photo, data = held.find(photo_id), held.picture(photo_id)
        except ReidsearchError as error:
            bundle.missing.append(f"Reference photograph {photo_id}: {error.message}.")
            continue
        ending = Path(photo.name).suffix.lower()
        ending = ending if ending[1:].isalnum() and ending.isascii() else ".bin"
        says = (
            f"reference photograph {photo.photo_id} of the identity, from outside of the archive, "
            f"as it was given: {photo.name}; no finding"
        )
        path = f"photographs/photo-{photo.photo_id}{ending}"
        bundle.put(path, "photograph", says, data)
