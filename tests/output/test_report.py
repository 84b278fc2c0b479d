"""Reports as HTML and PDF/A-3b: structure, attachment, and names that stay names.

No validator of PDF/A is at hand; what is checked are the rules of ISO 19005-3 that a writer of
text and pictures can break.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import math
from dataclasses import replace

import pikepdf
import pypdfium2
import pytest
from json_schemas import require_valid
from pages import require_alone
from PIL import Image

from reidsearch.domain.scores import Reading
from reidsearch.output.casework.about import ratio_told, words
from reidsearch.output.casework.document import (
    Bar,
    Bars,
    Card,
    Document,
    Facts,
    Picture,
    Report,
    Section,
    Table,
    Text,
    report_json,
)
from reidsearch.output.casework.html import report_html
from reidsearch.output.casework.pdf import report_pdf

pytestmark = pytest.mark.full
NAMES = (
    "<script>alert(1)</script>",
    "שער 12 العربية",
    "監視カメラ",
    "x" * 200,
    "line\nline\r\x00\x1b[31m",
    "{{ 7*7 }}",
    "Ωμέγα Привет Żółć",
    "\U0010fffd",
)


def jpeg() -> tuple[str, bytes]:
    out = io.BytesIO()
    Image.new("RGB", (40, 80), (90, 120, 60)).save(out, "JPEG")
    return hashlib.sha256(out.getvalue()).hexdigest(), out.getvalue()


def report(*names: str, rows: int = 3) -> Report:
    sha256, data = jpeg()
    picture = Picture(sha256, "a crop", 40, 80)
    sections = [
        Section("1 First", (Text("Words."), Text("Take care.", caution=True))),
        Section("2 Second", (Bars("a", "b", (Bar("gate", ((0.0, 0.5, "seen"),)),)),)),
        Section(
            "3 Third",
            (Table(("No.", "What"), tuple((str(n), "row") for n in range(rows)), (1, 3)),),
        ),
    ]
    for name in names:
        card = Card(name, (picture,), (("Name", name), ("Long", name * 20)), (name,))
        sections.append(Section(name, (card, Facts(((name, name),))), level=2))
    document = Document(
        of="case",
        title="Report on case " + (names[0] if names else "7"),
        subject="7",
        case="7",
        archive="archive",
        archive_id="id",
        made_at=dt.datetime(2026, 11, 27, tzinfo=dt.UTC),
        made_by="jane",
        zone="UTC",
        sections=tuple(sections),
    )
    return Report(document, {sha256: data})


def test_a_pdf_keeps_the_rules_of_pdf_a_3b() -> None:
    made = report("Ωμέγα")
    data, lacking = report_pdf(made)
    assert lacking == ()
    with pikepdf.open(io.BytesIO(data)) as pdf:
        assert not pdf.is_encrypted
        assert len(pdf.trailer.ID) == 2
        xmp = pdf.Root.Metadata.read_bytes().decode()
        assert "pdfaid" in xmp
        assert ">3<" in xmp
        assert ">B<" in xmp
        assert "/Filter" not in pdf.Root.Metadata
        [intent] = pdf.Root.OutputIntents
        assert intent.S == "/GTS_PDFA1"
        assert intent.DestOutputProfile.N == 3
        assert "/AA" not in pdf.Root
        assert isinstance(pdf.Root.OpenAction, pikepdf.Array)  # a place, no action
        assert "/JavaScript" not in pdf.Root.Names
        [attached] = pdf.Root.AF
        assert attached.AFRelationship == "/Source"
        assert attached.UF == "report.json"
        stream = attached.EF.F
        assert stream.Subtype == "/application/json"
        assert json.loads(stream.read_bytes()) == made.document.to_json()
        assert stream.read_bytes() == report_json(made)
        fonts = {font.objgen: font for page in pdf.pages for font in _fonts(page)}
        assert fonts
        for font in fonts.values():
            assert "/ToUnicode" in font
            assert all("/FontFile2" in one.FontDescriptor for one in font.DescendantFonts)
        for one in pdf.objects:
            if isinstance(one, pikepdf.Dictionary | pikepdf.Stream):
                assert one.get("/S") not in ("/JavaScript", "/Launch")
                assert "/SMask" not in one


def _fonts(page: pikepdf.Page) -> list[pikepdf.Object]:
    return [font for _, font in page.Resources.get("/Font", {}).items()]


def test_hostile_names_stay_names() -> None:
    made = report(*NAMES)
    page = report_html(made).decode()
    read = require_alone(page)
    assert "<script>" not in page
    assert "49" not in read.text
    assert "xxxx" in read.text
    data, lacking = report_pdf(made)
    assert "\U0010fffd" in lacking
    with pikepdf.open(io.BytesIO(data)) as pdf:
        assert pdf.pages


def test_a_long_table_goes_on_with_its_head_on_each_page() -> None:
    data, _ = report_pdf(report(rows=200))
    pdf = pypdfium2.PdfDocument(data)
    texts = [" ".join(page.get_textpage().get_text_range().split()) for page in pdf]
    assert len(texts) >= 4
    for number, text in enumerate(texts, start=1):
        assert f"Page {number} of {len(texts)}" in text
        assert "Case 7" in text
    assert sum("What" in text for text in texts) >= 4


def test_text_can_be_longer_than_a_page() -> None:
    made = report()
    cell = "word " * 2000
    section = Section("Long", (Facts((("Notes", cell),)), Table(("a",), ((cell,),), (1,))))
    document = replace(made.document, sections=(section,))
    data, _ = report_pdf(Report(document, {}))
    with pikepdf.open(io.BytesIO(data)) as pdf:
        assert len(pdf.pages) > 3


def test_the_json_follows_its_schema_and_its_id_follows_its_content() -> None:
    made = report(*NAMES).document
    require_valid(made.to_json())
    assert made.report_id == replace(made).report_id
    assert made.report_id != replace(made, made_by="joe").report_id


def reading(low: float, mid: float, high: float) -> Reading:
    return Reading(mid, (low, high), 0.5, (0.4, 0.6), 0.001, (0.0, 0.01), False, 1.0, False)


@pytest.mark.parametrize(
    ("ratio", "told"),
    [
        (0.0, "no support worth naming"),
        (math.log10(5), "weak support for H1"),
        (1.5, "moderate support for H1"),
        (3.0, "strong support for H1"),
        (7.0, "extremely strong support for H1"),
        (-2.5, "moderately strong support for H2"),
    ],
)
def test_words_stand_for_ratios(ratio: float, told: str) -> None:
    assert words(ratio).startswith(told)


def test_words_are_of_the_end_of_the_interval_that_says_less() -> None:
    assert "weak support for H1" in ratio_told(reading(0.5, 2.5, 3.5))
    assert "no support worth naming" in ratio_told(reading(-0.5, 2.5, 3.5))
    assert "moderate support for H2" in ratio_told(reading(-3.0, -2.0, -1.5))
