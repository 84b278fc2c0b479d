"""OpenVINO: silent, on a device that exists, with a cache that cannot lie."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import openvino as ov
import pytest

from reidsearch.base.errors import ModelError
from reidsearch.base.settings import RuntimeSettings
from reidsearch.output.hints import advice
from reidsearch.vision.models.runtime import (
    compile_model,
    core,
    device_of,
    devices,
    read_model,
    runtime_text,
)

SMALL = "person-reidentification-retail-0288/FP16/person-reidentification-retail-0288.xml"
CPU = RuntimeSettings()


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("REIDSEARCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "compiled"


def double():
    """A model of one weight: (1, 4) float32 -> twice that."""
    ops = ov.opset13
    data = ops.parameter([1, 4], np.float32, name="data")
    weight = ops.constant(np.full((4, 4), 2, np.float32) * np.eye(4, dtype=np.float32))
    return ov.Model([ops.matmul(data, weight, False, False)], [data], "double")


def twice(compiled) -> list[float]:
    return compiled(np.array([[1, 2, 3, 4]], np.float32))[0].tolist()[0]


SILENT = """
import json, sys
said = []
sys.addaudithook(lambda event, args: said.append(event) if event in (
    "socket.connect", "socket.getaddrinfo", "socket.sendto", "subprocess.Popen", "os.mkdir",
) or (event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+")) else None)
{how}
print(json.dumps([said, sorted(name for name in sys.modules if name.startswith("openvino_tel")
                               and sys.modules[name] is not None)]))
"""


@pytest.mark.full
@pytest.mark.parametrize(
    "how",
    [
        "from reidsearch.vision.models.runtime import core; "
        "core(__import__('reidsearch.base.settings').base"
        ".settings.RuntimeSettings())",
        "import reidsearch.vision.embedding.builtin; reidsearch.vision.embedding.builtin.build()",
        "import reidsearch; import openvino; openvino.Core()",
    ],
)
def test_importing_openvino_sends_nothing_and_writes_nothing(tmp_path, how):
    environment = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"}
    code = SILENT.replace("{how}", how)
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == [[], []]
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == []


def test_runtime_text():
    version = ov.get_version().partition("-")[0]
    assert runtime_text() == f"OpenVINO {version} CPU"
    # One device is chosen and told: AUTO itself may begin on one and go on on another.
    if "GPU" not in str(core(CPU).available_devices):
        assert runtime_text("auto") == f"OpenVINO {version} CPU"


def test_devices_are_told_by_their_names():
    assert devices()["CPU"]
    assert device_of("cpu") == "CPU"


@pytest.mark.parametrize("device", ["CPU", "cpu", "AUTO"])
def test_devices_that_exist(device):
    settings = RuntimeSettings(device=device, cache=False)
    assert twice(compile_model(double(), settings, "LATENCY")) == [2, 4, 6, 8]


@pytest.mark.parametrize(
    "device", ["TPU", "GPU.9", "", "CPU.0", "CPU.1", "CPU,GPU", "AUTO:GPU,CPU", "NPU"]
)
def test_devices_that_do_not_exist(device):
    if device in core(CPU).available_devices:
        pytest.skip("this machine has one")
    with pytest.raises(ModelError) as caught:
        core(RuntimeSettings(device=device))
    assert f"no device {device!r}" in caught.value.message
    assert "there are CPU" in caught.value.message
    assert "--device CPU" in advice(caught.value)


def test_streams_threads_and_hint():
    settings = RuntimeSettings(streams=2, threads=2, cache=False)
    compiled = compile_model(double(), settings, "THROUGHPUT")
    assert compiled.get_property("NUM_STREAMS") == 2
    assert compiled.get_property("INFERENCE_NUM_THREADS") == 2
    assert "THROUGHPUT" in str(compiled.get_property("PERFORMANCE_HINT"))
    compiled = compile_model(double(), RuntimeSettings(cache=False), "LATENCY")
    assert "LATENCY" in str(compiled.get_property("PERFORMANCE_HINT"))


@pytest.mark.parametrize("device", ["CPU", "AUTO"])
def test_arithmetic_is_float32_on_every_processor(device):
    compiled = compile_model(double(), RuntimeSettings(device=device), "LATENCY")
    assert compiled.get_property("INFERENCE_PRECISION_HINT") == ov.Type.f32


def test_an_option_the_device_refuses():
    settings = RuntimeSettings(threads=-7, cache=False)
    with pytest.raises(ModelError, match=r"CPU cannot run the model: .*-7"):
        compile_model(double(), settings, "LATENCY")


@pytest.mark.parametrize("content", [b"", b"<net", b"<net/>", b"\0" * 100])
@pytest.mark.parametrize("suffix", [".xml", ".onnx"])
def test_a_file_that_is_no_model(tmp_path, content, suffix):
    path = tmp_path / f"m{suffix}"
    path.write_bytes(content)
    path.with_suffix(".bin").write_bytes(b"")
    with pytest.raises(ModelError) as caught:
        read_model(path)
    assert str(path) in caught.value.message


def blobs(cache: Path) -> list[Path]:
    return sorted(cache.rglob("*.blob"))


def test_cache_is_used_only_when_asked(cache):
    compile_model(double(), RuntimeSettings(cache=False), "LATENCY", "double")
    compile_model(double(), CPU, "LATENCY")
    assert not cache.exists()
    compile_model(double(), CPU, "LATENCY", "a/key of any text")
    assert len(blobs(cache)) == 1


def test_cache_is_used_again(cache):
    model = double()
    compile_model(model, CPU, "LATENCY", "double")
    (blob,) = blobs(cache)
    before = blob.stat()
    compiled = compile_model(model, CPU, "LATENCY", "double")
    assert twice(compiled) == [2, 4, 6, 8]
    assert blob.stat().st_mtime_ns == before.st_mtime_ns
    assert compiled.get_property("LOADED_FROM_CACHE")


@pytest.mark.full
def test_damaged_weights_are_never_loaded(cache, shared):
    """OpenVINO alone loads them without a word, and computes something else."""
    picture = np.random.default_rng(1).uniform(0, 255, (1, 3, 256, 128)).astype(np.float32)
    model = read_model(shared / "models" / SMALL)
    expected = compile_model(model, CPU, "LATENCY", "small")(picture)[0]
    (blob,) = blobs(cache)
    blob.chmod(0o600)
    data = bytearray(blob.read_bytes())
    data[len(data) // 20 : len(data) // 20 + 400] = b"\x55" * 400
    blob.write_bytes(data)
    for again in range(2):
        compiled = compile_model(model, CPU, "LATENCY", "small")
        np.testing.assert_array_equal(compiled(picture)[0], expected)
        assert compiled.get_property("LOADED_FROM_CACHE") == bool(again)


@pytest.mark.full
@pytest.mark.parametrize(
    ("harmed", "content"),
    [(".blob", b""), (".blob", b"cut short"), (".sha384", None), (".sha384", b"\xff\0")],
)
def test_a_blob_without_its_checksum_is_made_anew(cache, harmed, content):
    model = double()
    compile_model(model, CPU, "LATENCY", "double")
    path = blobs(cache)[0].with_suffix(harmed)
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    for again in range(2):
        compiled = compile_model(model, CPU, "LATENCY", "double")
        assert twice(compiled) == [2, 4, 6, 8]
        assert compiled.get_property("LOADED_FROM_CACHE") == bool(again)


def test_a_cache_that_cannot_be_used_breaks_nothing(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", Path("/proc/nowhere")):
        monkeypatch.setenv("REIDSEARCH_CACHE", str(place))
        assert twice(compile_model(double(), CPU, "LATENCY", "double")) == [2, 4, 6, 8]


def test_a_blob_that_is_a_folder_breaks_nothing(cache):
    model = double()
    compile_model(model, CPU, "LATENCY", "double")
    (blob,) = blobs(cache)
    blob.unlink()
    blob.mkdir()
    assert twice(compile_model(model, CPU, "LATENCY", "double")) == [2, 4, 6, 8]
