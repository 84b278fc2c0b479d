"""The statement of an answer in sentences, the same on a terminal and on a contact sheet."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from reidsearch.domain.adjustment import AdjustedBy, WhyNotAdjusted
from reidsearch.domain.answers import (
    Answer,
    Feedback,
    IdentitySearched,
    Match,
    Own,
    RankedBy,
    Statement,
    WhyNot,
)
from reidsearch.domain.request import Order
from reidsearch.domain.scores import Origin
from reidsearch.output.filters_told import filtered_told, left_out_told
from reidsearch.output.footage_searched import not_analysed_told, searched_told
from reidsearch.output.on_record import case_told, logged_sentence
from reidsearch.output.query_origins import NAMED_AT_MOST, origin_sentences
from reidsearch.output.readings import one_in
from reidsearch.output.space_time import space_time_sentences
from reidsearch.output.stability import stability_told
from reidsearch.output.times import local
from reidsearch.output.visible import count, visible

NAMED_IN_SHORT = 3  # query pictures


def sentences(statement: Statement) -> list[str]:
    """Return what was searched, how, how sure, and what is missing; the most important first."""
    return [
        *gist(statement, NAMED_AT_MOST),
        f"Asked: {visible(statement.query)}, {count(statement.k, 'match', 'matches')} asked for, "
        f"at {local(statement.asked_at)}; {visible(statement.runtime)}; "
        f"archive {visible(statement.archive)}.",
    ]


def short(statement: Statement) -> list[str]:
    """Return what narrows the search, what is special about it, and what is missing."""
    return [*brief(statement), WHOLE]


WHOLE = "Full statement: --statement."


def brief(statement: Statement) -> list[str]:
    """Return `short` without where the rest is."""
    by, prior = statement.calibrated_by, statement.prior
    uncalibrated = by is None or prior is None or by.origin is Origin.REFERENCE
    return [
        _searched(statement),
        *_query(statement, NAMED_IN_SHORT),
        *_identity(statement.identity),
        *_feedback(statement.feedback),
        *space_time_sentences(statement.space_time),
        *filtered_told(statement.filters),
        *_left_out(statement),
        *_least_score(statement),
        *_ordered(statement),
        *([_ranked_by(statement.ranked_by)] if statement.ranked_by.why_not else []),
        *([adjusted_sentence(statement.adjusted)] if _odd(statement.adjusted) else []),
        *(_scores(statement, whole=False) if uncalibrated else []),
        *not_analysed_told(statement.footage),
        *_missing(statement),
        *stability_told(statement.stability),
        *(sentence(visible(warning)) for warning in statement.warnings),
        *case_told(statement.case),
        *([logged_sentence(statement.logged)] if statement.logged.entry is None else []),
    ]


def gist(statement: Statement, pictures: int = NAMED_IN_SHORT) -> list[str]:
    """Return the sentences without which the matches cannot be read; so many pictures are named."""
    return [
        _searched(statement),
        *_query(statement, pictures),
        *_identity(statement.identity),
        *_feedback(statement.feedback),
        *space_time_sentences(statement.space_time),
        *filtered_told(statement.filters),
        *_left_out(statement),
        *_least_score(statement),
        *_ordered(statement),
        _ranked_by(statement.ranked_by),
        f"Model {visible(statement.model.name)} {visible(statement.model.precision)}"
        + (", flip averaging." if statement.model.flip else "."),
        adjusted_sentence(statement.adjusted),
        *_scores(statement),
        *searched_told(statement.footage),
        *_missing(statement),
        *stability_told(statement.stability),
        *(sentence(visible(warning)) for warning in statement.warnings),
        *case_told(statement.case),
        logged_sentence(statement.logged),
    ]


def missing_told(statement: Statement) -> list[str]:
    """Return what was not searched, as far as is known; all of it stands in `sentences` too."""
    return [
        *_left_out(statement),
        *not_analysed_told(statement.footage),
        *_missing(statement),
        *(sentence(visible(warning)) for warning in statement.warnings),
    ]


_COMMAND = re.compile(
    r" \((?:reidsearch [^()]*|--[^()]*|docs/[^()]*|run (?:the same|the) index command again)\)"
    r"| \(`[^()]*\)|: `reidsearch [^`]*`[^.]*(?=\.)|^`reidsearch .*|: --format .*(?=\.)"
)


def without_commands(told: Iterable[str]) -> list[str]:
    """Return sentences without what they advise for the command line, for faces of another kind."""
    return [left for one in told if (left := _COMMAND.sub("", one))]


OWN_TEXTS = {
    Own.PICTURE: "query picture itself",
    Own.TRACKLET: "query's own tracklet",
    Own.FRAME: "in the query's frame",
}
"""What a match shares with the query, so that it is no finding."""


def own_sentence(number: int) -> str:
    """Return what so many matches marked as the query's own mean."""
    return (
        f"{count(number, 'match is', 'matches are')} marked own: the query's own picture, its "
        "tracklet, or its frame, so no finding."
    )


