"""Labelled crops become embeddings, each picture once a model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reidsearch.base.errors import Refused, absent
from reidsearch.base.progress import NO_PROGRESS, Progress
from reidsearch.datasets.readers import DataSet
from reidsearch.domain.crops import Pixels, Vectors
from reidsearch.vision.embedding.embedder import Embedder
from reidsearch.vision.models.resize import Resize


def embed_set(
    data: DataSet,
    embedder: Embedder,
    resize: Resize | None = None,
    progress: Progress = NO_PROGRESS,
) -> Mapping[str, Vectors]:
    """The embeddings of all crops, for `DataSet.labelled`.

    Those that an archive holds by this model are taken as they are.

    Args:
        resize: takes the place of the embedder's own.

    Returns:
        Name of a crop -> (d,) float32 of unit length.

    Raises:
        Refused: a picture cannot be read or embedded; the message names it.
        ArchiveError: an archive's picture is damaged.
    """
    if resize is None and data.held and data.held.model.matches(embedder.identity):
        return data.held.rows

    def prepared() -> Iterator[tuple[str, Pixels]]:
        for crop in data.crops:
            pixels = crop.read()
            if resize is not None:
                pixels = resize(pixels, embedder.width_px, embedder.height_px)
            yield crop.name, embedder.prepare(pixels)

    rows: dict[str, Vectors] = {}
    progress.begin(f"embedding by {embedder.identity.text}", len(data.crops), "crops")
    for name, row in embedder.stream_together(prepared()):
        if isinstance(row, Refused):
            raise Refused(row.reason, f"{name}: {row.message}", row.hint)
        if row is None:
            raise absent("the embedding of a crop")
        rows[name] = row
        progress.advance()
    progress.end()
    return rows
