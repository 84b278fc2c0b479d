"""Second examiners: candidate matches of a case, judged again without the first decision.

review = archive.reviews.start("2026-17", "anna")
with acting(Author("maria")):
    archive.reviews.answer(review.review_id, {1: ReviewAnswer.SAME, 2: ReviewAnswer.DIFFERENT})
    archive.reviews.finish(review.review_id)
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence

from reidsearch.base.actor import Author, acting
from reidsearch.base.errors import Kind, UsageError
from reidsearch.domain.review import Review, ReviewAnswer, same_actor
from reidsearch.store import reviews as held
from reidsearch.store.cases import require_open_case
from reidsearch.store.contract import Transaction
from reidsearch.store.crops.store import Store
from reidsearch.store.review_items import decided, fillers

FEWEST_FILLERS = 10
MOST_FILLERS = 1000


class ReviewService:
    """The reviews of one archive. Every change has an entry of the event log."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def all(self, case: str | None = None) -> list[Review]:
        """Return all reviews as they were started, or those of a case."""
        with self._store.read() as connection:
            return held.reviews(connection, case)

    def find(self, review_id: int) -> Review:
        """Return a review by its number. It holds the key: show it only when it is finished.

        Raises:
            NotFound: there is none.
        """
        with self._store.read() as connection:
            return held.require_review(connection, review_id)

    def start(
        self,
        case: str,
        identity: str,
        *,
        references: Sequence[int] = (),
        count: int | None = None,
    ) -> Review:
        """Start a review of what was decided on an identity for a case.

        Args:
            references: crops of the identity that the others are compared with; none: what was
                confirmed first.
            count: how many fillers; None: as many as candidates, at least ten. There may be fewer.

        Raises:
            NotFound: there is no such case, identity or crop; nothing of it was decided for it.
            UsageError: the case is closed or has expired; a reference is not of the identity; the
                archive keeps no event log, so nobody knows what was decided for a case.
        """
        if count is not None and not 0 <= count <= MOST_FILLERS:
            raise UsageError(f"a review has 0 to {MOST_FILLERS} fillers")
        if not self._store.logged:
            raise UsageError(
                f"{self._store.location} keeps no event log: nobody knows for which case its "
                "decisions were taken"
            )
        seed = secrets.token_bytes(32)
        with self._store.one_state(), self._store.read() as connection:
            number = require_open_case(connection, case).number
            found = decided(connection, number, identity, references)
            wanted = max(FEWEST_FILLERS, len(found.candidates)) if count is None else count
            others = fillers(self._store, connection, found, wanted, seed)
        return self._write(
            number,
            lambda connection: held.add_review(connection, number, found, others, wanted, seed),
        )

    def answer(self, review_id: int, answers: Mapping[int, ReviewAnswer]) -> Review:
        """Answer items by their numbers; of an item the last answer before `finish` counts.

        Raises:
            NotFound: there is no such review.
            UsageError: it is finished; somebody else answers it; who acts took one of the
                decisions that are reviewed; there is no such item, or it was erased.
        """
        if not answers:
            raise UsageError("no item of the review is answered")

        def change(connection: Transaction, review: Review) -> Review:
            self._require_reviewer(review)
            items = {one.place: one for one in review.asked}
            for place in answers:
                if place not in items:
                    raise UsageError(f"review {review_id} has no item {place}")
                if items[place].gone:
                    raise UsageError(f"item {place} of review {review_id} was erased")
            return held.add_answers(connection, review_id, answers)

        return self._change(review_id, change)

    def finish(self, review_id: int) -> Review:
        """Finish a review: no answer can be given any more, and its key is shown.

        Raises:
            NotFound: there is no such review.
            UsageError: as `answer`; an item has no answer.
        """

        def change(connection: Transaction, review: Review) -> Review:
            self._require_reviewer(review)
            if review.open:
                raise UsageError(
                    f"review {review_id} has items without an answer: "
                    + ", ".join(map(str, review.open)),
                    kind=Kind.REVIEW_OPEN,
                    review=review_id,
                    item=review.open[0],
                )
            if review.reviewer is None:
                raise UsageError(f"nobody has answered review {review_id}")
            return held.finish(connection, review_id)

        return self._change(review_id, change)

    def _require_reviewer(self, review: Review) -> None:
        who = self._store.acting.name
        if review.finished_at is not None:
            raise UsageError(f"review {review.review_id} is finished: its answers stay")
        if any(same_actor(who, one) for one in review.first_examiners):
            raise UsageError(
                f"{who} took a decision that review {review.review_id} is about: "
                "somebody else has to judge it",
                kind=Kind.REVIEW_FIRST_EXAMINER,
            )
        if review.reviewer is not None and not same_actor(who, review.reviewer):
            raise UsageError(f"review {review.review_id} is answered by {review.reviewer}")

    def _change(self, review_id: int, change: Callable[[Transaction, Review], Review]) -> Review:
        case = self.find(review_id).case

        def write(connection: Transaction) -> Review:
            return change(connection, held.require_review(connection, review_id))

        return self._write(case, write)

    def _write(self, case: str, write: Callable[[Transaction], Review]) -> Review:
        author = Author(self._store.acting.name, case)
        with acting(author), self._store.write() as connection:
            require_open_case(connection, case)
            return write(connection)
