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
    **{
        f"--{name}": f"the setting {key} in reidsearch.toml, or REIDSEARCH_{key.upper()}"
        for name, key in (
            ("max-bytes", "max_bytes"),
            ("max-pixels", "max_pixels"),
            ("min-width", "min_width_px"),
            ("min-height", "min_height_px"),
            ("frames-fps", "frames_fps"),
            ("container-time", "container_time"),
            ("streams", "streams"),
            ("threads", "threads"),
        )
    },
}
"""Former option -> option."""

OF_COMMANDS = {
    "reidsearch confirm --force": "--ignore-conflicts",
    "reidsearch identity new --force": "--ignore-conflicts",
    "reidsearch identity merge --force": "--ignore-conflicts",
    "reidsearch journey --timeline": "-o",
}
"""Former option of one command -> option."""
