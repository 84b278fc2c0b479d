"""Why a match scores what it scores: which parts of both pictures, and who else scores like it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from reidsearch.base.errors import UsageError, absent
from reidsearch.calibration.apply import ScoreReader
from reidsearch.calibration.impostors import ArchiveImpostors
from reidsearch.domain.adjustment import AdjustedBy, Adjustment, WhyNotAdjusted, centred
from reidsearch.domain.answers import Match, Own
from reidsearch.domain.crops import Crop, Pixels, Vectors
from reidsearch.domain.decisions import Mark, Member, Presence
from reidsearch.domain.explanation import Explanation, Neighbour, Observed, Stripe
from reidsearch.domain.query_origins import QueryOrigin
from reidsearch.domain.request import SearchRequest
from reidsearch.index.gallery import Gallery
from reidsearch.media.pictures import decode
from reidsearch.search.own import Found, with_own
from reidsearch.search.query_pictures import Embed, embed_query, read_query_picture
from reidsearch.store.cases import asked_for
from reidsearch.store.crops.embeddings import crops_with_embeddings, embeddings_of
from reidsearch.store.crops.labelled import labelled_crops
from reidsearch.store.crops.store import Store
from reidsearch.store.footage.different_people import known_different
from reidsearch.store.footage.presence import at_once, presences
from reidsearch.store.footage.tracklet_reader import tracklets
from reidsearch.store.identities.store import marks, members_of_crops

STRIPES = 8
NEAREST = 5
OBSERVED = 5_000  # pairs of different people: a share of 1 in 1000 is then known to within half
SEED = 20_261_124
_LABELLED = 400  # crops, drawn: 80 000 pairs at most


def explain(
    store: Store,
    gallery: Gallery,
    embed: Embed,
    request: SearchRequest,
    match_id: int,
) -> Explanation:
    """Explain the score of one crop for a query of one picture or crop.

    Args:
        gallery: in sync.

    Raises:
        NotFound: there is no such crop.
        Refused: the query's picture cannot be read.
        UsageError: the query is not one picture or crop; it needs a case, see `asked_for`.
    """
    asked_for(store)
    if len(request.pictures) != 1:
        raise UsageError(f"one picture is explained at a time, not {len(request.pictures)}")
    (query,), limits = request.pictures, request.limits
    if not isinstance(query, int):
        query = read_query_picture(query, limits)  # once: what is shown is what was embedded
    match = store.crop(match_id)
    match_picture = decode(store.picture(match_id), limits)
    embedded = embed_query([query], store, embed, limits)
    query_id = query if isinstance(query, int) else None
    query_picture = decode(store.picture(query), limits) if isinstance(query, int) else query.pixels
    camera = (request.query_camera if query_id is None else None) or embedded.cameras[0]
    scored = _Scored.of(gallery, request, camera, match_id)
    vector = scored.query(embedded.rows)[0]
    row = scored.match(crops_with_embeddings(store, [match_id])[match_id][1][None])[0]
    score = float(np.clip(row @ vector, -1.0, 1.0))
    of_pictures, stripes = _occluded(embed, query_picture, match_picture, scored)
    around = _Around(store, gallery, query_id, match, scored.adjust)
    adjusted = scored.adjust is not None
    reader = ScoreReader.of(store).fitting(adjusted=adjusted)
    reader = reader.by_reference(
        lambda: ArchiveImpostors(gallery).of(adjusted=adjusted), adjusted=adjusted
    )
    calibration = reader.calibration
    searched = max(len(gallery), 2)
    model = store.model()
    if model is None:  # it holds the match
        raise absent("the archive's model")
    return Explanation(
        query=request.label or embedded.label,
        origin=embedded.origins[0],
        match=match,
        model=model,
        score=score,
        score_of_pictures=of_pictures,
        query_picture=query_picture,
        match_picture=match_picture,
        stripes=stripes,
        near_query=around.nearest(vector),
        near_match=around.nearest(row),
        status=reader.status,
        calibration=calibration,
        reading=calibration.read(score, prior=1 / searched, comparisons=searched)
        if calibration
        else None,
        same_below=calibration.same_below(score) if calibration else None,
        observed=tuple(_observed(store, score, scored.adjust)),
        own=_own(store, match, score, embedded.origins),
        adjusted=scored.by,
    )


@dataclass(frozen=True, slots=True)
class _Scored:
    """How embeddings of a query's pictures and of a match's become unit vectors of the score.

    Args:
        adjust: None: scores are plain.
        camera: that took the query's picture, where it is known.
    """

    adjust: Adjustment | None
    by: AdjustedBy
    camera: str | None
    match_id: int

    @classmethod
    def of(
        cls, gallery: Gallery, request: SearchRequest, camera: str | None, match_id: int
    ) -> _Scored:
        found = gallery.adjustment() if request.adjusted else WhyNotAdjusted.AS_ASKED
        if isinstance(found, Adjustment):
            by = replace(found.by, query_cameras=found.known([camera]))
            return cls(found, by, camera, match_id)
        return cls(None, AdjustedBy(why_not=found), camera, match_id)

    def query(self, rows: Vectors) -> Vectors:
        """(n, d) of embeddings of the query's picture, perhaps masked."""
        if self.adjust is None:
            return rows
        return self.adjust.queries(rows, [self.camera] * len(rows))

    def match(self, rows: Vectors) -> Vectors:
        """(n, d) of embeddings of the match's picture, perhaps masked."""
        if self.adjust is None:
            return rows
        return centred(rows, self.adjust.means[[self.adjust.slots[self.match_id]]])


