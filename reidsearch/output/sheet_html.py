"""A contact sheet as one HTML page: pictures inside, text that can be searched and copied."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Callable, Iterable, Sequence

from PIL import Image

from reidsearch.domain.answers import Answer, Match
from reidsearch.domain.crops import Pixels
from reidsearch.output.cards import answer_title, card_fields, rank_text
from reidsearch.output.imprint import Imprint
from reidsearch.output.picture_file import QUALITY
from reidsearch.output.purity import matches_purity
from reidsearch.output.statement import no_match, sentences
from reidsearch.output.visible import visible

STYLE = """
body { font: 14px/1.4 system-ui, sans-serif; color: #111827; margin: 24px; max-width: 1200px }
.sheet { display: flex; flex-wrap: wrap; gap: 12px; margin: 12px 0 24px }
figure { margin: 0; width: 196px; border: 1px solid #d1d5db; padding: 8px; break-inside: avoid }
img { width: 100%; height: 256px; object-fit: contain; background: #f3f4f6 }
figcaption, h1, footer { overflow-wrap: anywhere }
.head { display: flex; flex-wrap: wrap; justify-content: space-between; font-weight: 600 }
.camera, .time, .crop { color: #374151 }
small, p, footer, figcaption div { color: #4b5563 }
footer { border-top: 1px solid #d1d5db; padding-top: 8px }
"""


def contact_sheet_html(
    answer: Answer,
    pictures: Sequence[Pixels],
    picture_of: Callable[[int], Pixels],
    imprint: Imprint,
    *,
    names: Sequence[str] = (),
) -> bytes:
    """Lay out an answer as an HTML page that needs no other file.

    Args:
        pictures: what was searched with, (h, w, 3) uint8 BGR.
        picture_of: the same of a crop, by its id.
        names: of the query pictures; empty where one has none.
    """
    title = answer_title(answer, names)
    captions = [
        name or f"query picture {number}"
        for number, name in enumerate(names or [""] * len(pictures), start=1)
    ]
    queries = (
        _figure(picture, name, f"<div>{_text(name)}</div>")
        for picture, name in zip(pictures, captions, strict=True)
    )
    matches = (
        _figure(picture_of(one.crop.crop_id), f"crop {one.crop.crop_id}", _caption(one, answer))
        for one in answer.matches
    )
    lines = [*matches_purity(answer.matches), *sentences(answer.statement)]
    told = "".join(f"<p>{_text(line)}</p>" for line in lines)
    found = _sheet(matches) if answer.matches else f"<p>{_text(no_match(answer))}</p>"
    made = "".join(
        f"<p>{_text(line)}</p>" for line in (imprint.made, imprint.source, imprint.command) if line
    )
    page = (
        '<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8">'
        f"{_metadata(imprint, title)}<title>{_text(title)} - reidsearch</title>"
        f"<style>{STYLE}</style></head>\n"
        f"<body><h1>{_text(title)}</h1>{made}{_sheet(queries)}<h2>Matches</h2>{found}"
        f"<h2>Statement</h2>{told}<footer>{made}</footer></body>\n</html>\n"
    )
    return page.encode()


def _metadata(imprint: Imprint, title: str) -> str:
    return "".join(
        f'<meta name="{_text(name)}" content="{_text(value)}">'
        for name, value in imprint.fields(title).items()
    )


def _sheet(figures: Iterable[str]) -> str:
    return f'<div class="sheet">{"".join(figures)}</div>'


def _caption(match: Match, answer: Answer) -> str:
    """Rank and score, then the fields; where the file lies shows when one points at its name."""
    lines = [
        f'<div class="head"><span>{_text(rank_text(match))}</span>'
        f'<span title="score">{match.score:.3f}</span></div>'
    ]
    for field in card_fields(match, answer.statement.filters):
        if field.text:
            place = f' title="{_text(match.crop.location)}"' if field.name == "file" else ""
            lines.append(f'<div class="{field.name}"{place}>{_text(field.text)}</div>')
    return "".join(lines)


def _figure(picture: Pixels, name: str, caption: str) -> str:
    out = io.BytesIO()
    image = Image.fromarray(picture[..., ::-1].copy())
    image.save(out, "JPEG", quality=QUALITY, subsampling=0)
    data = base64.b64encode(out.getvalue()).decode()
    return (
        f'<figure><img alt="{_text(name)}" src="data:image/jpeg;base64,{data}">'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def _text(text: str) -> str:
    return html.escape(visible(text))
