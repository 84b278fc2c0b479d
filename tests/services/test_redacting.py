"""What a redacted copy tells of itself: what was altered, and where nobody could be."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from reidsearch import Archive
from reidsearch.domain.footage import How, Span
from reidsearch.domain.redaction import Redaction
from reidsearch.output.redaction import redaction_lines
from reidsearch.services.redacting import redaction_report, redactor_of

pytestmark = pytest.mark.full  # indexes footage


@pytest.fixture
def archive(two_cameras):
    with Archive.open(two_cameras, model="builtin") as opened:
        yield opened


def report_of(archive, spans, whom=Redaction.OTHERS, seconds=(0, 18)):
    """Give a redactor of the gate ten frames a second, and ask what it did."""
    source = replace(archive.footage.find("gate.mp4"), spans=spans)
    crop = archive.crop(archive.footage.tracklet(2).crop_ids[0])
    redactor = redactor_of(archive._store, source, whom, crop, Fraction(0), Fraction(18))
    frame = np.zeros((source.info.height_px, source.info.width_px, 3), np.uint8)
    for tenth in range(10 * seconds[0], 10 * seconds[1]):
        redactor(frame, source.info.first_pts + round(Fraction(tenth, 10) / source.info.time_base))
    return redaction_report(redactor, source, whom, crop)


def test_it_counts_frames_boxes_and_tracklets(archive):
    whole = (Span(0, 18_000_000, How.PRECOMPUTED),)
    others, faces, both, every = (report_of(archive, whole, whom) for whom in Redaction)
    assert (others.tracklets, others.heads, others.kept) == ((1, 3), (), 2)
    assert (faces.tracklets, faces.heads, faces.kept) == ((1, 2, 3), (1, 2, 3), None)
    assert (both.tracklets, both.heads, both.kept) == ((1, 2, 3), (2,), None)
    assert (every.tracklets, every.heads, every.kept) == ((1, 2, 3), (), None)
    assert both.boxes == faces.boxes == every.boxes
    assert "no face was looked for" in "\n".join(redaction_lines(both))
    assert "no face" not in "\n".join(redaction_lines(others))
    assert others.frames == every.frames == 180
    assert 0 < others.frames_altered < every.frames_altered < 180
    assert others.detections < others.boxes < every.boxes
    ends = [(float(run.from_s), float(run.to_s)) for run in others.runs]
    assert ends[0][0] == 0
    assert ends[-1][1] == pytest.approx(17.9)
    assert all(before[1] < after[0] for before, after in pairwise(ends))
    assert all(a.boxes != b.boxes for a, b in pairwise(others.runs))


@pytest.mark.parametrize(
    ("spans", "unanalysed_s"),
    [
        ((), 9.9),
        ((Span(0, 18_000_000, How.GATED),), 0.0),
        ((Span(0, 3_000_000, How.DENSE), Span(3_000_000, 5_000_000, How.FAILED),
          Span(5_000_000, 18_000_000, How.SPARSE)), 2.0),
        ((Span(0, 3_000_000, How.DENSE),), 6.9),
        ((Span(0, 3_000_000, How.ERASED), Span(3_000_000, 18_000_000, How.DENSE)), 3.0),
    ],
)  # fmt: skip
def test_it_tells_how_much_was_not_analysed(archive, spans, unanalysed_s):
    report = report_of(archive, spans, seconds=(0, 10))
    assert report.unanalysed_s == pytest.approx(unanalysed_s)
    told = "\n".join(redaction_lines(report))
    assert ("not analysed: nobody is redacted there" in told) is bool(unanalysed_s)
    assert "stays visible" in told


def test_it_tells_of_people_who_were_seen_too_briefly(archive):
    report = report_of(archive, (Span(0, 18_000_000, How.DENSE),))
    assert report.brief == 1, "somebody at the border of the picture"
    told = redaction_lines(replace(report, brief=3))
    assert "3 brief tracklets of this source not stored, so not redacted" in told
    assert redaction_lines(None) == []
