"""A query starts soon: it imports what it uses, and leaves without taking anything apart."""

from __future__ import annotations

import gc
import json
import subprocess
import sys

import pytest

from reidsearch.cli.short import LOADED, USUAL, collect_rarely, prepare_for

SEEN = """
import json, sys
from reidsearch.cli import main
try:
    main.run()
except SystemExit as stop:
    assert stop.code == 0, stop.code
print(json.dumps(sorted(name for name, module in sys.modules.items() if module is not None)))
"""
OF_OTHERS = {
    "PIL", "alembic", "av", "cryptography", "fpdf", "http.client", "jinja2", "psycopg", "pymilvus",
    "rfc3161_client", "starlette", "uvicorn", "urllib.request", "openvino.tools.ovc",
}  # fmt: skip
OWN = {
    "domain.certificates", "domain.nearby", "domain.reports", "index.milvus.engine",
    "media.naming", "services.footage", "services.photos", "services.space_time", "web",
}  # fmt: skip


@pytest.mark.full
def test_a_query_of_a_crop_loads_no_model(held):
    given = ["query", "--crop", "1", "-a", str(held.archive)]
    done = subprocess.run(
        [sys.executable, "-c", SEEN, *given], capture_output=True, text=True, check=True
    )
    *table, last = done.stdout.splitlines()
    assert any("Searched 8 of 9 crops" in line for line in table)
    loaded = set(json.loads(last))
    assert "faiss" in loaded
    assert not loaded & ({"openvino", "cv2"} | OF_OTHERS | {f"reidsearch.{name}" for name in OWN})
    assert not [name for name in loaded if name.startswith("reidsearch.vision.detection.detector")]


@pytest.fixture
def collector():
    yield
    gc.set_threshold(*USUAL)
    if sys.modules.get("openvino.tools.ovc", "absent") is None:
        del sys.modules["openvino.tools.ovc"]


def test_what_runs_for_hours_collects_garbage_as_usual(collector):
    interval = sys.getswitchinterval()
    collect_rarely()
    assert gc.get_threshold()[0] == LOADED
    prepare_for("index")
    assert gc.get_threshold() == USUAL
    prepare_for("query")  # in the process of somebody else, who collects as usual
    assert gc.get_threshold() == USUAL
    assert sys.getswitchinterval() == interval


LEAVING = """
import atexit, sys
from reidsearch.cli import start
sys.argv = ["reidsearch", *sys.argv[1:]]
class Torn:
    def __del__(self):
        print("taken apart", flush=True)
def late():
    print("at the end")
import reidsearch.base.errors
reidsearch.base.errors.torn = Torn()
from reidsearch.cli import main
run = main.run
def run_and_register():
    atexit.register(late)
    run()
main.run = run_and_register
start.run()
"""


@pytest.mark.full
@pytest.mark.parametrize(("given", "code"), [(["--version"], 0), (["query"], 2), (["nonsense"], 2)])
def test_a_command_leaves_at_once_with_all_said(tmp_path, given, code):
    done = subprocess.run(
        [sys.executable, "-c", LEAVING, *given],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == code
    assert done.stdout.endswith("at the end\n")
    assert "taken apart" not in done.stdout
    assert bool(done.stderr) == bool(code)