def own_text(match: Match) -> str:
    """Return what a match shares with the query; empty: nothing that is known."""
    return OWN_TEXTS[match.own] if match.own else ""


def decided_text(match: Match) -> str:
    """Return what a match shares with the query, and what was decided of it; empty: nothing."""
    return "; ".join(filter(None, (own_text(match), identity_text(match))))


def identity_text(match: Match) -> str:
    """Return what was decided of a match: `anna`, `rejected for anna`; empty: nothing."""
    parts = [visible(match.identity.name)] if match.identity else []
    if match.rejected_for:
        parts.append(f"rejected for {', '.join(visible(one.name) for one in match.rejected_for)}")
    return "; ".join(parts)


def no_match(answer: Answer) -> str:
    """Return why there is no match; never that the person was absent, which no search can know."""
    statement = answer.statement
    if statement.crops_stored == 0:
        return "No match: the archive is empty."
    if statement.crops_searched == 0:
        if statement.feedback is not None:
            return "No match: only marked crops passed the filters, so nothing was compared."
        return "No match: no crop passed the filters, so nothing was compared."
    if statement.min_score is not None:
        return (
            f"No match: none of the {count(statement.crops_searched, 'crop')} searched "
            f"scores {statement.min_score:.3f} or more."
        )
    return "No match."


def _query(statement: Statement, most: int) -> list[str]:
    return origin_sentences(statement.query_pictures, statement.embedding_sha256, most)


def _searched(statement: Statement) -> str:
    if statement.exact:
        how = "exactly"
    elif statement.recall is None:
        how = "approximately, recall not measured"
    else:
        how = f"approximately, measured recall {statement.recall:.4f}"
        if statement.recall_interval is not None:
            low, high = statement.recall_interval
            how += f" ({low:.4f} to {high:.4f})"
        if not replace(statement.filters, exclude_crops=()).empty:
            how += ", which filters may lower"
    return (
        f"Searched {statement.crops_searched:,} of {count(statement.crops_stored, 'crop')}, {how} "
        f"({visible(statement.index_kind)}, generation {statement.generation})."
    )


def _identity(searched: IdentitySearched | None) -> list[str]:
    """Return the identity that was searched for, and what of it was excluded."""
    if searched is None:
        return []
    rejected = searched.rejected
    photos = f", {count(searched.photos, 'reference photograph')}" if searched.photos else ""
    out = [
        *([f"the {rejected:,} rejected for it"] if rejected else []),
        *(["its confirmed members"] if searched.new_only else []),
    ]
    return [
        f"Identity {visible(searched.named.name)} ({searched.named.identity_id}): "
        f"{count(searched.members, 'confirmed tracklet or crop', 'confirmed tracklets or crops')} "
        f"as {count(searched.query_pictures, 'query picture')}{photos}"
        + (f"; excluded: {' and '.join(out)}." if out else "."),
    ]


def _feedback(feedback: Feedback | None) -> list[str]:
    """Return what refined the query, what comes first, and what is excluded."""
    if feedback is None:
        return []
    liked, unliked = feedback.liked, feedback.unliked
    them = count(liked, "tracklet or crop", "tracklets or crops")
    told = [f"Refined by feedback: {them} liked, {unliked:,} unliked."]
    if liked and feedback.hidden == liked:
        told.append("The filters exclude what is liked.")
    elif liked:
        hidden = f"; the filters exclude {feedback.hidden:,} of them" if feedback.hidden else ""
        told.append(
            "Liked matches come first, whatever their score: confirmed by you, not found by this "
            f"search{hidden}."
        )
    if unliked:
        told.append(f"Unliked matches are excluded ({count(feedback.left_out, 'crop')}).")
    told.append("Scores are similarity to the refined query: compare them within this answer only.")
    return told


def _left_out(statement: Statement) -> list[str]:
    return left_out_told(
        statement.filters,
        {
            "time": statement.left_out_unknown_time,
            "camera": statement.left_out_unknown_camera,
            "attributes": statement.left_out_unknown_attributes,
            "track": statement.left_out_unknown_track,
        },
        ("crop", "crops"),
    )


