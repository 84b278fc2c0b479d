"""Attributes that an index run records."""

from __future__ import annotations

import json
from threading import Event

import pytest
from archives import draw_many
from attribute_values import Drawn
from json_schemas import require_valid

from reidsearch import Archive
from reidsearch.output.reports_json import report_json


@pytest.mark.full
def test_indexing_records_attributes_and_goes_on_where_it_was_stopped(tmp_path, monkeypatch):
    pictures = tmp_path / "pictures"
    draw_many(pictures, 150)
    stop = Event()

    class Stopping(Drawn):
        def stream(self, items):
            for told in super().stream(items):
                if self.seen == 70:
                    stop.set()
                yield told

    with Archive.open(tmp_path / "archive", create=True, model="builtin") as archive:
        monkeypatch.setattr(archive._engines, "recognizer", lambda _: Stopping())
        report = archive.index([pictures], attributes=True, stop=stop)
        assert report.interrupted
        assert report.attributes is not None
        assert 0 < report.attributes.recorded < 150
        first = report.attributes.recorded
        monkeypatch.setattr(archive._engines, "recognizer", lambda _: Drawn())
        again = archive.index([pictures], attributes=True)
        assert not again.interrupted
        assert again.unchanged == 150
        assert again.attributes is not None
        assert again.attributes.recorded == 150 - first
        require_valid(json.loads(json.dumps(report_json(again))))
        assert archive.index([pictures]).attributes is None
