"""How much of a source was not analysed, and whether that is a failure of the run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reidsearch.base.errors import Reason, Refused
from reidsearch.domain.footage import OTHER_STREAM

LOST_S = 1.0
LOST_SHARE = 0.01
SHORTEST_S = 0.2
"""A transmission error costs single pictures, and coverage lists them. Somebody may pass within a
second; a hundredth of a recording is more than such an error, unless it is a picture or two."""


def loss_of(counts: Mapping[str, int], remarks: Sequence[str] = ()) -> Refused | None:
    """Return what is told of a source that was not read as a whole; None: it was.

    Args:
        counts: of a source: `lost_us` of `whole_us` could not be decoded, `other_streams` were
            not analysed, and `cut_off` is 1 if an end of unknown length is missing.
        remarks: on it, of which those on other streams are told.
    """
    lost_s, whole_s = counts.get("lost_us", 0) / 1e6, counts.get("whole_us", 0) / 1e6
    told = []
    if lost_s > LOST_S or (lost_s >= SHORTEST_S and lost_s > LOST_SHARE * whole_s):
        share = 100 * lost_s / whole_s if whole_s else 100.0
        told.append(f"{share:.1f} % of it ({lost_s:.1f} of {whole_s:.1f} s) could not be decoded")
    elif counts.get("cut_off"):
        told.append("the file was cut off, and how much is missing is not known")
    if streams := counts.get("other_streams", 0):
        what = "video stream was" if streams == 1 else "video streams were"
        which = [remark for remark in remarks if remark.endswith(OTHER_STREAM)]
        told += which or [f"{streams} further {what} not analysed"]
    if not told:
        return None
    return Refused(Reason.PARTLY_READ, f"indexed in part: {'; '.join(told)}")
