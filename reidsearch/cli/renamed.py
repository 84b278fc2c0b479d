"""Names of earlier versions, and what they are now: a script is told, not left guessing."""

from __future__ import annotations

COMMANDS = {
    "reidsearch people": "reidsearch detect",
    "reidsearch attributes": "reidsearch annotate",
    "reidsearch neighbours": "reidsearch prepare-reranking",
    "reidsearch patterns": "reidsearch recorders",
    "reidsearch identity undo": "reidsearch undo",
}
"""Former command -> command."""

OPTIONS = {
    "--json": "--format json",
    "--json-progress": "--format jsonl",
    "--looks": "--sample-rate",
    "--sheet": "-o",
}
"""Former option -> option."""

OF_COMMANDS = {
    "reidsearch confirm --force": "--ignore-conflicts",
    "reidsearch identity new --force": "--ignore-conflicts",
    "reidsearch identity merge --force": "--ignore-conflicts",
    "reidsearch journey --timeline": "-o",
}
"""Former option of one command -> option."""
