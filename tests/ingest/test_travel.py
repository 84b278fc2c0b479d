"""What goes between processes: crop inputs, and the steps that a sink commits."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from containers import make

from reidsearch.base.boxes import Box
from reidsearch.base.errors import Reason, Refused
from reidsearch.base.settings import PictureLimits
from reidsearch.domain.crops import CropInput, Facts, HeldBytes, Rejected
from reidsearch.domain.footage import How, Span
from reidsearch.domain.steps import AlreadyStored, CropStep, Effect, NewCrop, SourceStep
from reidsearch.domain.tracklets import BestShot, Trace, Tracklet
from reidsearch.media.files.crop_inputs import CropInputs
from reidsearch.media.files.inventory import take_inventory
from reidsearch.media.naming.patterns import Naming

DATA = b"P6 1 1 255 abc" * 100

# The other process gets nothing but the pickle, and says what it read.
READ_ELSEWHERE = """
import pickle, sys
from reidsearch.base.settings import PictureLimits
for item in pickle.load(sys.stdin.buffer):
    data = item.locator.read(PictureLimits())
    print(item.key, item.fingerprint, item.facts.camera, len(data), data == item_bytes)
""".replace("item_bytes", repr(DATA))


def written(folder: Path, kind: str) -> Path:
    path = folder / f"a{kind}"
    if kind == ".ppm":
        path.write_bytes(DATA)
    elif kind == ".csv":
        (folder / "b.ppm").write_bytes(DATA)
        path.write_text('path,camera,box\nb.ppm,gate,"0,0,1,1"\n')
    else:
        make(path, {"b.ppm": DATA})
    return path


@pytest.mark.full
@pytest.mark.parametrize("kind", [".ppm", ".csv", ".zip", ".tar", ".tgz"])
def test_a_crop_input_is_read_in_another_process(tmp_path: Path, kind: str) -> None:
    inventory = take_inventory([written(tmp_path, kind)])
    items = list(CropInputs(inventory, Naming(camera="gate"), PictureLimits()))
    (item,) = items
    assert isinstance(item, CropInput)
    done = subprocess.run(
        [sys.executable, "-c", READ_ELSEWHERE],
        input=pickle.dumps(items), capture_output=True, check=True,
    )  # fmt: skip
    expected = f"{item.key} {item.fingerprint} gate {len(DATA)} True\n"
    assert done.stdout.decode() == expected


def test_what_a_sink_commits_can_be_pickled() -> None:
    vector = np.ones(4, np.float32) / 2
    item = CropInput("a.png", "1", HeldBytes(b"x"), Box(1, 2, 3, 4), Facts("gate"))
    refused = Refused(Reason.MISSING, "there is no such file", "look for it")
    crops = CropStep(
        [
            NewCrop(item, b"s" * 32, 1, 8, 16, Box(0, 0, 8, 16), b"jpeg", vector),
            AlreadyStored(item, 7, Effect.UPDATED),
            Rejected("b.png", refused),
        ]
    )
    new, known, failed = pickle.loads(pickle.dumps(crops)).items
    assert (new.input, new.box, new.vector.tolist()) == (item, Box(0, 0, 8, 16), vector.tolist())
    assert known == AlreadyStored(item, 7, Effect.UPDATED)
    cause = failed.cause
    assert (cause.reason, cause.message, cause.hint) == (
        Reason.MISSING, "there is no such file", "look for it",
    )  # fmt: skip
    trace = Trace(np.arange(2), np.ones((2, 4), np.float32), np.ones(2, np.float32))
    shot = BestShot(1, Box(0, 0, 8, 16), 64, 48, b"jpeg", 0.5, 0.9, 3.0)
    tracklet = Tracklet(trace, (shot,), vector[None], vector, 1)
    step = SourceStep(
        3, [tracklet], 0, [Span(0, 5, How.DENSE)], b"state", {"views": 1}, 5, 25.0, []
    )
    back = pickle.loads(pickle.dumps(step))
    assert (back.source_id, back.state, back.spans) == (3, b"state", step.spans)
    (view,) = back.tracklets[0].views
    assert (view.pts, view.box, view.jpeg) == (1, Box(0, 0, 8, 16), b"jpeg")
    assert back.tracklets[0].trace.pts.tolist() == [0, 1]
