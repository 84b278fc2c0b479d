# Recipes for work on the program; `just` alone is what to run before a commit.
# They use the environment `.venv` that CONTRIBUTING.md sets up.

bin := ".venv/bin"

# test, then lint
default: test lint

# the fast lane: what the README's test command runs; ARGS go to pytest
test *ARGS:
    {{bin}}/pytest {{ARGS}}

# ruff, mypy, layer contracts, generated pages, changelog fragments
lint:
    {{bin}}/ruff check
    {{bin}}/ruff format --check
    {{bin}}/mypy
    {{bin}}/lint-imports
    {{bin}}/python docs/generate.py --check
    {{bin}}/towncrier build --draft --version next

# the full suite: all tests but `slow` and `fuzz`, with coverage
full:
    {{bin}}/pytest -m 'not slow and not fuzz' --cov

# fresh environments, large archives
slow:
    {{bin}}/pytest -m slow

# random kills, fuzzed inputs
fuzz:
    {{bin}}/pytest -m fuzz

# the command line, with the databases of all archives in PostgreSQL
postgres:
    {{bin}}/pytest --postgres -m 'not slow and not fuzz' tests/cli

# write the pages that come from the code, and test all pages
docs:
    {{bin}}/python docs/generate.py
    {{bin}}/python benchmarks/results.py
    NO_MKDOCS_2_WARNING=1 {{bin}}/mkdocs build --strict --quiet
    {{bin}}/pytest -q -m "not slow and not fuzz" tests/docs

# all benchmarks against their limits, on an idle machine; ARGS as in benchmarks/run.py
bench *ARGS:
    {{bin}}/python benchmarks/run.py {{ARGS}}

# everything that must hold before a change is accepted, on a fresh copy
ci:
    .ci/run
