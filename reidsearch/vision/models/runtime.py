"""OpenVINO on the chosen device, with a compiled-model cache that is checked before use."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from reidsearch.base.cache import cache_folder
from reidsearch.base.errors import Kind, ModelError
from reidsearch.base.foreign_errors import telling_exhaustion
from reidsearch.base.progress import NO_PROGRESS, Progress
from reidsearch.base.settings import RuntimeSettings
from reidsearch.vision.models.store import sha384_of

if TYPE_CHECKING:
    import openvino as ov

Hint = Literal["THROUGHPUT", "LATENCY"]

LOCK_WAIT_S = 20.0
_COMPUTES_IN_FLOAT32 = ("CPU", "GPU")  # where it is told to; an NPU cannot


def openvino() -> Any:
    """The module `openvino`, imported on first use, silently (see `reidsearch/__init__.py`)."""
    import openvino as module

    return module


@cache
def _core() -> ov.Core:
    return openvino().Core()


def core(settings: RuntimeSettings) -> ov.Core:
    """The process's one OpenVINO core, for a device that exists.

    Raises:
        ModelError: there is no such device; the message names those that exist.
    """
    device_of(settings.device)
    return _core()


def device_of(asked: str) -> str:
    """Return the device that a name means, in capitals; for `AUTO` the first GPU, else the CPU.

    OpenVINO's own AUTO would begin on the CPU and go on elsewhere: nobody could say where an
    embedding comes from.

    Raises:
        ModelError: there is no such device; the message names those that exist.
    """
    device = asked.upper()
    # Asking what exists loads every device's driver, so the usual device is not asked for.
    if device == "CPU":
        return device
    there = _core().available_devices
    if device == "AUTO":
        return next((name for name in there if name.startswith("GPU")), "CPU")
    # One GPU is called GPU, two are GPU.0 and GPU.1, of which GPU is the first.
    if (
        device not in there
        and f"{device}.0" not in there
        and (device.removesuffix(".0") not in there or device == "CPU.0")  # a CPU has no number
    ):
        raise ModelError(
            f"there is no device {asked!r} here; there are {', '.join(there)}, AUTO",
            "choose CPU, or install the device's driver",
            kind=Kind.DEVICE_UNKNOWN,
        )
    return device


def devices() -> dict[str, str]:
    """Return the devices that OpenVINO finds here, and what each is called."""
    return {name: _full_name(name) for name in _core().available_devices}


def _full_name(device: str) -> str:
    return str(_core().get_property(device, "FULL_DEVICE_NAME")).strip()


def read_model(path: Path) -> ov.Model:
    """Read an .xml (its .bin beside it) or .onnx file.

    Raises:
        ModelError: OpenVINO cannot read it.
    """
    try:
        with telling_exhaustion(str(path)):
            return _core().read_model(path)
    except RuntimeError as error:
        raise ModelError(
            f"{path} cannot be read as a model: {_last_line(error)}",
            "give an OpenVINO .xml with its .bin, or an .onnx file",
        ) from error


def compile_model(
    model: ov.Model,
    settings: RuntimeSettings,
    hint: Hint,
    key: str = "",
    progress: Progress = NO_PROGRESS,
) -> ov.CompiledModel:
    """Make a model ready to run.

    Args:
        hint: `THROUGHPUT` for many crops at once, `LATENCY` for one.
        key: names the model in the compiled-model cache, e.g. its digest and the name of what
            was added to the graph; without a key nothing is cached. OpenVINO itself tells
            apart models that share a key, also by the names of their nodes.
        progress: told when the model has to be compiled, which takes seconds.

    Raises:
        ModelError: no such device, or the device cannot run the model.
    """
    engine, device = _core(), device_of(settings.device)
    options: dict[str, Any] = {"PERFORMANCE_HINT": hint}
    if device.partition(".")[0] in _COMPUTES_IN_FLOAT32:
        # Otherwise GPUs, and processors with bfloat16 or float16 units, would round: an archive
        # embedded on one machine must be searchable from another.
        options["INFERENCE_PRECISION_HINT"] = "f32"
    if settings.streams:
        options["NUM_STREAMS"] = settings.streams
    if settings.threads:
        options["INFERENCE_NUM_THREADS"] = settings.threads
    try:
        with (
            telling_exhaustion(f"{settings.device} cannot run the model"),
            _compiled_cache(key if settings.cache else "") as cached,
        ):
            if _is_compiled(cached):
                return engine.compile_model(model, device, options | cached)
            once = " (first run only)" if cached else ""
            progress.working_on(f"Compiling {model.get_friendly_name()} for this {device}{once}")
            compiled = engine.compile_model(model, device, options | cached)
            progress.working_on("")
            return compiled
    except RuntimeError as error:
        raise ModelError(
            f"{settings.device} cannot run the model: {_last_line(error)}",
            "leave streams and threads at 0, or choose CPU",
            kind=Kind.DEVICE_FAILED,
        ) from error


def runtime_text(device: str = "CPU") -> str:
    """Runtime and device for people and records, e.g. `OpenVINO 2026.4.1 CPU`.

    Of another device than the CPU its own name too, since results depend on it.

    Raises:
        ModelError: there is no such device.
    """
    version: str = openvino().get_version()
    found = device_of(device)
    named = "" if found.partition(".")[0] == "CPU" else f" ({_full_name(found)})"
    return f"OpenVINO {version.partition('-')[0]} {found}{named}"


@contextmanager
def _compiled_cache(key: str) -> Iterator[dict[str, str]]:
    """The option that switches OpenVINO's cache on, or nothing when the cache cannot be used.

    OpenVINO loads a blob whose weights were damaged on disk without noticing, and computes wrong
    embeddings. So each blob has its SHA-384 beside it, and one that does not match is removed
    before OpenVINO sees it; then it compiles anew.
    """
    if not key:
        yield {}
        return
    import filelock

    folder = cache_folder() / "compiled" / hashlib.sha384(key.encode()).hexdigest()[:32]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(folder / ".lock", timeout=LOCK_WAIT_S)
        lock.acquire()
    except (OSError, NotImplementedError):  # filelock's Timeout is an OSError
        yield {}
        return
    try:
        yield {"CACHE_DIR": str(folder)} if _remove_damaged(folder) else {}
        _seal(folder)
    finally:
        lock.release()


def _is_compiled(cached: dict[str, str]) -> bool:
    """Whether a compiled model lies in the cache that the options name."""
    return bool(cached) and any(Path(cached["CACHE_DIR"]).glob("*.blob"))


def _remove_damaged(folder: Path) -> bool:
    """Leave only blobs that match their checksum; False when the folder refuses."""
    try:
        for blob in folder.glob("*.blob"):
            seal = blob.with_suffix(".sha384")
            if not seal.is_file() or seal.read_text("ascii", "replace") != sha384_of(blob):
                blob.unlink()
                seal.unlink(missing_ok=True)
        probe = folder / ".probe"
        probe.write_bytes(b"")
        probe.unlink()
    except (OSError, ModelError):
        return False
    return True


def _seal(folder: Path) -> None:
    """Write the checksum of each new blob; one without is not used next time."""
    try:
        for blob in folder.glob("*.blob"):
            seal = blob.with_suffix(".sha384")
            if not seal.exists():
                seal.write_text(sha384_of(blob), "ascii")
    except (OSError, ModelError):
        return


def _last_line(error: Exception) -> str:
    """OpenVINO's errors start with its own source files; the cause stands last."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
