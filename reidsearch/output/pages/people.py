"""Identities, proposals, journeys and the tracklets of a source as content of sheets and pages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

from reidsearch.base.timecode import from_us, iso, to_us
from reidsearch.domain.decisions import (
    Identity,
    Linking,
    Mark,
    Member,
    Named,
    Presence,
    Proposal,
    Story,
)
from reidsearch.domain.footage import SourceCoverage
from reidsearch.domain.journeys import Between, Journey, Stop
from reidsearch.domain.tracklets import TrackletSeen
from reidsearch.domain.two_places import two_places
from reidsearch.output.coverage import lacking
from reidsearch.output.identities import Names, decision_text, two_places_text
from reidsearch.output.journeys import journey_sentences, unseen_text
from reidsearch.output.proposals import linking_sentences, too_fast_text
from reidsearch.output.purity import purity_sentences, purity_text
from reidsearch.output.shown import Card, CardField, Group, Rows, Shown
from reidsearch.output.times import clock, correction_text, local, utc_beside, zone_name
from reidsearch.output.visible import count, duration

SHOTS = 3
"""Best shots of a tracklet beside each other on a page."""
FACES = 3
"""Members by which an identity is shown in a list of identities."""

Seen = Mapping[Member, Presence]


def story_shown(story: Story, names: Names) -> Shown:
    """Return what is shown of an identity: its members, what was rejected, its decisions."""
    one = story.identity
    missing = []
    if story.deleted:
        missing.append(
            f"{count(story.deleted, 'decision')} in force: the crops are no longer in the archive."
        )
    told = [f"{count(len(story.members), 'confirmed member')}, {len(story.rejected):,} rejected."]
    if one.merged_into is not None:
        told.append(f"Merged into {names.get(one.merged_into, f'identity {one.merged_into}')}.")
    told += [two_places_text(clash) for clash in two_places(story.members)]
    groups = [Group("Confirmed", _cards(story.members, "confirmed"))]
    if story.rejected:
        groups.append(Group("Rejected: not this person", _cards(story.rejected, "rejected")))
    decisions = Rows(
        "Decisions",
        ("decision", f"at ({zone_name()})", "UTC", "who", "what", "note"),
        tuple(
            (
                str(made.decision_id),
                clock(made.at.replace(microsecond=0)),
                iso(made.at.replace(microsecond=0)),
                made.who,
                decision_text(made, names)
                + (f" [undone by {made.undone_by}]" if made.undone_by is not None else ""),
                made.note,
            )
            for made in story.decisions
        ),
    )
    return Shown(
        of="identity",
        title=f"Identity: {one.named.text}",
        groups=tuple(groups),
        told=(*told, *_purity(story.members)),
        missing=tuple(missing),
        nobody="No confirmed member.",
        tables=(decisions,),
    )


def identities_shown(identities: Sequence[Identity], seen: Seen) -> Shown:
    """Return what is shown of all identities: a card for each, by its first members."""
    cards, merged = [], []
    for one in identities:
        if one.merged_into is not None:
            merged.append(one)
            continue
        held = [seen[member] for member in one.members if member in seen]
        cameras = sorted({each.camera for each in held if each.camera is not None})
        cards.append(
            Card(
                heading=str(one.identity_id),
                figure=count(len(one.members), "member"),
                fields=(
                    CardField("name", one.name, 3),
                    CardField("camera", _cameras(cameras), whole=", ".join(cameras)),
                    *_span(held),
                    CardField(
                        "decided",
                        f"{len(one.rejected):,} rejected" if one.rejected else "",
                    ),
                ),
                crop_ids=tuple(each.crop_ids[0] for each in held[:FACES] if each.crop_ids),
                emphasis="confirmed",
            )
        )
    names = {one.identity_id: one.name for one in identities}
    told = [f"{count(len(cards), 'identity', 'identities')}, each by its first members."]
    told += [
        f"{one.named.text} is merged into {names.get(one.merged_into or 0, one.merged_into)}."
        for one in merged
    ]
    return Shown(
        of="identities",
        title="Identities",
        groups=(Group("", tuple(cards)),),
        told=tuple(told),
        nobody="No identities yet.",
    )


def proposals_shown(linking: Linking, seen: Seen, held: Mapping[int, Sequence[Member]]) -> Shown:
    """Return what is shown of proposals: a group for each, with what it would be added to.

    Args:
        held: identity id -> its members.
    """
    groups = [_proposal(one, seen, held) for one in linking.proposals]
    members = (seen[each] for one in linking.proposals for each in one.members if each in seen)
    one = linking.proposals[0].proposal_id if len(linking.proposals) == 1 else None
    return Shown(
        of="proposals",
        title="Proposals" if one is None else f"Proposal {one}",
        groups=tuple(groups) or (Group("", ()),),
        told=(*linking_sentences(linking), *_purity(members)),
        nobody="No proposals to be decided.",
    )


def _proposal(one: Proposal, seen: Seen, held: Mapping[int, Sequence[Member]]) -> Group:
    whom = f"add to {one.adds_to.text}" if one.adds_to else "a new identity"
    cards: list[Card] = []
    if one.adds_to is not None:
        members = [seen[each] for each in held.get(one.adds_to.identity_id, ()) if each in seen]
        cards += _cards(members, "confirmed", said=f"confirmed as {one.adds_to.name}")
    for member, score in zip(one.members, one.scores, strict=True):
        if member in seen:
            cards.append(presence_card(seen[member], f"{score:.3f}", "proposed", said="proposed"))
    return Group(
        f"Proposal {one.proposal_id}: {whom}, adjusted score {one.score:.3f}",
        tuple(cards),
        tuple(too_fast_text(pair) for pair in one.too_fast),
    )


def tracklets_shown(
    source: SourceCoverage, found: Sequence[TrackletSeen], marks: Mapping[Member, Mark]
) -> Shown:
    """Return what is shown of a source: everybody who was seen in it, in order of time."""
    seen = [presence_of(one) for one in found]
    told = [
        f"{count(len(seen), 'tracklet')} of {source.location}, SHA-256 {source.sha256}, "
        f"{duration(float(source.duration_s))} of footage.",
        "A tracklet is one person in one camera without interruption; people whom the detector "
        "missed are not here.",
    ]
    return Shown(
        of="tracklets",
        title=f"Tracklets of {source.location.rpartition('/')[2]}",
        groups=(Group("", tuple(presence_card(one, said=_marked(marks, one)) for one in seen)),),
        told=(*told, *_purity(seen)),
        missing=tuple(lacking(source)),
        nobody="Nobody was seen in this source.",
    )


def journey_shown(journey: Journey) -> Shown:
    """Return what is shown of a journey: its sightings in order of time, and the gaps."""
    gaps = Rows(
        "Between the sightings",
        ("between", "without a sighting", "footage not analysed"),
        tuple(_gap(one) for one in journey.between),
    )
    return Shown(
        of="journey",
        title=f"Journey of {journey.identity.named.text}",
        groups=(Group("Sightings", tuple(_stop(one) for one in journey.stops)),),
        told=(
            *journey_sentences(journey),
            *(too_fast_text(pair) for pair in journey.too_fast),
        ),
        missing=tuple(
            f"Between {one.after} and {one.before}, not analysed: {unseen_text(one)}."
            for one in journey.between
            if one.unseen_s
        ),
        nobody="No sighting is confirmed or proposed.",
        tables=(gaps,) if journey.between else (),
    )


def _gap(one: Between) -> tuple[str, ...]:
    unseen = unseen_text(one) or "none: all cameras were analysed"
    return f"{one.after} and {one.before}", duration(one.seconds), unseen


def _stop(stop: Stop) -> Card:
    said = "confirmed" if stop.confirmed else f"proposal {stop.proposal_id}"
    emphasis = "confirmed" if stop.confirmed else "proposed"
    heading = f"no. {stop.number}"
    return presence_card(stop.seen, stop.seen.member.text, emphasis, said=said, heading=heading)


def presence_of(seen: TrackletSeen) -> Presence:
    """Return a tracklet as where and when it was seen."""
    first, last = seen.first_time, seen.last_time
    return Presence(
        Member("tracklet", seen.tracklet_id),
        seen.camera,
        seen.parts,
        None if first is None else to_us(first),
        None if last is None else to_us(last),
        seen.uncertainty_s,
        seen.crop_ids,
        seen.correction_s,
        purity=seen.purity,
    )


def _cards(seen: Iterable[Presence], emphasis: str, *, said: str = "") -> tuple[Card, ...]:
    return tuple(presence_card(one, emphasis=emphasis, said=said) for one in seen)


def presence_card(
    seen: Presence, figure: str = "", emphasis: str = "", *, said: str = "", heading: str = ""
) -> Card:
    """Return the card of a tracklet or crop: its best shots, where and when it was seen."""
    shots = tuple(dict.fromkeys((*seen.named_by, *seen.crop_ids)))[:SHOTS]
    return Card(
        heading=heading or seen.member.text,
        figure=figure,
        fields=(
            CardField("crop", _crops(shots, len(seen.crop_ids))),
            CardField("camera", _cameras([seen.camera] if seen.camera is not None else [])),
            *_span([seen]),
            CardField("file", seen.location.rpartition("/")[2], whole=seen.location),
            CardField("position", _position(seen)),
            CardField("purity", _doubt(seen), 5),
            CardField("decided", said),
        ),
        crop_ids=shots,
        emphasis=emphasis,
    )


def _crops(shots: Sequence[int], held: int) -> str:
    if not shots:
        return "no crop in the archive"
    told = f"crop {shots[0]}" if len(shots) == 1 else f"crops {', '.join(map(str, shots))}"
    return f"{told} (of {count(held, 'best shot')})" if held > len(shots) else told


def _cameras(cameras: Sequence[str]) -> str:
    if not cameras:
        return "camera unknown"
    return f"{'camera' if len(cameras) == 1 else 'cameras'} {', '.join(cameras)}"


def _span(seen: Sequence[Presence]) -> tuple[CardField, CardField]:
    """When somebody was seen first and last, how sure that is, and the same in UTC."""
    firsts = [one.first_us for one in seen if one.first_us is not None]
    lasts = [one.last_us for one in seen if one.last_us is not None]
    if not firsts or not lasts:
        return CardField("time", "time unknown"), CardField("utc", "")
    first, last = from_us(min(firsts)), from_us(max(lasts))
    told = local(first.replace(microsecond=0))
    if last.replace(microsecond=0) > first.replace(microsecond=0):
        told += f" to {_later(first, last)}"
    return CardField("time", told + _sure(seen), 3), CardField("utc", utc_beside(first))


def _later(first: dt.datetime, last: dt.datetime) -> str:
    """The end of a stretch: without its day where that is the day of its beginning."""
    begins, ends = clock(first.replace(microsecond=0)), clock(last.replace(microsecond=0))
    return ends[11:] if ends[:10] == begins[:10] else ends


def _sure(seen: Sequence[Presence]) -> str:
    tracked = [one for one in seen if one.member.kind == "tracklet"]
    unsure = [one.uncertainty_s for one in tracked if one.uncertainty_s is not None]
    told = " ±?" if len(unsure) < len(tracked) else ""
    if not told and unsure and max(unsure) > 0:
        told = f" ±{max(unsure):g} s"
    moved = {one.correction_s for one in seen if one.correction_s}
    return f"{told}, {correction_text(moved.pop())}" if len(moved) == 1 else told


def _position(seen: Presence) -> str:
    """Where in its footage somebody was seen."""
    if seen.member.kind != "tracklet":
        return ""
    first, last = float(seen.parts[0].first_s), float(seen.parts[-1].last_s)
    several = f" of the last of {len(seen.parts)} files" if len(seen.parts) > 1 else ""
    return f"{first:.1f} to {last:.1f} s{several}"


def _doubt(seen: Presence) -> str:
    if seen.purity is None or not seen.purity.doubts:
        return ""
    return f"May show two people: {purity_text(seen.purity)}"


def _purity(seen: Iterable[Presence]) -> list[str]:
    return purity_sentences(
        (one.member.text, one.purity) for one in seen if one.member.kind == "tracklet"
    )


def _marked(marks: Mapping[Member, Mark], seen: Presence) -> str:
    mark = marks.get(seen.member)
    if mark is None:
        return ""
    return "; ".join(
        [
            *([f"confirmed as {mark.identity.name}"] if mark.identity else []),
            *([f"rejected for {_named(mark.rejected_for)}"] if mark.rejected_for else []),
        ]
    )


def _named(named: Sequence[Named]) -> str:
    return ", ".join(one.name for one in named)
