"""The statement of an answer in sentences, the same on a terminal and on a contact sheet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from reidsearch.base.timecode import iso
from reidsearch.domain.answers import Answer, Feedback, IdentitySearched, Match, RankedBy, Statement
from reidsearch.domain.footage import How
from reidsearch.domain.request import Filters
from reidsearch.domain.scores import Origin
from reidsearch.output.readings import one_in
from reidsearch.output.visible import count, duration, visible

HOW_TEXTS = {
    How.DENSE: "looked at densely",
    How.GATED: "without motion, looked at now and then",
    How.KEY_FRAMES: "still, only key frames looked at",
    How.PRECOMPUTED: "with detections that were given",
    How.FAILED: "that could not be decoded",
    How.GAP: "missing in the recording itself",
}
"""How footage was looked at, as the end of a sentence."""
NAMED_AT_MOST = 5  # cameras of which something was never offered


def sentences(statement: Statement) -> list[str]:
    """What was searched, how, how sure, and what is missing; the most important first."""
    return [
        *gist(statement),
        f"Query: {visible(statement.query)}, {count(statement.k, 'match', 'matches')} asked for, "
        f"at {iso(statement.asked_at)}; {visible(statement.runtime)}; "
        f"archive {visible(statement.archive)}.",
    ]


def gist(statement: Statement) -> list[str]:
    """The sentences without which the matches cannot be read."""
    return [
        _searched(statement),
        *_identity(statement.identity),
        *_feedback(statement.feedback),
        *_filtered(statement.filters),
        *_left_out(statement),
        *_least_score(statement),
        _ranked_by(statement.ranked_by),
        f"Model {visible(statement.model.name)} {visible(statement.model.precision)}"
        + (", flip averaging." if statement.model.flip else "."),
        *_scores(statement),
        *_footage(statement),
        *_missing(statement),
        *(_sentence(visible(warning)) for warning in statement.warnings),
    ]


def decided_text(match: Match) -> str:
    """What was decided of a match: `anna`, `rejected for anna`; empty: nothing."""
    parts = [visible(match.identity.name)] if match.identity else []
    if match.rejected_for:
        parts.append(f"rejected for {', '.join(visible(one.name) for one in match.rejected_for)}")
    return "; ".join(parts)


def no_match(answer: Answer) -> str:
    """Why there is no match; never that the person was not there, which no search can know."""
    statement = answer.statement
    if statement.crops_stored == 0:
        return "No match: the archive holds no crop."
    if statement.crops_searched == 0:
        if statement.feedback is not None:
            return "No match: no crop passed the filters but what was marked: nothing was compared."
        return "No match: no crop passed the filters, so nothing was compared."
    if statement.min_score is not None:
        return (
            f"No match: none of the {count(statement.crops_searched, 'crop')} searched "
            f"scores {statement.min_score:.3f} or more."
        )
    return "No match."


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
    """QueryInput the search was for, and what of them was left out."""
    if searched is None:
        return []
    rejected = searched.rejected
    out = [
        *([f"the {rejected:,} rejected for it"] if rejected else []),
        *(["its own"] if searched.new_only else []),
    ]
    return [
        f"Identity {visible(searched.named.name)} ({searched.named.identity_id}): "
        f"{count(searched.members, 'confirmed tracklet or crop', 'confirmed tracklets or crops')} "
        f"with {count(searched.views, 'view')}"
        + (f"; left out: {' and '.join(out)}." if out else "."),
    ]


def _feedback(feedback: Feedback | None) -> list[str]:
    """What refined the query, what stands first for it, and what is left out."""
    if feedback is None:
        return []
    liked, unliked = feedback.liked, feedback.unliked
    them = count(liked, "tracklet or crop", "tracklets or crops")
    told = [f"Refined by feedback: {them} liked, {unliked:,} unliked."]
    if liked and feedback.hidden == liked:
        told.append("What is liked the filters leave out.")
    elif liked:
        first = "The liked stand first, whatever they score: they are the person by your word, "
        hidden = f"; {feedback.hidden:,} of them the filters leave out" if feedback.hidden else ""
        told.append(f"{first}not found by this search{hidden}.")
    if unliked:
        told.append(f"The unliked are left out, {count(feedback.left_out, 'crop')} in all.")
    told.append(
        "Scores are similarity to the refined query: compare them within this answer alone."
    )
    return told


def _filtered(filters: Filters) -> list[str]:
    parts = [
        *([f"camera {_names(filters.cameras, 'or')}"] if filters.cameras else []),
        *([f"not camera {_names(filters.not_cameras, 'or')}"] if filters.not_cameras else []),
        *([f"from {iso(filters.after)}"] if filters.after else []),
        *([f"before {iso(filters.before)}"] if filters.before else []),
        *([f"source {_names(filters.sources, 'or')}"] if filters.sources else []),
        *([f"wearing {_names(filters.wearing, 'and')}"] if filters.wearing else []),
        *([f"with {_names(filters.with_things, 'and')}"] if filters.with_things else []),
        *([f"without {_names(filters.without_things, 'or')}"] if filters.without_things else []),
        *(
            [f"without {count(len(filters.exclude_crops), 'named crop')}"]
            if filters.exclude_crops
            else []
        ),
    ]
    return [f"Filters: {'; '.join(parts)}."] if parts else []


def _left_out(statement: Statement) -> list[str]:
    told = [
        f"The {what} filter left out {count(number, 'crop')} of unknown {what}."
        for what, number in (
            ("time", statement.left_out_unknown_time),
            ("camera", statement.left_out_unknown_camera),
        )
        if number
    ]
    filters, number = statement.filters, statement.left_out_unknown_attributes
    if filters.wearing or filters.with_things or filters.without_things:
        told.append(
            "Attributes are a model's guesses: the filter leaves out whoever it misjudged "
            "(docs/attributes.md)."
        )
    if number:
        told.append(
            f"The attribute filter left out {count(number, 'crop')} of which none are recorded "
            "(reidsearch annotate)."
        )
    return told


def _least_score(statement: Statement) -> list[str]:
    if statement.min_score is None:
        return []
    told = f"Only scores of {statement.min_score:.3f} or more"
    if statement.max_false_alarms is None:
        return [f"{told}."]
    alarms = f"{statement.max_false_alarms:g} false alarm"
    alarms += "" if statement.max_false_alarms == 1 else "s"
    return [f"{told}: at most {alarms} expected among the crops searched."]


def _ranked_by(ranked_by: RankedBy) -> str:
    if ranked_by.why_not is not None:
        return f"Order: by score alone, {visible(ranked_by.why_not)}."
    best = "best match" if ranked_by.expansion == 1 else f"best {ranked_by.expansion} matches"
    expanded = f", the query together with its {best}" if ranked_by.expansion else ""
    return (
        f"Order: the first {count(ranked_by.reranked, 'crop')} by score, re-ranked by whose "
        f"neighbourhoods they share{expanded}; scores are unchanged."
    )


def _scores(statement: Statement) -> list[str]:
    if statement.calibrated_by is None or statement.prior is None:
        return [f"Scores are {visible(statement.calibration)}: cosine similarity, not probability."]
    told = [_sentence(f"Scores: {visible(statement.calibration)}")]
    if statement.calibrated_by.origin is Origin.SET:
        told.append("How well that fits this footage is not known (reidsearch calibrate --test).")
    told.append(
        f"Probability of one person for a prior of {one_in(statement.prior)}, 95 % interval over "
        "people; false alarms: wrong crops expected at that score or above."
    )
    return told


def _footage(statement: Statement) -> list[str]:
    """How the footage concerned was looked at; above all what of it was not."""
    footage = statement.footage
    never = _never_offered(footage.not_supplied_s)
    if not footage.sources:
        return ["Footage: none of the cameras and times asked for.", *never] if never else []
    how = ", ".join(
        f"{duration(seconds)} {HOW_TEXTS[how]}"
        for how, seconds in sorted(
            footage.seconds.items(), key=lambda item: list(How).index(item[0])
        )
        if seconds >= 0.5
    )
    told = [f"Footage: {count(footage.sources, 'source')}, {how or 'nothing looked at'}."]
    if footage.unfinished:
        are = "source is" if footage.unfinished == 1 else "sources are"
        told.append(f"{footage.unfinished:,} {are} not finished (run the index command again).")
    return told + never


def _never_offered(seconds: Mapping[str, float]) -> list[str]:
    most = sorted(seconds.items(), key=lambda item: (-item[1], item[0]))
    if not most:
        return []
    parts = [f"{visible(camera)} {duration(length)}" for camera, length in most[:NAMED_AT_MOST]]
    if len(most) > NAMED_AT_MOST:
        parts.append(f"{count(len(most) - NAMED_AT_MOST, 'further camera')}")
    return [f"Never offered: {', '.join(parts)} (reidsearch coverage shows when)."]


def _missing(statement: Statement) -> list[str]:
    told = []
    if statement.failures:
        told.append(
            f"{count(statement.failures, 'input')} failed and "
            f"{'was' if statement.failures == 1 else 'were'} not searched (reidsearch failures)."
        )
    if statement.unfinished_runs:
        told.append(
            f"{count(statement.unfinished_runs, 'index run')} "
            f"{'was' if statement.unfinished_runs == 1 else 'were'} interrupted: "
            "what had not been reached was not searched (run the same index command again)."
        )
    return told


def _names(names: tuple[str, ...], word: str) -> str:
    return f" {word} ".join(visible(name) for name in names)


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
