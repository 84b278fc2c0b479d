"""A crop for a stretch of a tracklet that has none: cut out of its footage and embedded.

Of a tracklet a few best shots are kept. What is cut off by hand may hold none of them, and could
then not be found, compared or shown; so one is made, which needs footage and model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from reidsearch.base.errors import InputError, Kind
from reidsearch.base.settings import PictureLimits
from reidsearch.domain.crops import Pixels, Vectors
from reidsearch.domain.tracklets import BestShot, Trace
from reidsearch.services.footage_files import open_indexed, proven
from reidsearch.store.crops.store import Store
from reidsearch.store.footage.tracklet_reader import traces_of

if TYPE_CHECKING:
    from reidsearch.vision.tracking.best_shots import Candidate

TRIED = 3
"""So many of the best detections are cut out and compared for sharpness."""
_ONE_STRETCH_US = 1 << 60


def shot_of(
    store: Store,
    source_id: int,
    trace: Trace,
    embed: Callable[[Sequence[Pixels]], Vectors],
    *,
    verify: bool,
) -> tuple[BestShot, Vectors]:
    """Return the best shot of a stretch of a trace, and its embedding.

    Args:
        trace: that stretch.
        verify: hash the footage, even if it was hashed before and cannot have changed.

    Raises:
        InputError: the footage is gone or differs, or shows nothing of the person.
        ModelError: there is no model.
    """
    from reidsearch.media.pictures import decode
    from reidsearch.media.video.frames import frame_of
    from reidsearch.media.video.views import Differs
    from reidsearch.vision.tracking.best_shots import BestShotKeeper

    path, footage = open_indexed(store, source_id, verify=verify)
    with footage:
        info = footage.info
        best = _candidates(store, source_id, trace, info.width_px, info.height_px)

        def shots() -> BestShotKeeper:
            keeper = BestShotKeeper(_ONE_STRETCH_US)
            for one in best[:TRIED]:
                frame = frame_of(footage, one.pts)
                if frame.pts != one.pts:
                    raise Differs("a frame that was analysed cannot be found in the footage")
                keeper.offer(one, frame.bgr)
            return keeper

        kept = proven(footage, shots).kept()
        if not kept:
            raise InputError(
                f"{path} shows nothing of this person there", kind=Kind.FOOTAGE_DIFFERS
            )
        shot = replace(kept[0][1], picture=footage.picture_at(kept[0][1].pts))
    pixels = decode(shot.jpeg, PictureLimits(min_width_px=1, min_height_px=1))
    return shot, embed([pixels])[0]


def _candidates(
    store: Store, source_id: int, trace: Trace, width_px: int, height_px: int
) -> list[Candidate]:
    """Return the detections of a trace, the most worth first: others may cover them."""
    from reidsearch.vision.tracking.best_shots import candidates

    everybody = [one for _, one in traces_of(store, source_id)]
    found = []
    for pts, own in zip(trace.pts.tolist(), trace.xyxy, strict=True):
        others = [
            one.xyxy[row]
            for one in everybody
            if (row := int(np.searchsorted(one.pts, pts))) < len(one)
            and one.pts[row] == pts
            and not np.array_equal(one.xyxy[row], own)
        ]
        row = int(np.searchsorted(trace.pts, pts))
        boxes = np.stack([own, *others])
        confidence = np.full(len(boxes), trace.confidence[row], np.float32)
        first = candidates(pts, 0, boxes, confidence, width_px, height_px)[0]
        if first is not None:
            found.append(first)
    return sorted(found, key=lambda one: (-one.worth, one.pts))
