"""The part of a report that shows what was found: pictures, places, times, scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from reidsearch.base.timecode import from_us
from reidsearch.domain.answers import Answer, Match, Statement
from reidsearch.domain.crops import Crop
from reidsearch.domain.decisions import Member, Presence
from reidsearch.domain.event_log import LogEntry
from reidsearch.domain.journeys import Journey
from reidsearch.domain.scores import Origin, Reading
from reidsearch.output.casework.about import number, ratio_told
from reidsearch.output.casework.asked import searched_with
from reidsearch.output.casework.clocks import times
from reidsearch.output.casework.document import THE_JSON, Block, Card, Picture, Section, Table, Text
from reidsearch.output.statement import no_match, own_text
from reidsearch.output.times import local
from reidsearch.output.visible import count

if TYPE_CHECKING:
    from reidsearch.output.casework.making import Making

CARDS_AT_MOST = 20
ROWS_AT_MOST = 500
ROWS_OF_A_SEARCH = 10
COLUMNS = ("Rank", "Score", "LR", "Camera", "Time", "Crop", "Tracklet", "Decided")
WIDTHS = (1.3, 1.6, 1.6, 3, 4.6, 1.8, 2, 4)


def of_answer(making: Making, answer: Answer) -> list[Section]:
    """Show the matches of a search: the first ones whole, others in a table."""
    if not answer.matches:
        return [Section("Findings", (Text(no_match(answer)),))]
    cards = [_card(making, one, answer.statement) for one in answer.matches[:CARDS_AT_MOST]]
    told = count(len(answer.matches), "match", "matches")
    found = [
        Section(
            "Findings",
            (
                Text(
                    f"{told}, ordered as the search ranked them. A match is what resembles the "
                    "query most among what was searched; there always is a first one."
                ),
                *cards,
            ),
        )
    ]
    rest = answer.matches[CARDS_AT_MOST:]
    if rest:
        table = _table(rest[:ROWS_AT_MOST])
        blocks: list[Block] = [table]
        if len(rest) > ROWS_AT_MOST:
            left = count(len(rest) - ROWS_AT_MOST, "match", "matches")
            blocks.append(Text(f"{left} more are in {THE_JSON}, and not shown here."))
        found.append(Section("Further matches", tuple(blocks), level=2))
    return found


def of_case(
    making: Making, answers: Sequence[tuple[LogEntry, Answer]], all_of_them: int
) -> list[Section]:
    """List the searches of a case with their best matches."""
    if not answers:
        return [Section("Findings", (Text("No search of this case has an answer on record."),))]
    told = (
        f"{count(all_of_them, 'search', 'searches')} of the case "
        f"{'has' if all_of_them == 1 else 'have'} an answer on record"
    )
    told += f"; the newest {len(answers):,} are listed." if len(answers) < all_of_them else "."
    found = [Section("Findings", (Text(told),))]
    for entry, answer in answers:
        told_of = answer.statement
        reason = told_of.case.reason if told_of.case else None
        first = (
            f"By {entry.actor}, {local(entry.at.replace(microsecond=0))}: {told_of.query}"
            + (f"; reason: {reason.value}" if reason else "")
            + f"; {count(len(answer.matches), 'match', 'matches')}."
        )
        blocks: list[Block] = [
            Text(first),
            *searched_with(making, told_of.query_pictures),
            Text(_ratio_of_search(told_of, answer.matches)),
        ]
        blocks.append(
            _table(answer.matches[:ROWS_OF_A_SEARCH]) if answer.matches else Text(no_match(answer))
        )
        if len(answer.matches) > ROWS_OF_A_SEARCH:
            left = len(answer.matches) - ROWS_OF_A_SEARCH
            blocks.append(Text(f"{count(left, 'match', 'matches')} more: in {THE_JSON}."))
        found.append(Section(f"Search, entry {entry.number}", tuple(blocks), level=2))
    return found


def of_presences(
    making: Making,
    presences: Sequence[Presence],
    name: str,
    named: Mapping[Member, str] | None = None,
) -> list[Section]:
    """Show sightings that were decided on.

    Args:
        name: of the identity; empty: of a case.
        named: of a case, as what each was confirmed.
    """
    level = 1 if name else 2
    heading = "Findings" if name else "Confirmed sightings"
    if not presences:
        told = "Nothing is put to the identity." if name else "Nothing was confirmed in this case."
        return [Section(heading, (Text(told),), level=level)]
    listed = [(n, one, (named or {}).get(one.member, "")) for n, one in enumerate(presences, 1)]
    blocks: list[Block] = [Text(_NO_SCORE)]
    blocks += [
        _sighting(making, one, f"Sighting {n}" + (f", {who}" if who else ""))
        for n, one, who in listed[:CARDS_AT_MOST]
    ]
    rest = [(str(n), one, who or name) for n, one, who in listed[CARDS_AT_MOST:]]
    found = [Section(heading, tuple(blocks), level=level)]
    return found + _further(rest, "Confirmed as", "the command identity show lists them")


def of_journey(making: Making, journey: Journey) -> list[Section]:
    """Show the sightings in order of time; proposed ones are marked."""
    blocks: list[Block] = [Text(_NO_SCORE)]
    for stop in journey.stops[:CARDS_AT_MOST]:
        state = "confirmed" if stop.confirmed else f"proposed only (proposal {stop.proposal_id})"
        blocks.append(_sighting(making, stop.seen, f"Sighting {stop.number}, {state}"))
    rest = [
        (str(stop.number), stop.seen, "confirmed" if stop.confirmed else "proposed only")
        for stop in journey.stops[CARDS_AT_MOST:]
    ]
    found = [Section("Findings", tuple(blocks))]
    return found + _further(rest, "State", f"they are in {THE_JSON}")


def _further(
    sightings: Sequence[tuple[str, Presence, str]], column: str, where: str
) -> list[Section]:
    """List the sightings that are not shown with pictures."""
    if not sightings:
        return []
    rows = tuple(
        (
            number_,
            seen.camera or "unknown",
            "unknown"
            if seen.first_us is None
            else local(from_us(seen.first_us).replace(microsecond=0)),
            f"{seen.seen_s:.1f} s",
            seen.member.text,
            told,
        )
        for number_, seen, told in sightings[:ROWS_AT_MOST]
    )
    columns = ("No.", "Camera", "First seen", "Seen for", "Ids", column)
    blocks: list[Block] = [
        Text(f"The first {CARDS_AT_MOST} are shown with pictures, these without:"),
        Table(columns, rows, (1, 3, 4.6, 2, 2.6, 4)),
    ]
    if len(sightings) > ROWS_AT_MOST:
        left = count(len(sightings) - ROWS_AT_MOST, "sighting")
        blocks.append(Text(f"{left} more are left out here; {where}."))
    return [Section("Further sightings", tuple(blocks), level=2)]


_NO_SCORE = (
    "Sightings in order of time. No likelihood ratio: a sighting was decided on by people, and has "
    "no score of its own."
)


def no_ratio(statement: Statement, reading: Reading | None) -> str:
    """Return why there is no likelihood ratio."""
    by = statement.calibrated_by
    if statement.feedback is not None:
        return "no likelihood ratio: the query was refined by feedback, which no calibration covers"
    if by is None:
        return "no likelihood ratio: the archive was not calibrated"
    if by.origin is Origin.REFERENCE:
        return (
            "no likelihood ratio: the archive was not calibrated itself; a reference made from "
            "other footage is not taken for one"
        )
    if reading is None:
        return "no likelihood ratio: the calibration of the search is no longer in force"
    return ""


def _ratio(statement: Statement, reading: Reading | None) -> str:
    why_not = no_ratio(statement, reading)
    return why_not if why_not or reading is None else ratio_told(reading)


def _ratio_of_search(statement: Statement, matches: Sequence[Match]) -> str:
    reading = matches[0].reading if matches else None
    why_not = no_ratio(statement, reading) if matches else ""
    return f"{why_not[:1].upper()}{why_not[1:]}." if why_not else "LR: likelihood ratio, see below."


def _card(making: Making, match: Match, statement: Statement) -> Card:
    crop = match.crop
    pictures, texts = _pictures(making, crop)
    facts = [
        *_place(making, crop, match.tracklet.tracklet_id if match.tracklet else None),
        ("Score", f"{match.score:.3f}"),
        ("Likelihood ratio", _ratio(statement, match.reading)),
        ("Decided", _decided(match)),
    ]
    if match.own:
        texts.append(f"No finding: {own_text(match)}.")
    return Card(f"Rank {match.rank}", pictures, tuple(facts), tuple(texts))


def _sighting(making: Making, seen: Presence, heading: str) -> Card:
    shown = seen.named_by or seen.crop_ids
    crop = making.crop(shown[0]) if shown else None
    if crop is None:
        return Card(heading, (), ((seen.member.kind, str(seen.member.number)),))
    pictures, texts = _pictures(making, crop)
    number_ = seen.member.number if seen.member.kind == "tracklet" else None
    return Card(
        f"{heading}: {seen.camera or 'camera unknown'}",
        pictures,
        (*_place(making, crop, number_), ("Seen for", f"{seen.seen_s:.1f} s")),
        tuple(texts),
    )


def _pictures(making: Making, crop: Crop) -> tuple[tuple[Picture, ...], list[str]]:
    still, frame = making.still(crop), making.frame(crop)
    found = [one for one in (still, frame) if isinstance(one, Picture)]
    texts = [frame] if isinstance(frame, str) else []
    if still is None:
        texts.append("The stored picture of the crop cannot be shown.")
    return tuple(found), texts


def _place(making: Making, crop: Crop, tracklet_id: int | None) -> list[tuple[str, str]]:
    moment = crop.moment
    rows = [("Camera", crop.facts.camera or "unknown"), *times(making, crop)]
    where = f"; {float(moment.media_s):.3f} s in it (pts {moment.pts})" if moment else ""
    ids = f"crop {crop.crop_id}" + (f", tracklet {tracklet_id}" if tracklet_id else "")
    return [
        *rows,
        ("File", f"{crop.place}{where}"),
        ("Ids", f"{ids}; box {crop.box.text()} (left, top, right, bottom in pixels)"),
        ("SHA-256 of the source", crop.source_sha256),
    ]


def _table(matches: Sequence[Match]) -> Table:
    return Table(COLUMNS, tuple(map(_row, matches)), WIDTHS)


def _row(match: Match) -> tuple[str, ...]:
    crop, time = match.crop, match.crop.facts.time
    return (
        str(match.rank),
        f"{match.score:.3f}",
        number(match.reading.log10_lr) if match.reading else "none",
        crop.facts.camera or "unknown",
        local(time.replace(microsecond=0)) if time else "unknown",
        str(crop.crop_id),
        str(match.tracklet.tracklet_id) if match.tracklet else "none",
        _decided(match),
    )


def _decided(match: Match) -> str:
    """Say what was decided of a match; who did stands in the part on decisions."""
    told = [f"confirmed as {match.identity.name}"] if match.identity else []
    told += [f"rejected for {one.name}" for one in match.rejected_for]
    return "; ".join(told) or "nothing"
