"""A contact sheet as one HTML page: pictures inside, text that can be searched and copied."""

from __future__ import annotations

import base64
import html
from collections.abc import Callable, Iterable, Sequence

from PIL import Image

from reidsearch.domain.answers import Answer, Match
from reidsearch.domain.crops import Pixels
from reidsearch.output.picture_file import encode
from reidsearch.output.readings import chance
from reidsearch.output.statement import decided_text, no_match, sentences
from reidsearch.output.times import local
from reidsearch.output.visible import visible

STYLE = """
body { font: 14px/1.4 system-ui, sans-serif; color: #111827; margin: 24px; max-width: 1200px }
.sheet { display: flex; flex-wrap: wrap; gap: 12px; margin: 12px 0 24px }
figure { margin: 0; width: 160px; border: 1px solid #d1d5db; padding: 8px }
img { width: 100%; height: 240px; object-fit: contain; background: #f3f4f6 }
figcaption { overflow-wrap: anywhere }
b { float: right }
small, p { color: #4b5563 }
"""


def contact_sheet_html(
    answer: Answer, pictures: Sequence[Pixels], picture_of: Callable[[int], Pixels]
) -> bytes:
    """Lay out an answer as an HTML page that needs no other file.

    Args:
        pictures: what was searched with, (h, w, 3) uint8 BGR.
        picture_of: the same of a crop, by its id.
    """
    queries = (_figure(picture, [f"query {n}"]) for n, picture in enumerate(pictures, start=1))
    matches = (_figure(picture_of(one.crop.crop_id), _lines(one)) for one in answer.matches)
    told = "".join(f"<p>{_text(line)}</p>" for line in sentences(answer.statement))
    found = _sheet(matches) if answer.matches else f"<p>{_text(no_match(answer))}</p>"
    page = (
        '<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8">'
        f"<title>reidsearch: contact sheet</title><style>{STYLE}</style></head>\n"
        f"<body><h1>Query</h1>{_sheet(queries)}<h1>Matches</h1>{found}"
        f"<h1>Statement</h1>{told}</body>\n</html>\n"
    )
    return page.encode()


def _sheet(figures: Iterable[str]) -> str:
    return f'<div class="sheet">{"".join(figures)}</div>'


def _lines(match: Match) -> list[str]:
    facts = match.crop.facts
    reading = [f"probability {chance(match.reading.probability)}"] if match.reading else []
    return [
        f"{match.rank}. crop {match.crop.crop_id}, score {match.score:.3f}",
        facts.camera or "camera unknown",
        local(facts.time) if facts.time else "time unknown",
        *reading,
        *(["liked"] if match.liked else []),
        decided_text(match) or match.crop.place,
    ]


def _figure(picture: Pixels, lines: Sequence[str]) -> str:
    jpeg = encode(Image.fromarray(picture[..., ::-1].copy()), ".jpg")
    data = base64.b64encode(jpeg).decode()
    caption = "<br>".join(_text(line) for line in lines)
    return (
        f'<figure><img alt="{_text(lines[0])}" src="data:image/jpeg;base64,{data}">'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def _text(text: str) -> str:
    return html.escape(visible(text))
