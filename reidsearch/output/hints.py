"""What the command line advises: one table from the kind of an error to commands and options.

The rooms below say what happened, in a message, a kind and fields; only here is it known which
command or option helps. Another face has a table of its own over the same kinds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from shlex import quote
from typing import Any, TypeAlias

from reidsearch.base.errors import Kind, Reason, ReidsearchError

Hint: TypeAlias = str | Callable[..., str]
"""A template over the fields, or a function that takes them by name."""


def advice(error: ReidsearchError) -> str:
    """Return what to do now on the command line; empty where nothing helps.

    Example:
        advice(ArchiveError("a holds no crops yet", kind=Kind.ARCHIVE_EMPTY, archive="a"))
        # 'reidsearch index PATH... -a a'
    """
    return advice_on(error.kind, error.fields, error.hint)


def advice_on(kind: str | None, fields: Mapping[str, Any], otherwise: str = "") -> str:
    """Return the hint for a kind with its fields, or `otherwise` where the table has none."""
    hint = HINTS.get(kind) if kind is not None else None
    if hint is None:
        return otherwise
    return hint.format_map(fields) if isinstance(hint, str) else hint(**fields)


def _near(near: list[str], joint: str = ", ") -> str:
    return f"did you mean {joint.join(near)}? " if near else ""


def _model_unknown(near: list[str], **_: Any) -> str:
    return (
        f"{_near(near, ' or ')}`reidsearch models list` names all; give a custom model by its "
        "file, path/to/model.xml or path/to/model.onnx"
    )


def _model_mismatch(
    archive: str, archive_model: str, archive_flip: bool, model: str, flip: bool, same_weights: bool
) -> str:
    option = "--flip" if flip else "--no-flip"
    if same_weights and flip != archive_flip:
        keep, change = f"leave out {option}", option
    else:
        keep = f"use --model {archive_model}"
        change = f"--model {model}" + (f" {option}" if flip != archive_flip else "")
    return f"{keep}, or re-embed all crops: reidsearch reembed {change} -a {archive}"


def _of_two_models(archive: str, model: str, flip: bool) -> str:
    option = "--flip" if flip else "--no-flip"
    return f"re-embed it as the other: reidsearch reembed --model {model} {option} -a {archive}"


def _labels_missing(labels: str) -> str:
    if labels == "identities":
        return "identities come from decisions: reidsearch identity new, confirm"
    return (
        "persons come from names (--names market1501, --pattern) or manifests while indexing, "
        "identities from decisions (reidsearch confirm)"
    )


def _identity_unknown(identity: str, near: list[str]) -> str:
    if identity.isdecimal():
        return "reidsearch identity list shows names and numbers"
    return (
        f"{_near(near)}make it: reidsearch identity new {quote(identity)} CROP..., or see "
        "reidsearch identity list"
    )


def _identity_name_taken(identity: str, renamed: str | None) -> str:
    if renamed is None:
        return f"one person: reidsearch confirm CROP --as {quote(identity)}; else another name"
    return (
        f"one person: reidsearch identity merge {quote(identity)} {quote(renamed)}; else another "
        "name"
    )


def _feedback_uncalibrated(setting: str) -> str:
    return f"leave --{setting.replace('_', '-')} out, or --like and --unlike"


def _damaged(archive: str = "", **_: Any) -> str:
    return "run: reidsearch check" + (f" -a {archive}" if archive else "")


def _needs_repair(archive: str = "", **_: Any) -> str:
    return "run: reidsearch check --repair" + (f" -a {archive}" if archive else "")


_STOP_COPYING = "leave --copy out"


def _copy_failed(endings: list[str]) -> str:
    others = f", or give another ending: {' '.join(endings)}" if endings else ""
    return f"{_STOP_COPYING} to encode it anew{others}"


HINTS: dict[str, Hint] = {
    Kind.INTERNAL: "run again with --debug and report the traceback",
    # Models and devices
    Kind.MODEL_UNAVAILABLE: (
        "three ways to get it: (1) --model-path DIR or REIDSEARCH_MODELS=DIR, a folder that holds "
        "{model}/{file} and its .bin; (2) `reidsearch models import DIR`, from any folder or "
        "medium; (3) with a network, `reidsearch models install {model}`"
    ),
    Kind.MODEL_UNKNOWN: _model_unknown,
    Kind.MODEL_FILE_MISSING: (
        "give an existing .xml or .onnx file, or a name from `reidsearch models list`"
    ),
    Kind.MODEL_FILE_NEEDED: (
        "name that file: --model path/to/model.xml; or add it once: reidsearch models add "
        "path/to/model.xml"
    ),
    Kind.MODEL_MANIFEST_MISSING: (
        "tell it once: reidsearch models add {file} --input rgb-imagenet (or another of its ways); "
        "or write a manifest beside it: docs/reference/model-manifests.md"
    ),
    Kind.MODEL_MANIFEST_BAD: "its fields are described in docs/reference/model-manifests.md",
    Kind.MODEL_MANIFEST_DIFFERS: (
        "correct the manifest of {file}: docs/reference/model-manifests.md"
    ),
    Kind.MODEL_OF_CATALOGUE: "reidsearch models import {folder}",
    Kind.MODEL_NAME_ODD: "give another: reidsearch models add FILE --name NAME",
    Kind.MODEL_WITHOUT_GOLDEN: "record them: reidsearch models add FILE",
    Kind.MODEL_DOUBTED: (
        "measure it on labelled crops: reidsearch evaluate; change it: reidsearch reembed --model "
        "NAME"
    ),
    Kind.CALIBRATION_REFUSED: (
        "see it by hour and brightness: reidsearch doctor --audit; calibrate again with confirmed "
        "people of that camera: reidsearch calibrate"
    ),
    Kind.CAMERA_CHANGED: "look at its footage of then: reidsearch coverage, reidsearch frame",
    Kind.MODEL_ALTERED: (
        "remove it, or download it again with `reidsearch models install {model}`; "
        "to use it as a custom model, give its file: --model {file}"
    ),
    Kind.MODEL_INCOMPLETE: (
        "copy it there too, or remove the folder from --model-path and REIDSEARCH_MODELS"
    ),
    Kind.MODEL_DOWNLOAD_REFUSED: "try another network, or `reidsearch models import DIR`",
    Kind.MODEL_MISMATCH: _model_mismatch,
    Kind.ARCHIVES_OF_TWO_MODELS: _of_two_models,
    Kind.MODEL_QUANTIZED_ALREADY: "give a model in FP16 or FP32: reidsearch models list",
    Kind.MODEL_WITHOUT_WEIGHTS: "name another: --model NAME",
    Kind.MODEL_NAME_TAKEN: (
        "give another name: --suffix (models quantize), --name (models add); or remove it: "
        "reidsearch models remove {model}"
    ),
    Kind.MODEL_ANSWERS_AS_ANOTHER: "reidsearch models verify",
    Kind.CUSTOM_MODEL_DAMAGED: (
        "reidsearch models remove {model}; then `reidsearch models add` or `models quantize` again"
    ),
    Kind.CUSTOM_MODEL_UNKNOWN: "reidsearch models list names the custom models",
    Kind.CUSTOM_MODEL_MISSING: (
        "copy its folder {model} from the machine that has it to one of these; or make it again: "
        "reidsearch models add, or quantize"
    ),
    Kind.NOT_AN_EMBEDDER: (
        "give a re-identification model, for instance one of: reidsearch models list"
    ),
    Kind.MODEL_BLIND: (
        "give a trained re-identification model, for instance one of: reidsearch models list"
    ),
    Kind.NOT_A_DETECTOR: "give one of the detectors of: reidsearch models list",
    Kind.NOT_A_RECOGNIZER: "reidsearch models list names the one that does",
    Kind.DEVICE_UNKNOWN: "give --device CPU, or install the device's driver",
    Kind.DEVICE_FAILED: "leave the settings streams and threads at 0, or give --device CPU",
    Kind.DECODER_UNKNOWN: (
        "give --decode-device none, or install the device's driver; reidsearch doctor lists them"
    ),
    Kind.REDUCED_PRECISION: "use --device CPU, which computes in float32",
    Kind.INFERENCE_DIFFERS: (
        "reidsearch models verify; then try --device CPU, and another version of openvino"
    ),
    Reason.BAD_EMBEDDING: "check the model and the runtime: reidsearch doctor",
    Kind.TOO_MANY_FILES: (
        "allow more (ulimit -n 4096) or end other programs, then run the same command again"
    ),
    Kind.OUT_OF_MEMORY: "end other programs, then run the same command again",
    Kind.CODECS_MISSING: "{python} -m pip install --force-reinstall pillow",
    # Footage
    Kind.TIME_WITHOUT_ZONE: "give --timezone ZONE",
    Kind.STREAM_COPY_IMPOSSIBLE: _STOP_COPYING,
    Kind.STREAM_COPY_FAILED: _copy_failed,
    Kind.NO_VIDEO_ENCODER: "use --copy",
    Kind.CLIP_NOT_ENCODED: "give another ending, or --copy",
    Kind.CLIP_UNREADABLE: "give another ending: .mkv, .mp4",
    Kind.FOOTAGE_MISSING: (
        "put it back; or say where its folder lies now: reidsearch relocate OLD NEW -a {archive}; "
        "or index that folder: a moved file is recognised by its bytes"
    ),
    Kind.FOOTAGE_DIFFERS: (
        "the picture that was indexed: reidsearch crop; to analyse what lies there now, delete the "
        "source and index it again"
    ),
    Kind.FRAMES_NOT_FOUND: (
        "export to .json without --interpolate: it tells boxes by time, not by frames"
    ),
    Kind.RELOCATION_OF_NOTHING: "reidsearch coverage -a {archive} lists all places",
    Kind.PERSON_NOT_IN_FRAME: (
        "reidsearch detect VIDEO@TIME -o people.png draws them; or give --box x,y,w,h"
    ),
    Kind.PERSON_AMBIGUOUS: (
        "reidsearch detect {source} -o people.png numbers them; then: reidsearch query "
        "--frame {source} --person N; a picture as it is: --whole"
    ),
    Kind.SOURCE_AMBIGUOUS: (
        "reidsearch coverage lists all; give more of the path, or 8 characters of the SHA-256"
    ),
    Kind.CROP_WITHOUT_FOOTAGE: "reidsearch crop writes its picture",
    # Archives
    Kind.COPY_UNFINISHED: "the same goes on from there: reidsearch copy {source} {archive}",
    Kind.ARCHIVE_EMPTY: "reidsearch index PATH... -a {archive}",
    Kind.MERGE_UNFINISHED: (
        "analyse it to its end: reidsearch index PATH... -a {archive}; then merge again"
    ),
    Kind.NOTHING_TO_CHANGE: "give --model NAME, --flip or --no-flip",
    Kind.NOTHING_TO_DELETE: "give --source, --camera, --after, --before or --crop",
    Kind.PICTURES_ELSEWHERE: "move them back first: reidsearch pictures --to database",
    Kind.BUCKET_NEEDED: (
        "give it: reidsearch pictures --to s3://bucket/folder, or set [objects] bucket in "
        "reidsearch.toml"
    ),
    Kind.PICTURE_GONE: (
        "bring the object back from a copy of the store, or delete the crop: "
        "reidsearch delete --crop {crop}"
    ),
    Kind.DELETION_UNFINISHED: (
        "any writing command finishes it, for instance: reidsearch check --repair -a {archive}"
    ),
    Kind.ARCHIVE_MISSING: "make one: reidsearch index PATH... -a {archive}",
    Kind.MIGRATION_REFUSED: "run `reidsearch check -a {archive}` with the earlier version",
    Kind.DATABASE_DAMAGED: "run: reidsearch check -a {archive}   or restore from a backup",
    Kind.INDEX_AWAY: (
        'start it; or set when_away = "exact" below [index]: answers then come from the database, '
        "slowly"
    ),
    Kind.INDEX_INCOMPLETE: "make it anew from the database: reidsearch check --repair",
    Kind.ROW_DAMAGED: (
        "reidsearch check -a {archive} names all that is damaged; restore it from a backup, or "
        "delete that source and index it again"
    ),
    Kind.LOG_DAMAGED: (
        "put archive.db-wal back from where it is whole; or go on without: reidsearch check "
        "--repair -a {archive} keeps a copy of it, then do again what was lost"
    ),
    Kind.CALIBRATION_DAMAGED: ("reidsearch calibrate --forget -a {archive}, then calibrate again"),
    Kind.ARCHIVE_OUTDATED: "make a backup, then run: reidsearch migrate -a {archive}",
    Kind.ARCHIVE_DAMAGED: _damaged,
    Kind.ARCHIVE_NEEDS_REPAIR: _needs_repair,
    Kind.ARCHIVE_NOT_VERIFIED: "reidsearch check -a {archive}",
    Kind.CROP_NOT_EMBEDDED: (
        "restore it from a backup, or delete it: reidsearch delete --crop {crop}"
    ),
    # Accounts
    Kind.ACCOUNT_UNKNOWN: "reidsearch account list",
    Kind.ACCOUNT_NAME_TAKEN: (
        "give another name; or change that one: reidsearch account password, role, cameras"
    ),
    Kind.ACCOUNT_ADMIN_LIMITED: "give the role viewer or analyst, or leave the cameras out",
    # The signing key
    Kind.SIGNING_KEY_EXISTS: (
        "to go on with a new key, move that file away first; to use it: reidsearch log seal"
    ),
    Kind.SIGNING_KEY_INSIDE: "give another place: --out FILE",
    Kind.SIGNING_KEY_MISSING: "make one: reidsearch log key new",
    Kind.SIGNING_KEY_OPEN: lambda file: f"chmod 600 {quote(file)}",
    Kind.SIGNING_KEY_LOCKED: "give --passphrase-file FILE, or run it on a terminal",
    Kind.TIMESTAMP_REFUSED: "try again later, or give another service: --timestamp URL",
    # Cases
    Kind.CASE_UNKNOWN: "reidsearch case list; or open it: reidsearch case new NUMBER --title TEXT",
    Kind.CASE_NUMBER_TAKEN: "give another number; or change that one: reidsearch case edit",
    Kind.CASE_CLOSED: lambda case: (
        f"give another --case; or open it again: reidsearch case reopen {quote(case)}"
    ),
    Kind.CASE_EXPIRED: lambda case: (
        f"where the authority is renewed: reidsearch case edit {quote(case)} --expires TIME"
    ),
    Kind.REVIEW_UNKNOWN: "reidsearch case review list",
    Kind.REVIEW_OF_NOTHING: "decide for the case: reidsearch confirm CROP --as NAME --case NUMBER",
    Kind.REVIEW_FIRST_EXAMINER: "the second examiner is named by REIDSEARCH_ACTOR",
    Kind.REVIEW_OPEN: lambda review, item: (
        f"answer it, cannot-tell too: reidsearch case review answer {review} {item}=cannot-tell"
    ),
    Kind.CASE_REQUIRED: "give --case NUMBER (reidsearch case list)",
    Kind.REASON_REQUIRED: "give --reason KIND, for instance: --reason 'witness: saw the car'",
    Kind.REASON_BAD: "for instance: --reason missing, --reason 'other: training'",
    Kind.PASSWORD_BAD: "several words that have nothing to do with each other are easy to keep",
    Kind.SERVE_UNPROTECTED: (
        "give --tls-cert and --tls-key; or --behind-proxy, where a proxy with HTTPS is in front"
    ),
    Kind.SERVE_TLS_TWICE: "leave --behind-proxy out, or --tls-cert and --tls-key",
    Kind.SERVE_WITHOUT_ACCOUNTS: "make one: reidsearch account add NAME --role admin",
    Kind.SERVE_WITHOUT_NAME: "give what browsers ask for: --name cctv.example.org",
    # Scores and calibration
    Kind.LABELS_MISSING: _labels_missing,
    Kind.SCORES_NOT_FINITE: "check the model and the runtime: reidsearch doctor",
    Kind.SCORES_DO_NOT_SEPARATE: "check the labels, and the model: reidsearch doctor",
    Kind.TOO_FEW_PEOPLE: "label more people, or use a labelled set: reidsearch calibrate SET",
    Kind.CALIBRATION_MISSING: (
        "reidsearch calibrate SET -a {archive}; reidsearch calibrate --help"
    ),
    Kind.FALSE_ALARMS_NOT_MEASURED: (
        "--max-false-alarms {least} or more, filters that leave fewer crops, or a calibration on "
        "more people: reidsearch calibrate --help"
    ),
    Kind.SCORE_LIMIT_TWICE: "leave --min-score or --max-false-alarms out",
    Kind.FEEDBACK_UNCALIBRATED: _feedback_uncalibrated,
    Kind.QUERY_CAMERA_UNUSED: "leave --query-camera out (or --no-adjust, if that was given)",
    Kind.LIKES_OPPOSE_QUERY: "leave some --like out",
    Kind.LIKED_AND_UNLIKED: "leave --like or --unlike out",
    Kind.QUERY_LIKED: "leave --like {crop} out",
    Kind.QUERY_UNLIKED: "leave --unlike out, or search with another picture",
    Kind.REJECTED_LIKED: "leave --like {crop} out, or undo the decision: reidsearch undo",
    Kind.THRESHOLD_UNKNOWN: (
        "give one, after looking at answers: reidsearch link --join-above SCORE"
    ),
    # Forgetting
    Kind.ON_HOLD: "reidsearch hold list; whoever may, releases it: reidsearch hold release HOLD",
    Kind.HOLD_UNKNOWN: "reidsearch hold list",
    Kind.PLACE_UNKNOWN: "reidsearch camera region list",
    Kind.SAVED_UNKNOWN: "reidsearch saved list",
    Kind.RETENTION_UNKNOWN: "reidsearch retention show",
    # Distances
    Kind.GROUND_MISSING: (
        "measure four points on the ground: reidsearch camera ground {camera} "
        '"X,Y=EAST,NORTH" ...; in body heights without: --in heights'
    ),
    # Identities
    Kind.IDENTITY_UNKNOWN: _identity_unknown,
    Kind.IDENTITY_MERGED: "name {into}, or undo the merge: reidsearch undo",
    Kind.IDENTITY_NAME_TAKEN: _identity_name_taken,
    Kind.CONFIRMED_AS_ANOTHER: (
        "one person: reidsearch identity merge {identity} {other}; not {other}: reidsearch reject "
        "CROP --as {other}, then confirm it as {identity}"
    ),
    Kind.CONFIRMED_AND_REJECTED: "if it is one person all the same: --ignore-conflicts",
    Kind.NOT_A_MEMBER: "reidsearch identity show {identity}",
    Kind.NOTHING_WOULD_STAY: "reidsearch identity rename {identity} NEW",
    Kind.DECISIONS_STAND: ("undo the later decisions first: reidsearch identity list --decisions"),
    Kind.DECISION_UNKNOWN: "reidsearch identity list --decisions",
    Kind.DECISION_UNDONE: "to bring it back: reidsearch undo {decision}",
    Kind.DECISION_OVERTAKEN: "undo that one first: reidsearch undo {decision}",
    Kind.TRACKLET_GONE: (
        "correct what there is now: reidsearch tracklet join TRACKLET TRACKLET, tracklet split"
    ),
    Kind.TRACKLET_CHANGED: "look at it again, then run the same command",
    Kind.SPLIT_AMBIGUOUS: "give the seconds of the file (492.5s), or the time with its date",
    Kind.TRACKLETS_APART: (
        "confirm crops of both as one identity: reidsearch confirm CROP CROP --as IDENTITY"
    ),
    Kind.TRACKLETS_OF_TWO: "one person: reidsearch identity merge {identity} {other}",
    Kind.TRACKLETS_DISAGREE: (
        "undo one of the two first: reidsearch identity list --decisions; reidsearch undo DECISION"
    ),
    Kind.SEEN_AT_ONCE: (
        "two people, a doubled detection, or the same footage in two files: look at both; if it is "
        "one person all the same: --ignore-conflicts"
    ),
    Kind.SPLIT_OF_NOTHING: "reidsearch identity split IDENTITY CROP... --as NEW",
    Kind.IDENTITY_EMPTY: "reidsearch confirm CROP --as {identity}",
    Kind.IDENTITY_NEEDED: "name it: --identity NAME, or in a list the column identity",
    Kind.COMBINED_EXCLUDES: "--space-time without --combine shows both, apart",
    Kind.PROPOSAL_UNKNOWN: (
        "reidsearch identity proposals lists those to be decided; link replaces them"
    ),
    Kind.PROPOSAL_OF_NOBODY: "reidsearch identity new IDENTITY --proposal {proposal}",
    Kind.NOTHING_LINKED: "run: reidsearch link",
    Kind.SOURCE_LIST_CHANGED: "queue them again: reidsearch index PATH... --sources LIST --queue",
    Kind.ANSWER_UNREADABLE: "give what reidsearch query --format json has printed, unchanged",
    Kind.ANSWER_AMBIGUOUS: "name the query of one: --query NAME",
    Kind.ANSWER_OF_ANOTHER: "name the archive that the answer is of: -a DIR",
}
