"""What a card says of a match, field by field: the same on a sheet and on an HTML page."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import PurePath

from reidsearch.domain.answers import Answer, Match
from reidsearch.domain.attributes import Attributes, worn
from reidsearch.domain.crops import Crop
from reidsearch.domain.query_origins import ReadPicture
from reidsearch.domain.request import Filters, QueryPicture
from reidsearch.output.attributes import by_themselves
from reidsearch.output.readings import probability
from reidsearch.output.shown import CardField
from reidsearch.output.space_time import both_text, ratio_text
from reidsearch.output.stability import stays_text
from reidsearch.output.statement import decided_text
from reidsearch.output.times import correction_text, local, utc_beside
from reidsearch.output.visible import count

NAMED_AT_MOST = 3  # query pictures in a title


def rank_text(match: Match) -> str:
    """`3`, or `3 (was 5)` where re-ranking moved it."""
    moved = match.rank_before not in (None, match.rank)
    return f"{match.rank} (was {match.rank_before})" if moved else str(match.rank)


def card_fields(match: Match, filters: Filters) -> list[CardField]:
    """Return everything below rank and score, in its order; the same fields for every match."""
    crop, seen = match.crop, match.tracklet
    told = f"crop {crop.crop_id}" + (f", tracklet {seen.tracklet_id}" if seen else "")
    decided = "; ".join(filter(None, ["liked" if match.liked else "", decided_text(match)]))
    return [
        CardField("crop", told),
        CardField(
            "probability",
            f"probability {probability(match.reading)}" if match.reading else "",
        ),
        CardField("stability", stays_text(match)),
        CardField("space-time", timely_text(match)),
        CardField("camera", camera_text(crop)),
        CardField("time", time_text(crop)),
        CardField("utc", "" if crop.facts.time is None else utc_beside(crop.facts.time)),
        CardField("file", file_name(crop), whole=crop.place),
        CardField("attributes", filtered_attributes(match.attributes, filters), 3),
        CardField("decided", decided),
    ]


def timely_text(match: Match) -> str:
    """`place and time +1.2 (+0.8 to +1.5), both +3.4`; empty: that was not asked."""
    told = match.space_time
    if told is None:
        return ""
    both = "" if told.combined_log10_lr is None else f", both {both_text(told)}"
    return f"place and time {ratio_text(told)}{both}"


def camera_text(crop: Crop) -> str:
    """`camera gate`."""
    return "camera unknown" if crop.facts.camera is None else f"camera {crop.facts.camera}"


def time_text(crop: Crop) -> str:
    """When a crop was taken, and by how much that may be off; else where in its footage."""
    moment = crop.moment
    if crop.facts.time is None:
        return (
            f"time unknown; {float(moment.media_s):.1f} s in footage" if moment else "time unknown"
        )
    return local(crop.facts.time.replace(microsecond=0)) + uncertainty_text(crop)


def uncertainty_text(crop: Crop) -> str:
    """By how much a crop's wall-clock time may be off and was corrected, to stand behind it."""
    if crop.facts.time is None or crop.moment is None:
        return ""
    uncertainty_s = crop.moment.uncertainty_s
    sure = " ±?" if uncertainty_s is None else f" ±{uncertainty_s:g} s" if uncertainty_s else ""
    moved_s = crop.moment.correction_s
    return f"{sure}, {correction_text(moved_s)}" if moved_s else sure


def file_name(crop: Crop) -> str:
    """The name of the file that a crop is from, without its folders."""
    return crop.place.rstrip("/").rpartition("/")[2]


def filtered_attributes(attributes: Attributes | None, filters: Filters) -> str:
    """What of the attributes let a match pass: `upper red 0.31, backpack 0.93, hat 0.02`."""
    if attributes is None:
        return ""
    told = []
    for text in filters.wearing:
        parts, names = worn(text)
        shares = {part: sum(attributes.colours[part][name] for name in names) for part in parts}
        part = max(parts, key=lambda part: shares[part])
        told.append(f"{part} {'/'.join(names)} {shares[part]:.2f}{by_themselves(attributes, text)}")
    for word, things in (("with", filters.with_things), ("without", filters.without_things)):
        for thing in things:
            alone = by_themselves(attributes, f"{word} {thing}")
            told.append(f"{thing} {attributes.things[thing]:.2f}{alone}")
    return ", ".join(told)


def picture_name(picture: QueryPicture) -> str:
    """The file name of a query picture, or `crop 7`; empty for pixels."""
    if isinstance(picture, int):
        return f"crop {picture}"
    if isinstance(picture, ReadPicture):
        picture = picture.origin.name
    return PurePath(picture).name if isinstance(picture, str | PathLike) else ""


def answer_title(answer: Answer, names: Sequence[str]) -> str:
    """Who was searched for: an identity, or the names of the query pictures.

    Args:
        names: of the query pictures; empty ones are not known.
    """
    identity = answer.statement.identity
    if identity is not None:
        return f"Query: {identity.named.text}"
    if not names or not all(names):
        return f"Query: {answer.statement.query}"
    more = len(names) - NAMED_AT_MOST
    told = ", ".join(names[:NAMED_AT_MOST])
    return f"Query: {told}" + (f" and {count(more, 'further picture')}" if more > 0 else "")
