"""A report as PDF/A-3b: text that can be selected, fonts inside, its JSON attached."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from reidsearch.base.version import __version__
from reidsearch.output.casework.document import (
    Bars,
    Block,
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
from reidsearch.output.casework.fonts import Lettered, weight_of_own

if TYPE_CHECKING:
    from fpdf import FPDF

ATTACHED = "report.json"
MARGIN_MM, TOP_MM, FOOT_MM = 22.0, 25.0, 22.0
BODY_PT, SMALL_PT, LINE_MM, SMALL_MM = 9.5, 8.0, 4.9, 4.0
PICTURE_MM = 50.0
INK, PALE, RULE, CAUTION = (25, 30, 38), (95, 104, 116), (205, 210, 216), (140, 45, 20)
SEEN, UNSEEN = (40, 95, 120), (200, 90, 50)
LONGEST_CELL = 900
"""Characters of a row: a longer text goes on in the next one, which may stand on the next page."""
_NAME_MM = 40.0


def report_pdf(report: Report) -> tuple[bytes, tuple[str, ...]]:
    """Return a report as PDF, and the characters that no font at hand could draw."""
    with TemporaryDirectory() as folder:
        return _laid_out(report, Path(folder))


def _laid_out(report: Report, folder: Path) -> tuple[bytes, tuple[str, ...]]:
    """Return the same; fonts are made in a folder."""
    pages = _Layout(report.document, report.pictures, folder)
    told = "What this report says, as JSON, with the documents that it was made from"
    attached = {ATTACHED: (report_json(report), told)}
    attached |= {name: (data, report.document.title) for name, data in report.attachments.items()}
    for name, (data, described) in attached.items():
        pages.pdf.embed_file(
            bytes=data,
            basename=name,
            desc=described,
            mime_type="application/json",
            modification_date=report.document.made_at,
            creation_date=report.document.made_at,
            associated_file_relationship="Source",
            compress=True,
            checksum=True,
        )
    for section in report.document.sections:
        pages.section(section)
    return bytes(pages.pdf.output()), tuple(pages.letters.lacking)


class _Layout:
    """Lays sections out on pages."""

    def __init__(self, document: Document, pictures: Mapping[str, bytes], folder: Path) -> None:
        self.letters = Lettered()
        self._pictures = pictures
        for text in _texts(document):  # before the first page: all fonts have to be known
            self.letters.spell(text)
        self.letters.spell("…")
        self.pdf = _pages(document, self.letters, folder)
        self._title(document)

    def _title(self, document: Document) -> None:
        pdf, spell = self.pdf, self.letters.spell
        pdf.set_font("Noto", "B", 19)
        pdf.multi_cell(0, 8.5, spell(document.title), align="L", new_x="LMARGIN", new_y="NEXT")
        pdf.set_font("Noto", "", BODY_PT)
        pdf.set_text_color(*PALE)
        pdf.multi_cell(0, LINE_MM, f"Report {document.report_id}", new_x="LMARGIN", new_y="NEXT")
        pdf.set_text_color(*INK)
        pdf.ln(2)

    def section(self, section: Section) -> None:
        """Lay out a section; its heading never stands alone at the foot of a page."""
        pdf = self.pdf
        size, gap_mm = (13.5, 6.0) if section.level == 1 else (10.5, 4.0)
        first = section.blocks[0] if section.blocks else Text("")
        self._room(gap_mm + size / 2 + self._least_mm(first))
        if pdf.get_y() > TOP_MM + 1:
            pdf.ln(gap_mm)
        pdf.set_font("Noto", "B", size)
        pdf.start_section(self.letters.spell(section.heading), level=section.level - 1)
        pdf.multi_cell(
            0, size / 2, self.letters.spell(section.heading), align="L", new_x="LMARGIN",
            new_y="NEXT",
        )  # fmt: skip
        if section.level == 1:
            pdf.set_draw_color(*RULE)
            pdf.line(pdf.l_margin, pdf.get_y() + 0.8, pdf.w - pdf.r_margin, pdf.get_y() + 0.8)
        pdf.ln(2.5)
        for block in section.blocks:
            self._block(block)

    def _block(self, block: Block) -> None:
        if isinstance(block, Text):
            self._text(block)
        elif isinstance(block, Facts):
            self._facts(block.rows)
        elif isinstance(block, Table):
            self._table(block)
        elif isinstance(block, Card):
            self._card(block)
        else:
            self._bars(block)

    def _least_mm(self, block: Block) -> float:
        """How much of a block has to stand below its heading."""
        if isinstance(block, Card):
            return self._card_mm(block)
        return self._bars_mm(block) + 16 if isinstance(block, Bars) else 26.0

    def _room(self, height_mm: float) -> None:
        """Go on to the next page where so much does not fit on this one."""
        whole = self.pdf.h - TOP_MM - FOOT_MM
        if self.pdf.get_y() + min(height_mm, whole) > self.pdf.h - FOOT_MM:
            self.pdf.add_page()

    def _text(self, block: Text) -> None:
        pdf = self.pdf
        pdf.set_font("Noto", "B" if block.caution else "", BODY_PT)
        pdf.set_text_color(*(CAUTION if block.caution else INK))
        text = self.letters.spell_lines(block.text)
        pdf.multi_cell(0, LINE_MM, text, align="L", new_x="LMARGIN", new_y="NEXT")
        pdf.set_text_color(*INK)
        pdf.ln(1.6)

    def _facts(self, rows: Sequence[tuple[str, str]]) -> None:
        if not rows:
            return
        width = self.pdf.epw
        cells = [(name, part) for name, text in rows for name, part in _parts(name, text)]
        self._rows(cells, (_NAME_MM, width - _NAME_MM), names=True)

    def _table(self, block: Table) -> None:
        rows = [row for whole in block.rows for row in _split(whole)]
        self._rows([block.columns, *rows], block.widths, names=False)

    def _rows(self, rows: Sequence[Sequence[str]], widths: Sequence[float], *, names: bool) -> None:
        from fpdf.fonts import FontFace

        pdf = self.pdf
        pdf.set_font("Noto", "", SMALL_PT)
        pdf.set_draw_color(*RULE)
        pdf.set_fill_color(255, 255, 255)
        head = FontFace(emphasis="BOLD", fill_color=(238, 241, 244), color=INK)
        with pdf.table(
            col_widths=tuple(widths),
            text_align="LEFT",
            line_height=SMALL_MM,
            borders_layout="HORIZONTAL_LINES",
            first_row_as_headings=not names,
            headings_style=head,
            padding=(0.6, 1.2, 0.6, 0 if names else 1.2),
            v_align="TOP",
        ) as table:
            for cells in rows:
                row = table.row()
                for place, cell in enumerate(cells):
                    style = FontFace(color=PALE) if names and not place else None
                    row.cell(self.letters.spell_lines(cell), style=style)
        pdf.ln(2.5)

    def _card_mm(self, card: Card) -> float:
        """Height of a card, about: what is kept together."""
        pictures = PICTURE_MM + 7 if card.pictures else 0.0
        lines = sum(1 + len(text) // 92 for _, text in card.facts)
        return 9 + pictures + lines * (SMALL_MM + 1.2) + 6 * len(card.texts)

    def _card(self, card: Card) -> None:
        pdf = self.pdf
        self._room(self._card_mm(card))
        pdf.set_font("Noto", "B", 10.5)
        pdf.multi_cell(
            0, 6, self.letters.spell(card.heading), align="L", new_x="LMARGIN", new_y="NEXT"
        )
        if card.pictures:
            self._side_by_side(card.pictures)
        for text in card.texts:
            self._text(Text(text))
        self._facts(card.facts)
        pdf.ln(2)

    def _side_by_side(self, pictures: Sequence[Picture]) -> None:
        """Draw pictures in a row of one height or less, each with its caption below."""
        pdf, gap_mm = self.pdf, 5.0
        room = pdf.epw - gap_mm * (len(pictures) - 1)
        tall = min(PICTURE_MM, room / sum(one.width_px / one.height_px for one in pictures))
        x, top, lowest = pdf.l_margin, pdf.get_y() + 1, pdf.get_y()
        for one in pictures:
            wide = tall * one.width_px / one.height_px
            data = self._pictures[one.sha256]
            pdf.image(
                io.BytesIO(data), x, top, wide, tall, alt_text=self.letters.spell(one.caption)
            )
            pdf.set_xy(x, top + tall + 1)
            pdf.set_font("Noto", "", 7)
            pdf.set_text_color(*PALE)
            caption = self.letters.spell(one.caption)
            pdf.multi_cell(max(wide, 30), 3.2, caption, align="L", new_x="LEFT", new_y="NEXT")
            pdf.set_text_color(*INK)
            lowest = max(lowest, pdf.get_y())
            x += max(wide, 30) + gap_mm
        pdf.set_xy(pdf.l_margin, lowest + 2)

    def _bars_mm(self, block: Bars) -> float:
        """Height of the part of a chart that is kept together."""
        return 20 + min(len(block.rows), 8) * 5.5

    def _bars(self, block: Bars) -> None:
        pdf, name_mm, spell = self.pdf, 42.0, self.letters.spell
        left, width = pdf.l_margin + name_mm, pdf.epw - name_mm
        self._room(self._bars_mm(block))
        pdf.set_font("Noto", "", 7.5)
        pdf.set_x(left)
        pdf.cell(width / 2, 4, spell(block.first))
        pdf.cell(width / 2, 4, spell(block.last), align="R", new_x="LMARGIN", new_y="NEXT")
        for bar in block.rows:
            self._room(6)
            y = pdf.get_y()
            pdf.set_draw_color(*RULE)
            pdf.rect(left, y + 0.6, width, 3.4)
            for begin, end, how in bar.parts:
                pdf.set_fill_color(*(SEEN if how == "seen" else UNSEEN))
                wide = max((end - begin) * width, 0.3)
                pdf.rect(left + begin * width, y + 0.6, wide, 3.4, style="F")
            name = bar.label if len(bar.label) <= 26 else f"{bar.label[:25]}…"
            pdf.cell(name_mm - 2, 4.6, spell(name), new_x="LMARGIN", new_y="NEXT")
        pdf.set_text_color(*PALE)
        legend = "Dark: analysed. Orange: failed, erased or missing in it. White: no footage."
        pdf.cell(0, 4.6, legend, new_x="LMARGIN", new_y="NEXT")
        pdf.set_text_color(*INK)
        pdf.ln(2)


def _pages(document: Document, letters: Lettered, folder: Path) -> FPDF:
    """Return an empty document with its fonts, margins, head and foot."""
    from fpdf import FPDF

    head = f"Case {document.case}" if document.case else document.title
    head = letters.spell(head if len(head) <= 70 else f"{head[:69]}…")

    class Pages(FPDF):
        def header(self) -> None:
            self.set_y(11)
            self._line(head, f"Report {document.report_id}")
            self.set_y(TOP_MM)

        def footer(self) -> None:
            self.set_y(-14)
            self._line(f"reidsearch {__version__}", f"Page {self.page_no()} of {{nb}}")

        def _line(self, left: str, right: str) -> None:
            self.set_font("Noto", "", 7.5)
            self.set_text_color(*PALE)
            self.cell(self.epw * 0.62, 4, left)
            self.cell(self.epw * 0.38, 4, right, align="R")
            self.set_text_color(*INK)

    pdf = Pages(format="A4", enforce_compliance="PDF/A-3B")
    pdf.set_margins(MARGIN_MM, TOP_MM, MARGIN_MM)
    pdf.set_auto_page_break(auto=True, margin=FOOT_MM)
    pdf.set_lang("en")
    pdf.set_title(letters.spell(document.title))
    pdf.set_author(letters.spell(document.made_by))
    pdf.set_creator(f"reidsearch {__version__}")
    pdf.set_creation_date(document.made_at)
    _add_fonts(pdf, letters, folder)
    pdf.set_text_color(*INK)
    pdf.add_page()
    return pdf


def _add_fonts(pdf: FPDF, letters: Lettered, folder: Path) -> None:
    for style, weight in (("", 400), ("B", 700)):
        path = folder / f"noto-{weight}.ttf"
        path.write_bytes(weight_of_own("".join(letters.used), weight))
        pdf.add_font("Noto", style, path)
    for number, path in enumerate(letters.further):
        pdf.add_font(f"Further{number}", "", path)
    pdf.set_fallback_fonts([f"Further{n}" for n in range(len(letters.further))], exact_match=False)
    # Kerning places each letter by itself, and readers then take words apart that are copied.
    pdf.set_text_shaping(use_shaping_engine=True, features={"kern": False})


def _texts(document: Document) -> list[str]:
    """Return all texts of a document, in any order."""
    found = [document.title, document.case, document.made_by]

    def walk(value: object) -> None:
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, tuple):
            for one in value:
                walk(one)

    for section in document.sections:
        walk(section.heading)
        for block in section.blocks:
            _walk_block(block, walk)
    return found


def _walk_block(block: Block, walk: Callable[[object], None]) -> None:
    if isinstance(block, Text):
        walk(block.text)
    elif isinstance(block, Facts):
        walk(block.rows)
    elif isinstance(block, Table):
        walk((block.columns, block.rows))
    elif isinstance(block, Card):
        captions = tuple(one.caption for one in block.pictures)
        walk((block.heading, captions, block.facts, block.texts))
    else:
        walk((block.first, block.last, tuple(one.label for one in block.rows)))


def _parts(name: str, text: str) -> list[tuple[str, str]]:
    """Cut a long value into rows; only the first has the name."""
    return [("" if n else name, part) for n, part in enumerate(_cut(text))]


def _split(row: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Cut a row whose cells are too long for a page into several."""
    cells = [_cut(cell) for cell in row]
    tall = max(map(len, cells))
    return [tuple(cell[n] if n < len(cell) else "" for cell in cells) for n in range(tall)]


def _cut(text: str) -> list[str]:
    """Cut a text into pieces that fit on a page, by its lines and its length."""
    pieces: list[str] = []
    lines = text.splitlines() or [""]
    for start in range(0, len(lines), 20):
        whole = "\n".join(lines[start : start + 20])
        pieces += [whole[at : at + LONGEST_CELL] for at in range(0, len(whole), LONGEST_CELL)]
    return pieces or [""]
