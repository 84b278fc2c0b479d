"""A whole archive is linked: everything that may show one person becomes a proposal."""

from __future__ import annotations

import numpy as np

from reidsearch.base.errors import ArchiveError, Kind, NotFound, UsageError
from reidsearch.base.progress import NO_PROGRESS, Progress, step
from reidsearch.domain.decisions import Transits
from reidsearch.domain.models import ModelIdentity
from reidsearch.linking.adjust import adjusted
from reidsearch.linking.cluster import Cluster, cluster
from reidsearch.linking.constraints import NOBODY, Constraints
from reidsearch.store.crops.store import Store
from reidsearch.store.identities import store as identity_store
from reidsearch.store.identities.candidates import LinkingCandidates, linking_candidates
from reidsearch.store.identities.proposals import Proposed, replace_proposals
from reidsearch.vision.models.catalogue import by_digest

JOIN_ABOVE = 0.45
"""Adjusted score from which clusters are joined: chosen on synthetic people (6 to 120 at 3 or
4 cameras), by benchmarks/linking.py; never on the labelled sets that it is measured on."""


def link(
    store: Store,
    *,
    join_above: float | None = None,
    transits: Transits = Transits(),
    progress: Progress = NO_PROGRESS,
) -> None:
    """Propose identities for everything in an archive; earlier proposals are replaced.

    Args:
        join_above: adjusted score; None: `JOIN_ABOVE`, for models whose scores are known.

    Raises:
        ArchiveError: the archive holds no crops.
        UsageError: the threshold makes no sense, or none is known for the archive's model.
        NotFound: a transit names a camera that is not in the archive.
    """
    with store.one_state(), step(progress, "reading embeddings"), store.read() as connection:
        model = store.model()
        if model is None:
            raise ArchiveError(
                f"{store.location} holds no crops yet",
                kind=Kind.ARCHIVE_EMPTY,
                archive=store.location,
            )
        above = _threshold(join_above, model)
        held = linking_candidates(connection, model.dimension)
        identities = [
            one for one in identity_store.identities(connection) if one.merged_into is None
        ]
    _require_cameras(held, transits)
    constraints = Constraints(held.presences, identities, held.split)
    clusters = cluster(
        adjusted(held.vectors, constraints.cameras),
        above,
        together=constraints.together(),
        apart=constraints.apart,
        progress=progress,
    )
    proposed = [_proposed(held, constraints, one) for one in clusters.found]
    replace_proposals(
        store,
        [one for one in proposed if one is not None],
        join_above=above,
        transits=transits,
        linked=len(held.presences),
        capped=clusters.capped,
        model=model.text,
    )


def _threshold(given: float | None, model: ModelIdentity) -> float:
    if given is not None and not 0.1 <= given <= 1.0:
        raise UsageError(f"the adjusted score to join above lies in [0.1, 1], not {given}")
    if given is None and by_digest(model.digest) is None:
        raise UsageError(
            f"no default threshold is known for {model.name}",
            "give one, after looking at answers",
            kind=Kind.THRESHOLD_UNKNOWN,
        )
    return JOIN_ABOVE if given is None else given


def _require_cameras(held: LinkingCandidates, transits: Transits) -> None:
    known = sorted({one.camera for one in held.presences if one.camera is not None})
    for a, b, _ in transits.minima:
        for camera in (a, b):
            if camera not in known:
                raise NotFound(
                    f"the archive has no camera {camera!r}", f"cameras: {', '.join(known)}"
                )


def _proposed(held: LinkingCandidates, constraints: Constraints, one: Cluster) -> Proposed | None:
    """What a cluster proposes; None: nothing new."""
    whose = constraints.identity[one.items]
    new = one.items[whose == NOBODY]
    if not len(new) or len(one.items) < 2:
        return None
    vectors = held.vectors[one.items]
    scores = (vectors @ vectors.sum(axis=0) - 1.0) / (len(vectors) - 1)
    by_item = dict(zip(one.items.tolist(), scores.tolist(), strict=True))
    known = whose[whose != NOBODY]
    return Proposed(
        adds_to=int(known[0]) if len(known) else None,
        members=tuple(held.presences[item].member for item in new.tolist()),
        scores=tuple(float(np.clip(by_item[item], -1.0, 1.0)) for item in new.tolist()),
        score=one.score,
    )