def _own(store: Store, match: Crop, score: float, origins: Sequence[QueryOrigin]) -> Own | None:
    """Return what an answer would say that the match shares with the query."""
    seen = None
    if match.moment is not None:
        seen = tracklets(store, [match.moment.tracklet_id]).get(match.moment.tracklet_id)
    ((marked,),) = with_own(store, [Found((Match(1, score, match, seen),), origins)])
    return marked.own


def _occluded(
    embed: Embed, query: Pixels, match: Pixels, scored: _Scored
) -> tuple[float, tuple[Stripe, ...]]:
    edges = np.linspace(0.0, 1.0, STRIPES + 1)
    ends = list(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True))
    rows = embed(
        [query, *(masked(query, *part) for part in ends), match]
        + [masked(match, *part) for part in ends]
    )
    of_query, of_match = scored.query(rows[: STRIPES + 1]), scored.match(rows[STRIPES + 1 :])
    score = float(of_query[0] @ of_match[0])
    return score, tuple(
        Stripe(
            top, bottom, score - float(without @ of_match[0]), score - float(of_query[0] @ other)
        )
        for (top, bottom), without, other in zip(ends, of_query[1:], of_match[1:], strict=True)
    )


def masked(picture: Pixels, top: float, bottom: float) -> Pixels:
    """The picture with a stripe in its mean colour.

    Args:
        picture: (h, w, 3) uint8; unchanged.
        top, bottom: shares of the height; at least one row is masked.
    """
    height = len(picture)
    first = min(int(top * height), height - 1)
    copy = picture.copy()
    copy[first : max(round(bottom * height), first + 1)] = picture.mean((0, 1)).round()
    return copy


