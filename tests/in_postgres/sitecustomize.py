"""Processes that tests start keep their archives in PostgreSQL too; see `folders_in_postgres`."""

import os
import sys
from pathlib import Path

if os.environ.get("REIDSEARCH_TEST_POSTGRES"):
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    import folders_in_postgres

    folders_in_postgres.install(os.environ["REIDSEARCH_TEST_POSTGRES"])
    sys.path.pop(0)
