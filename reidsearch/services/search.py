"""Searches of an archive: one request, many, all matches, and how a search would go."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from reidsearch.base.errors import ReidsearchError, UsageError
from reidsearch.base.progress import NO_PROGRESS, Progress
from reidsearch.domain.answers import Answer, Failed, Match, Statement
from reidsearch.domain.crops import Vectors
from reidsearch.domain.decisions import Identity
from reidsearch.domain.filters import Filters
from reidsearch.domain.models import ModelIdentity
from reidsearch.domain.places import Line, Region
from reidsearch.domain.query_origins import EmbeddedPicture
from reidsearch.domain.request import QueryPicture, SearchRequest
from reidsearch.index.gallery import Gallery
from reidsearch.index.neighbours.table import Neighbours
from reidsearch.services.score_readers import ScoreReaders
from reidsearch.services.search_log import given, with_entries
from reidsearch.services.search_preparing import RequestPreparation
from reidsearch.services.search_ready import EmbeddedRequest, Ready, require_combinable
from reidsearch.store.cases import asked_for
from reidsearch.store.crops.store import Store
from reidsearch.store.places import places, resolved
from reidsearch.store.selection import camera_names, means_source

if TYPE_CHECKING:
    from reidsearch.calibration.apply import ScoreReader
    from reidsearch.domain.answers import Plan, SearchPreview
    from reidsearch.domain.audit import Audit
    from reidsearch.search.query_pictures import Embeddable
    from reidsearch.vision.engines import Engines

REQUESTS_AT_ONCE = 256  # their shortlists are in memory together
MATCHES_AT_ONCE = 500  # of all matches: read and marked together


class SearchService:
    """Searches of one archive; one request and a batch take the same way.

    Args:
        find_identity: name or number -> the identity; raises NotFound.
    """

    def __init__(
        self,
        store: Store,
        gallery: Gallery,
        neighbours: Neighbours,
        engines: Engines,
        find_identity: Callable[[str], Identity],
        progress: Progress = NO_PROGRESS,
    ) -> None:
        self._store = store
        self._gallery = gallery
        self._neighbours = neighbours
        self._engines = engines
        self._find_identity = find_identity
        self._progress = progress
        self._readers = ScoreReaders(store, gallery)
        self._preparing = RequestPreparation(
            store, gallery, engines, self._readers, find_identity, progress
        )

    def prepare(self) -> None:
        """Load the index now rather than in the first search.

        Raises:
            ArchiveError: the archive holds no crops yet.
        """
        self.require_crops()
        self._gallery.sync(self._progress)

    def require_crops(self) -> None:
        """Raise ArchiveError where there is nothing to search."""
        if self._store.model() is None:
            from reidsearch.search.statement import empty_archive

            raise empty_archive(self._store)

    def load(self) -> None:
        """Load the index, as far as there is one."""
        self._gallery.sync(self._progress)

    def lag(self) -> int | None:
        """Return how many crop ids the loaded index does not go up to; None: none is loaded."""
        loaded = self._gallery.state
        return None if loaded is None else self._store.state().last_crop_id - loaded.last_crop_id

    def search(self, request: SearchRequest) -> Answer:
        """Answer one request; see `Archive.search`."""
        self.require_crops()
        (answer,) = self._answers([request])
        if isinstance(answer, Failed):
            raise answer.error
        return answer

    def search_many(self, requests: Iterable[SearchRequest]) -> Iterator[Answer | Failed]:
        """Answer requests together, in their order, as they are taken from the iterator.

        Raises:
            ArchiveError: the archive holds no crops yet, or is damaged.
        """
        self.require_crops()
        return self._batches(iter(requests))

    def search_all(self, request: SearchRequest) -> tuple[Statement, Iterator[Match]]:
        """Return the statement and all matches, best first, as they are found.

        Raises:
            UsageError: the request names no score that is to be reached.
        """
        if request.min_score is None and request.max_false_alarms is None:
            raise UsageError("all matches are too many: give a minimum score")
        self.require_crops()
        case = asked_for(self._store)
        reader = self._readers.stored()
        (ready,) = self._preparing.ready([request], reader)
        if isinstance(ready, Failed):
            raise ready.error
        statement, matches = self._all(ready, reader)
        statement = replace(statement, case=case)
        return given(self._store, statement, matches, ready.query.views)

    def plan(self, request: SearchRequest) -> Plan:
        """Return how the index would be searched, without searching: which way, how much, why.

        The query itself is not looked at.
        """
        from reidsearch.search import engine

        return engine.plan(
            self._store, self._gallery, self._preparing.resolved(request), self._neighbours
        )

    def preview(self, request: SearchRequest) -> SearchPreview:
        """Return what would be searched, and how, without searching.

        Raises as `search`; the query itself is not looked at.
        """
        from reidsearch.search import engine

        self.require_crops()
        asked = self._preparing.resolved(request)
        require_combinable(self._store, asked)
        return engine.preview(self._store, self._gallery, asked, self._neighbours)

    def reader(self, adjusted: bool) -> ScoreReader:
        """Return what reads adjusted or plain scores, by a reference where nothing else does."""
        return self._readers.of(self._readers.stored(), adjusted=adjusted)

    def audit(self, progress: Progress = NO_PROGRESS) -> Audit:
        """Return what the archive's own footage says of its scores and its cameras."""
        from reidsearch.services.audit import audit

        return audit(self._store, self._gallery, self._readers.of, progress)

    def holds(self, sha256: str) -> bool:
        """Return whether the archive holds a file, by its SHA-256 in hexadecimal, as one crop.

        Such a crop is all of its picture, as it was indexed.
        """
        from reidsearch.store.crops.digests import is_whole_crop

        return is_whole_crop(self._store, sha256)

    def query_pictures(self, request: SearchRequest) -> tuple[QueryPicture, ...]:
        """Return all that a request searches with: its pictures, then its identity's."""
        from reidsearch.services.photos import photo_query_picture

        identity = self._preparing.identity(request)
        photos = [photo_query_picture(self._store, one.origin) for one in identity.photos]
        return (*request.pictures, *identity.crop_ids, *photos)

    # -- several archives -------------------------------------------------------------------

    @property
    def location(self) -> str:
        """Where the archive is, as text."""
        return self._store.location

    @property
    def archive_id(self) -> str:
        """What stays when the archive is moved."""
        return str(self._store.row.uuid)

    def model(self) -> ModelIdentity | None:
        """Return the model of the embeddings; None while there are none."""
        return self._store.model()

    def find_identity(self, text: str) -> Identity:
        """Return an identity by name or number; raises NotFound."""
        return self._find_identity(text)

    def known(self, what: str, texts: Sequence[str]) -> tuple[str, ...]:
        """Return of names of cameras, or of texts that mean sources, those that mean something.

        Args:
            what: `cameras`, `not_cameras` or `sources`.
        """
        with self._store.scan() as connection:
            if what == "sources":
                return tuple(text for text in texts if means_source(connection, text))
            names = set(camera_names(connection))
        return tuple(text for text in texts if text in names)

    def places_kept(self, kind: type[Region | Line]) -> frozenset[str]:
        """Return the names under which regions, or lines, are kept."""
        with self._store.read() as connection:
            held = places(connection)
        return frozenset(one.name for one in held if isinstance(one, kind) and one.name)

    def places_resolved(self, filters: Filters) -> Filters:
        """Return filters with the regions and lines that they name; see `store.places`."""
        return resolved(self._store, filters)

    def embedded(self, request: SearchRequest) -> EmbeddedRequest:
        """Return all that a request searches with, embedded; raises as `search`."""
        one = self._preparing.looked_up(request, self._readers.stored())
        if isinstance(one, Failed):
            raise one.error
        (made,) = self._preparing.embedded([(one.pictures, request.limits)])
        if isinstance(made, ReidsearchError):
            raise made
        pictures = tuple(map(EmbeddedPicture, made.origins, made.rows))
        ids = [picture for picture in request.pictures if isinstance(picture, int)]
        outside = [picture for picture in pictures if not picture.origin.held]
        label = one.identity.label(request.label or made.label, further=len(request.pictures))
        return EmbeddedRequest((*outside, *ids), pictures, label, made.warnings)

    def search_with(self, request: SearchRequest, given: Sequence[Embeddable]) -> Answer:
        """Answer a request, with these in place of its pictures."""
        if request.stability:
            raise UsageError("stability is told of one archive at a time")
        self.require_crops()
        (answer,) = self._answers([request], given)
        if isinstance(answer, Failed):
            raise answer.error
        return answer

    # -- one batch --------------------------------------------------------------------------

    def _batches(self, requests: Iterator[SearchRequest]) -> Iterator[Answer | Failed]:
        while part := tuple(itertools.islice(requests, REQUESTS_AT_ONCE)):
            yield from self._answers(part)

    def _answers(
        self, requests: Sequence[SearchRequest], given: Sequence[Embeddable] | None = None
    ) -> list[Answer | Failed]:
        with self._preparing.index_loading():
            case, reader = asked_for(self._store), self._readers.stored()
            every = self._preparing.ready(requests, reader, given)
        answers: dict[int, Answer | Failed] = {}
        views: dict[int, Vectors] = {}
        varied: dict[int, Ready] = {}
        groups: dict[Hashable, dict[int, Ready]] = {}
        for number, ready in enumerate(every):
            if isinstance(ready, Failed):
                answers[number] = ready
                continue
            views[number] = ready.query.views
            if ready.request.k is None:
                answers[number] = self._whole(ready, reader)
            else:
                groups.setdefault(ready.query.scope_key, {})[number] = ready
                varied |= {number: ready} if ready.request.stability else {}
        for group in groups.values():
            answers |= zip(group, self._ranked(list(group.values()), reader), strict=True)
        answers |= {
            number: self._with_stability(ready, answers[number]) for number, ready in varied.items()
        }
        told = [answers[number] for number in range(len(requests))]
        return with_entries(self._store, case, told, views)

    def _ranked(self, group: Sequence[Ready], reader: ScoreReader) -> list[Answer | Failed]:
        """Answer requests that differ in nothing but whom they show; singly where one fails."""
        from reidsearch.search import engine

        queries = [ready.query for ready in group]
        try:
            found = engine.search_many(
                self._store, self._gallery, queries, self._engines.text(), self._neighbours
            )
            return [*self._read(group, found, reader)]
        except ReidsearchError as error:
            if len(group) == 1:
                return [Failed(group[0].request, error)]
            return [one for ready in group for one in self._ranked([ready], reader)]

    def _with_stability(self, ready: Ready, answer: Answer | Failed) -> Answer | Failed:
        from reidsearch.search.stability import StableQuery, with_stability

        if isinstance(answer, Failed):
            return answer
        try:
            asked = StableQuery(ready.query, ready.pictures, ready.request.limits)
            parts = self._store, self._gallery, self._neighbours, self._engines.embed
            return with_stability(*parts, asked, answer)
        except ReidsearchError as error:
            return Failed(ready.request, error)

    def _whole(self, ready: Ready, reader: ScoreReader) -> Answer | Failed:
        try:
            statement, matches = self._all(ready, reader)
            return Answer(statement, tuple(matches))
        except ReidsearchError as error:
            return Failed(ready.request, error)

    def _all(self, ready: Ready, reader: ScoreReader) -> tuple[Statement, Iterator[Match]]:
        from reidsearch.search import engine

        statement, matches = engine.search_all(
            self._store, self._gallery, ready.query, self._engines.text()
        )

        def read() -> Iterator[Match]:
            while part := tuple(itertools.islice(matches, MATCHES_AT_ONCE)):
                (told,) = self._read([ready], [Answer(statement, part)], reader)
                yield from told.matches

        (told,) = self._read([ready], [Answer(statement, ())], reader)
        return told.statement, read()

    def _read(
        self, asked: Sequence[Ready], answers: Sequence[Answer], reader: ScoreReader
    ) -> list[Answer]:
        """Return answers of one scope with their scores read and their matches marked."""
        from reidsearch.search.identity import with_identities
        from reidsearch.search.own import Found, with_own

        adjusted = answers[0].statement.adjusted.why_not is None
        fitting = self._readers.of(reader, adjusted=adjusted)
        found = [
            Found(answer.matches, ready.query.origins, answer.statement.feedback is not None)
            for ready, answer in zip(asked, answers, strict=True)
        ]
        read = [
            fitting.read(
                Answer(answer.statement, matches), ready.request, ready.count, ready.query.cameras
            )
            for ready, answer, matches in zip(
                asked, answers, with_own(self._store, found), strict=True
            )
        ]
        told = []
        marked = with_identities(self._store, [answer.matches for answer in read])
        for ready, answer, matches in zip(asked, read, marked, strict=True):
            statement = replace(answer.statement, identity=ready.identity.searched)
            one = Answer(statement, matches)
            by = ready.space_time
            told.append(one if by is None else by.answer(one, ready.request.k))
        return told