class _Around:
    """Who else is near, and what is known of who they are."""

    def __init__(
        self,
        store: Store,
        gallery: Gallery,
        query_id: int | None,
        match: Crop,
        adjust: Adjustment | None,
    ) -> None:
        self._store, self._gallery, self._adjust = store, gallery, adjust
        own = [match.crop_id, *([query_id] if query_id is not None else [])]
        self._members, self._marks, seen = self._known(own)
        self._named = {
            name: seen[self._members[crop_id]]
            for name, crop_id in (("match", match.crop_id), ("query", query_id))
            if crop_id in self._members and self._members[crop_id] in seen
        }
        self._labels = {crop.facts.person for crop in store.crops(own)} - {None}
        self._identities = {
            mark.identity.identity_id for mark in self._marks.values() if mark.identity
        }

    def nearest(self, vector: Vectors) -> tuple[Neighbour, ...]:
        """The best others for a vector, one a tracklet and person."""
        wanted = 8 * NEAREST
        while True:
            found = self._gallery.search(vector, wanted, adjust=self._adjust)
            others = self._others(found.crops, found.scores.tolist())
            if len(others) >= NEAREST or len(found.crops) < wanted:
                return tuple(others[:NEAREST])
            wanted *= 4

    def _others(self, crops: Sequence[Crop], scores: Sequence[float]) -> list[Neighbour]:
        members, decided, seen = self._known([crop.crop_id for crop in crops])
        kept: list[Neighbour] = []
        taken: set[Member | str | int] = set(self._members.values())
        for crop, score in zip(crops, scores, strict=True):
            member = members.get(crop.crop_id)
            if member is None:  # deleted meanwhile
                continue
            mark = decided.get(member, Mark())
            who: set[Member | str | int] = {member}
            who |= {crop.facts.person} if crop.facts.person is not None else set()
            who |= {mark.identity.identity_id} if mark.identity else set()
            if who & taken:
                continue
            taken |= who
            if crop.facts.person in self._labels or (
                mark.identity is not None and mark.identity.identity_id in self._identities
            ):
                continue
            kept.append(
                Neighbour(crop, min(score, 1.0), self._different(crop, mark, seen.get(member)))
            )
        return kept

    def _different(self, crop: Crop, mark: Mark, presence: Presence | None) -> str:
        if crop.facts.person is not None and self._labels:
            return f"labelled {crop.facts.person}"
        if mark.identity is not None and self._identities:
            return f"confirmed as {mark.identity.name}"
        if {one.identity_id for one in mark.rejected_for} & self._identities:
            return "rejected"
        for name, own in self._named.items():
            if presence is not None and at_once(presence, own):
                return f"seen at the same time as the {name}, if nobody was detected twice"
        return ""

    def _known(
        self, crop_ids: Sequence[int]
    ) -> tuple[dict[int, Member], dict[Member, Mark], dict[Member, Presence]]:
        with self._store.read() as connection:
            members = members_of_crops(connection, crop_ids)
            seen = presences(connection, members.values())
        return members, marks(self._store, members.values()), seen


def _observed(store: Store, score: float, adjust: Adjustment | None) -> list[Observed]:
    rng = np.random.default_rng(SEED)
    together = known_different(store, OBSERVED, SEED)
    found = [("different people seen at the same time by one camera", together)]
    labelled, _ = labelled_crops(store)
    if len(labelled) > _LABELLED:
        drawn = np.sort(rng.choice(len(labelled), _LABELLED, replace=False))
        labelled = [labelled[at] for at in drawn]
    apart = [
        (one, other)
        for place, (one, person, camera) in enumerate(labelled)
        for other, somebody, elsewhere in labelled[place + 1 :]
        if person != somebody and camera != elsewhere
    ]
    if len(apart) > OBSERVED:
        apart = [apart[at] for at in np.sort(rng.choice(len(apart), OBSERVED, replace=False))]
    found.append(("different people by their labels, at two cameras", apart))
    return [_compared(store, how, pairs, score, adjust) for how, pairs in found if pairs]


def _compared(
    store: Store,
    how: str,
    pairs: list[tuple[int, int]],
    score: float,
    adjust: Adjustment | None,
) -> Observed:
    rows = embeddings_of(store, sorted({crop_id for pair in pairs for crop_id in pair}))
    if adjust is not None:
        rows = {
            crop_id: adjust.vectors(np.array([crop_id]), row[None])[0]
            for crop_id, row in rows.items()
        }
    scores = np.sort(
        np.array([rows[a] @ rows[b] for a, b in pairs if a in rows and b in rows], np.float32)
    )
    return Observed(how, scores, int(np.count_nonzero(scores >= score)))
