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
    "--looks": "--sample-rate",
    "--sheet": "-o",
}
"""Former option -> option."""
