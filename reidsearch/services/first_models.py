"""The models that a new archive cannot be without, loaded before it is made.

Archive.open(folder, create=True, first=load_models)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reidsearch.services.index import FootageOptions
    from reidsearch.vision.engines import Engines


def load_models(
    models: Engines, *, footage: FootageOptions | None = None, attributes: bool = False
) -> None:
    """Load what indexing is certain to need.

    Args:
        footage: there will be some, and it is analysed so; None: nobody knows yet.
        attributes: what people wear and carry will be recorded.

    Raises:
        ModelError: one is not there, or cannot be used.
        UsageError: footage cannot be decoded where it is to be.
    """
    if models.decoder is not None:
        from reidsearch.media.video.hardware import require_decoder

        require_decoder(models.decoder)
    models.embedder()
    if footage is not None and not _detected_elsewhere(footage):
        models.detector(footage.settings.detector)
    if attributes:
        models.recognizer()


def _detected_elsewhere(footage: FootageOptions) -> bool:
    listed = footage.naming.listed
    given = any(row.detections for row in listed.rows.values()) if listed else False
    return given or footage.detections is not None
