"""From requests to queries: what they name looked up, what they show embedded."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from typing import TYPE_CHECKING

from reidsearch.base.errors import ReidsearchError
from reidsearch.base.progress import Progress
from reidsearch.base.settings import PictureLimits
from reidsearch.domain.adjustment import Adjustment
from reidsearch.domain.answers import Failed
from reidsearch.domain.decisions import Identity
from reidsearch.domain.request import SearchRequest
from reidsearch.index.gallery import Gallery
from reidsearch.services.score_readers import ScoreReaders
from reidsearch.services.search_ready import (
    LookedUp,
    Ready,
    ready_to_search,
    require_combinable,
)
from reidsearch.store.crops.store import Store
from reidsearch.store.places import resolved
from reidsearch.store.selection import require_cameras

if TYPE_CHECKING:
    from reidsearch.calibration.apply import ScoreReader
    from reidsearch.search.identity import IdentityQuery
    from reidsearch.search.query_pictures import Embeddable, EmbeddedQuery
    from reidsearch.services.space_time import SpaceTimeReader
    from reidsearch.vision.engines import Engines


class RequestPreparation:
    """Makes queries of the requests to one archive.

    Args:
        find_identity: name or number -> the identity; raises NotFound.
    """

    def __init__(
        self,
        store: Store,
        gallery: Gallery,
        engines: Engines,
        readers: ScoreReaders,
        find_identity: Callable[[str], Identity],
        progress: Progress,
    ) -> None:
        self._store = store
        self._gallery = gallery
        self._engines = engines
        self._readers = readers
        self._find_identity = find_identity
        self._progress = progress
        self._loading: Future[None] | None = None

    @contextlib.contextmanager
    def index_loading(self) -> Iterator[None]:
        """Load the index in another thread, which has ended when this does.

        Verifying a large index file takes about as long as reading pictures and embedding them.
        `embedded` raises what it raised.
        """
        self._load_meanwhile()
        try:
            yield
        finally:  # an archive may be closed once a search was refused
            loading, self._loading = self._loading, None
            wait([loading] if loading else [])

    def _load_meanwhile(self) -> None:
        if self._gallery.index is None and self._loading is None:
            pool = ThreadPoolExecutor(1)
            self._loading = pool.submit(self._gallery.sync, self._progress)
            pool.shutdown(wait=False)

    def ready(
        self,
        requests: Sequence[SearchRequest],
        reader: ScoreReader,
        given: Sequence[Embeddable] | None = None,
    ) -> list[Ready | Failed]:
        """Look up identities and feedback, read and embed pictures; load the index meanwhile.

        Args:
            given: in place of the requests' own pictures.
        """
        looked_up = [self.looked_up(request, reader, given) for request in requests]
        every = [one for one in looked_up if isinstance(one, LookedUp)]
        embedded = iter(self.embedded([(one.pictures, one.request.limits) for one in every]))
        return [
            one
            if isinstance(one, Failed)
            else ready_to_search(
                one,
                next(embedded),
                reader,
                self._space_time(one),
            )
            for one in looked_up
        ]

    def looked_up(
        self,
        request: SearchRequest,
        reader: ScoreReader,
        given: Sequence[Embeddable] | None = None,
    ) -> LookedUp | Failed:
        """Return a request with what the archive knows of it; Failed where that refuses it.

        Args:
            given: in place of the request's own pictures.
        """
        from reidsearch.search.feedback import marked_crops

        try:
            request = self.resolved(request)
            self._require_camera(request)
            require_combinable(self._store, request)
            self._fitting(reader, request).require(request)
            identity = self.identity(request)
            shown = request.pictures if given is None else given
            pictures = (*shown, *identity.crop_ids, *identity.photos)
            crops = [one for one in pictures if isinstance(one, int)]
            feedback = marked_crops(
                self._store, request.likes, request.unlikes, crops, identity.rejected
            )
            return LookedUp(request, identity, pictures, feedback)
        except ReidsearchError as error:
            return Failed(request, error)

    def _space_time(self, asked: LookedUp) -> SpaceTimeReader | None:
        if not asked.request.space_time:
            return None
        from reidsearch.services.space_time import space_time_reader

        return space_time_reader(self._store, asked.request, asked.identity)

    def identity(self, request: SearchRequest) -> IdentityQuery:
        """Return what the identity of a request adds to its query; raises NotFound."""
        from reidsearch.search.identity import IdentityQuery, identity_query

        if request.identity is None:
            return IdentityQuery()
        identity = self._find_identity(request.identity)
        return identity_query(self._store, identity, new_only=request.new_only)

    def embedded(
        self, queries: Sequence[tuple[Sequence[Embeddable], PictureLimits]]
    ) -> list[EmbeddedQuery | ReidsearchError]:
        """Embed the pictures of all queries together; load the index meanwhile."""
        from reidsearch.search.query_pictures import embed_queries

        self._load_meanwhile()
        loading, self._loading = self._loading, None
        try:
            embedded = embed_queries(queries, self._store, self._engines.embed)
        finally:
            wait([loading] if loading else [])
        if loading is not None:
            loading.result()
        return embedded

    def resolved(self, request: SearchRequest) -> SearchRequest:
        """Return the request with the regions and lines that its filters name."""
        filters = resolved(self._store, request.filters)
        return request if filters is request.filters else replace(request, filters=filters)

    def _require_camera(self, request: SearchRequest) -> None:
        if request.query_camera is not None:
            with self._store.scan() as connection:
                require_cameras(connection, (request.query_camera,))

    def _fitting(self, reader: ScoreReader, request: SearchRequest) -> ScoreReader:
        """Return the reader of the scores that a request will have, where it depends on it."""
        if request.prior is None and request.max_false_alarms is None and not request.combined:
            return reader
        self._gallery.sync(self._progress)
        adjusted = request.adjusted and isinstance(self._gallery.adjustment(), Adjustment)
        return self._readers.of(reader, adjusted=adjusted)