def _least_score(statement: Statement) -> list[str]:
    if statement.min_score is None:
        return []
    told = f"Only scores of {statement.min_score:.3f} or more"
    if statement.max_false_alarms is None:
        return [f"{told}."]
    alarms = f"{statement.max_false_alarms:g} false alarm"
    alarms += "" if statement.max_false_alarms == 1 else "s"
    return [f"{told}: at most {alarms} expected among the crops searched."]


def _ordered(statement: Statement) -> list[str]:
    """Return in which order matches stand, and how they are spread, where that was asked for."""
    asked = statement.requested
    if asked is None:
        return []
    most = asked.spread
    ranks = "both kinds of evidence" if asked.combined else "likeness"
    return [
        *([f"At most {count(most, 'match', 'matches')} of each camera."] if most else []),
        *([f"In order of time; ranks are by {ranks}."] if asked.order is Order.TIME else []),
    ]


def _ranked_by(ranked_by: RankedBy) -> str:
    if ranked_by.why_not is not None:
        mended = ranked_by.why_not in (WhyNot.OUTDATED, WhyNot.IMPRECISE)
        way_out = " (reidsearch prepare-reranking)" if mended else ""
        return f"Ranked by score only ({visible(ranked_by.why_not)}){way_out}."
    share = ranked_by.neighbours_found
    found = "" if share == 1.0 else f" ({share:.1%} of the true neighbours are known)"
    best = "best match" if ranked_by.expansion == 1 else f"best {ranked_by.expansion} matches"
    expanded = f", the query together with its {best}" if ranked_by.expansion else ""
    return (
        f"Ranking: the best {count(ranked_by.reranked, 'crop')} by score, re-ranked by shared "
        f"neighbours{expanded}{found}; scores are unchanged."
    )


def _odd(by: AdjustedBy) -> bool:
    """Tell whether a short statement has to say how scores were adjusted."""
    return by.why_not is not None or None in by.query_cameras


def adjusted_sentence(by: AdjustedBy) -> str:
    """Return which camera means scores are without, or why they are plain."""
    if by.why_not is not None:
        way_out = ""
        if by.why_not is WhyNotAdjusted.NOT_PREPARED:
            way_out = " (reidsearch prepare-reranking)"
        return f"Scores are not camera-adjusted ({visible(by.why_not)}){way_out}."
    known = sorted({visible(one) for one in by.query_cameras if one is not None})
    unknown = by.query_cameras.count(None)
    told = [f"camera {', '.join(known)}"] if known else []
    if unknown and not known:
        told = ["camera not known (--query-camera)"]
    elif unknown:
        told.append(f"{count(unknown, 'picture')} of no known camera")
    return (
        f"Scores are camera-adjusted by the means of {by.cameras} cameras (about "
        f"{by.people:,} people, counted camera by camera, of {count(by.crops, 'crop')}; means "
        f"{by.means_sha256[:12]}); "
        f"query: {' and '.join(told)}."
    )


def _scores(statement: Statement, *, whole: bool = True) -> list[str]:
    if statement.calibrated_by is None or statement.prior is None:
        return [f"Scores are {visible(statement.calibration)}: cosine similarity, not probability."]
    told = [sentence(f"Scores: {visible(statement.calibration)}")]
    if statement.calibrated_by.origin is Origin.SET:
        told.append("How well it fits this footage is not known (reidsearch calibrate --test).")
    if statement.calibrated_by.origin is Origin.REFERENCE and whole:
        told += [sentence(visible(note)) for note in statement.calibrated_by.notes]
    told.append(
        f"Probability of one person for a prior of {one_in(statement.prior)}, 95 % interval over "
        "people; false alarms: wrong crops expected at that score or above."
    )
    return told


def _missing(statement: Statement) -> list[str]:
    told = not_indexed_told(statement.failures, statement.unfinished_runs, statement.running_runs)
    for one in statement.pending:
        way_out = "" if one.running else " (reidsearch check --repair)"
        told.append(f"{one.sentence[0].upper()}{one.sentence[1:]}{way_out}.")
    return told


def not_indexed_told(failures: int, unfinished: int, running: int) -> list[str]:
    """Return what was offered to the archive and is not in it, by failures and index runs."""
    told = []
    if failures:
        told.append(
            f"{count(failures, 'input')} failed and "
            f"{'was' if failures == 1 else 'were'} not searched (reidsearch failures)."
        )
    if unfinished:
        told.append(
            f"{count(unfinished, 'index run')} {'was' if unfinished == 1 else 'were'} interrupted: "
            "inputs that were not reached were not searched (run the same index command again)."
        )
    if running:
        told.append("An index run is at work: what it has not reached yet was not searched.")
    return told


def sentence(text: str) -> str:
    """Return a text with an end to its sentence."""
    return text if text.endswith((".", "!", "?")) else f"{text}."
