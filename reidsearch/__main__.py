"""`python -m reidsearch` is `reidsearch`."""

from reidsearch.cli.start import run

run()
