"""What decisions say of pairs of crops."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from reidsearch.domain.crops import Vectors
from reidsearch.domain.decisions import Identity, Member, Pairs, Presence
from reidsearch.store.crops.embeddings import embeddings_of
from reidsearch.store.crops.store import Store


def pairs_of(store: Store, identities: Sequence[Identity], seen: dict[Member, Presence]) -> Pairs:
    """Return pairs of members of one identity, and of members with rejected ones; see `Pairs`."""
    rows: list[tuple[float, bool, int, int, int]] = []
    for identity in identities:
        both = (*identity.members, *identity.rejected)
        vectors = embeddings_of(
            store, (crop_id for member in both for crop_id in seen[member].crop_ids)
        )
        for a in identity.members:
            for b in both:
                if a != b:
                    same = b in identity.members
                    for query, match in ((a, b),) if same else ((a, b), (b, a)):
                        rows += [
                            (score, same, identity.identity_id, of_query, of_match)
                            for score, of_query, of_match in _best(
                                seen[query], seen[match], vectors
                            )
                        ]
    columns = list(zip(*rows, strict=True)) or [()] * 5
    return Pairs(
        np.array(columns[0], np.float32),
        np.array(columns[1], np.bool_),
        *(np.array(column, np.int64) for column in columns[2:]),
    )


def _best(
    query: Presence, match: Presence, vectors: dict[int, Vectors]
) -> Iterable[tuple[float, int, int]]:
    """For each view of the one, its best score among the other's, with both crops."""
    there = [crop_id for crop_id in match.crop_ids if crop_id in vectors]
    if not there:
        return
    gallery = np.stack([vectors[crop_id] for crop_id in there])
    for crop_id in query.crop_ids:
        if crop_id in vectors:
            scores = gallery @ vectors[crop_id]
            best = int(scores.argmax())
            yield float(scores[best]), crop_id, there[best]
