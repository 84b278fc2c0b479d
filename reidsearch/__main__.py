"""`python -m reidsearch` is `reidsearch`."""

from reidsearch.cli.main import run

run()
