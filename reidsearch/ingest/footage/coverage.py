"""Coverage: how each span of a source was analysed."""

from __future__ import annotations

from collections.abc import Sequence

from reidsearch.domain.footage import How, Span
from reidsearch.ingest.footage.sampled_frames import SampledFrame, Seen, Unseen
from reidsearch.media.video.frames import Damage, Skipped
from reidsearch.vision.tracking.stitching import SPARSE_US


class Coverage:
    """Merges sampled frames into spans. `spans` and `at_us` are its whole state.

    Args:
        spans: what is known so far; the last one may still grow.
        at_us: media time up to which spans reach.
        precomputed: detections come from a file.
    """

    def __init__(
        self, spans: Sequence[Span] = (), at_us: int = 0, *, precomputed: bool = False
    ) -> None:
        self.spans = list(spans)
        self.at_us = at_us
        self.changed_from = 0
        self._precomputed = precomputed

    def note(self, seen: Seen) -> None:
        """Add what comes next."""
        if isinstance(seen, SampledFrame):
            self._extend(seen.time_us, self._how(seen), "")
        elif isinstance(seen, Unseen):
            self._note_unseen(seen)
        elif seen.time_us > self.at_us and self.spans:
            self._extend(seen.time_us, self.spans[-1].how, self.spans[-1].detail)

    def _how(self, seen: SampledFrame) -> How:
        if self._precomputed:
            return How.PRECOMPUTED
        if seen.time_us - self.at_us >= SPARSE_US:
            return How.SPARSE
        return How.DENSE if seen.active else How.GATED

    def whole_us(self) -> int:
        """Return how long the source is, with what could not be decoded."""
        return max((span.to_us for span in self.spans), default=0)

    def lost_us(self) -> int:
        """Return how much of the source could not be decoded."""
        return self._total_us(How.FAILED)

    def gap_us(self) -> int:
        """Return for how long the recording itself holds nothing."""
        return self._total_us(How.GAP)

    def _total_us(self, how: How) -> int:
        return sum(span.to_us - span.from_us for span in self.spans if span.how is how)

    def _note_unseen(self, seen: Unseen) -> None:
        item = seen.item
        if isinstance(item, Skipped):
            how, detail = How.KEY_FRAMES, ""
        elif isinstance(item, Damage):
            how, detail = How.FAILED, item.detail
        else:
            how, detail = How.GAP, item.detail
        until = seen.to_us if seen.to_us is not None else self.at_us
        if seen.from_us is not None and seen.from_us > self.at_us and self.spans:
            self._extend(seen.from_us, self.spans[-1].how, self.spans[-1].detail)
        self._extend(max(until, self.at_us), how, detail)

    def _extend(self, to_us: int, how: How, detail: str) -> None:
        if to_us <= self.at_us and how not in {How.FAILED, How.GAP}:
            return  # what is missing is recorded however short it is
        last = self.spans[-1] if self.spans else None
        if last is not None and (last.how, last.detail) == (how, detail):
            self.spans[-1] = Span(last.from_us, max(to_us, last.to_us), how, detail)
            self.changed_from = min(self.changed_from, len(self.spans) - 1)
        else:
            self.changed_from = min(self.changed_from, len(self.spans))
            self.spans.append(Span(self.at_us, to_us, how, detail))
        self.at_us = to_us

    def take_changes(self) -> tuple[int, tuple[Span, ...]]:
        """Return the number of the first span that is new or has grown, and all from there on."""
        first = self.changed_from
        self.changed_from = len(self.spans)
        return first, tuple(self.spans[first:])
