"""Whether an ONNX file holds all of its weights, by walking over its protobuf fields.

Only the messages are entered that can hold a tensor; everything else is passed over by its length.
Source: onnx.proto3, protobuf's encoding. What cannot be walked is refused, so that nothing is
missed here that another reader would find.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

from reidsearch.base.errors import ModelError
from reidsearch.base.said import said

VARINT, FIXED64, BYTES, GROUP, GROUP_END, FIXED32 = range(6)
MOST_NESTED = 100  # protobuf's own readers give up there
MOST_FIELDS = 2_000_000
"""The largest models have some hundred thousand; more would only keep this walk busy."""
# Message -> field number -> message in it.
MODEL, GRAPH, NODE, ATTRIBUTE, TENSOR, SPARSE, FUNCTION, TRAINING = range(8)
INSIDE: dict[int, dict[int, int]] = {
    MODEL: {7: GRAPH, 20: TRAINING, 25: FUNCTION},
    GRAPH: {1: NODE, 5: TENSOR, 15: SPARSE},
    NODE: {5: ATTRIBUTE},
    ATTRIBUTE: {5: TENSOR, 6: GRAPH, 10: TENSOR, 11: GRAPH, 22: SPARSE, 23: SPARSE},
    TENSOR: {},
    SPARSE: {1: TENSOR, 2: TENSOR},
    FUNCTION: {7: NODE, 11: ATTRIBUTE},
    TRAINING: {1: GRAPH, 2: GRAPH},
}
EXTERNAL_DATA, DATA_LOCATION = 13, 14
"""Of a tensor: where its values lie in another file, and that they do."""

Field: TypeAlias = tuple[int, int, int, int]
"""Number, wire type, and from and to which byte its value goes; of a varint the value, twice."""


def keeps_weights_elsewhere(path: Path) -> bool:
    """Tell whether a tensor of an ONNX file has its values in another file.

    Raises:
        ModelError: it cannot be read, or is no ONNX file.
    """
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size == 0:
                raise _damaged(path, "it is empty")
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return _any_outside(data, size)
    except OSError as error:
        raise ModelError(f"cannot read {path}: {said(error)}") from error
    except ValueError as error:
        raise _damaged(path, str(error)) from error


def _damaged(path: Path, why: str) -> ModelError:
    return ModelError(
        f"{path} is no ONNX file, or is damaged: {why}", "give an .onnx file as it was exported"
    )


def _any_outside(data: mmap.mmap, size: int) -> bool:
    fields = 0
    entered = [(MODEL, _fields(data, 0, size))]
    while entered:
        message, rest = entered[-1]
        field = next(rest, None)
        if field is None:
            entered.pop()
            continue
        fields += 1
        if fields > MOST_FIELDS:
            raise ValueError(f"it has more than {MOST_FIELDS:,} parts")
        number, wire, first, last = field
        if message == TENSOR and (
            (number == EXTERNAL_DATA and wire == BYTES)
            or (number == DATA_LOCATION and wire == VARINT and first)
        ):
            return True
        inner = INSIDE[message].get(number)
        if inner is not None and wire == BYTES:
            if len(entered) > MOST_NESTED:
                raise ValueError(f"its parts are nested more than {MOST_NESTED} deep")
            entered.append((inner, _fields(data, first, last)))
    return False


def _fields(data: mmap.mmap, at: int, end: int) -> Iterator[Field]:
    """The fields of a message between two bytes. Raises ValueError."""
    groups = 0
    while at < end:
        key, at = _varint(data, at, end)
        if key >> 32:
            raise ValueError(f"there is no field at byte {at:,}")
        number, wire = key >> 3, key & 7
        first = last = at
        if wire == VARINT:
            first, at = _varint(data, at, end)
            last = first
        elif wire == BYTES:
            length, first = _varint(data, at, end)
            at = last = first + length
        elif wire in {FIXED64, FIXED32}:
            at = last = at + (8 if wire == FIXED64 else 4)
        elif wire == GROUP:
            groups += 1
        elif wire == GROUP_END and groups:
            groups -= 1
        else:
            raise ValueError(f"there is no field at byte {at:,}")
        if at > end or number == 0:
            raise ValueError(f"a field goes beyond its message at byte {at:,}")
        if groups == 0:  # ONNX has none: what lies in a group is nothing that a reader knows
            yield number, wire, first, last
    if groups:
        raise ValueError("a group has no end")


def _varint(data: mmap.mmap, at: int, end: int) -> tuple[int, int]:
    """A number, and the byte after it. Raises ValueError."""
    value = 0
    for place in range(10):
        if at >= end:
            break
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, at
    raise ValueError(f"a number has no end at byte {at:,}")
