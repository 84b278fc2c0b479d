"""A foreign graph made what embedder, detector and recognizer take, as its manifest says.

Sizes that the graph leaves open are fixed, outputs that are not used are left out, and a detector's
boxes are brought into the one form that is read, inside the graph: (1, 1, n, 7), rows of image,
label, confidence, and corners as shares of the picture.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from reidsearch.base.errors import Kind, ModelError
from reidsearch.vision.models.manifest import Manifest

if TYPE_CHECKING:
    import openvino


def input_size(graph: openvino.Model) -> tuple[int, int] | None:
    """Return width and height of the one picture that a graph takes; None: it does not say."""
    found = _picture(graph)
    if found is None:
        return None
    sizes, channels_first = found
    height, width = sizes[2:] if channels_first else sizes[1:3]
    return (width, height) if width and height else None


def fitted(graph: openvino.Model, manifest: Manifest, path: Path) -> openvino.Model:
    """Return the graph as its manifest says, of a fixed size, with the outputs that are used.

    Raises:
        ModelError: the graph is another than the manifest describes; naming what differs.
    """
    found = _picture(graph)
    width, height = manifest.width_px, manifest.height_px
    if found is None:
        shapes = " and ".join(str(source.get_partial_shape()) for source in graph.inputs)
        raise _differs(path, f"takes {shapes}, not one picture of 3 channels")
    sizes, channels_first = found
    whole = [1, 3, height, width] if channels_first else [1, height, width, 3]
    if any(size not in {0, wanted} for size, wanted in zip(sizes, whole, strict=True)):
        raise _differs(
            path, f"takes {list(sizes)}, but its manifest says {width} x {height} pixels (w x h)"
        )
    if list(sizes) != whole:
        graph.reshape(whole)
    if manifest.role == "re-id":
        return _embedding(graph, manifest, path)
    return _boxes(graph, manifest, path) if manifest.role == "detector" else graph


def _picture(graph: openvino.Model) -> tuple[tuple[int, ...], bool] | None:
    """The sizes of the one picture taken, 0 where they are open, and whether channels come first.

    An open batch or size is 0. None: it takes something else.
    """
    if len(graph.inputs) != 1:
        return None
    shape = graph.inputs[0].get_partial_shape()
    if not shape.rank.is_static or len(shape) != 4:
        return None
    sizes = tuple(int(size.get_length()) if size.is_static else 0 for size in shape)
    if sizes[1] == 3 or sizes[3] == 3:
        return sizes, sizes[1] == 3
    return None


def _outputs(
    graph: openvino.Model, manifest: Manifest, path: Path, count: int
) -> list[openvino.Output]:
    """The outputs that the manifest names; without names all, of which there must be `count`."""
    names = manifest.output.names
    known = {name: each for each in graph.outputs for name in each.get_names()}
    if missing := [name for name in names if name not in known]:
        raise _differs(path, f"has no output {missing[0]!r}; it has {', '.join(sorted(known))}")
    found = [known[name] for name in names] if names else list(graph.outputs)
    if len(found) != count:
        told = ", ".join(sorted(known)) or f"{len(found)} without names"
        raise _differs(path, f"has {len(found)} outputs ({told}); name {count} in [output] names")
    return found


def _embedding(graph: openvino.Model, manifest: Manifest, path: Path) -> openvino.Model:
    import openvino as ov

    (output,) = _outputs(graph, manifest, path, 1)
    shape = output.get_partial_shape()
    long = [size for size in shape.to_shape() if size != 1] if shape.is_static else []
    if long != [manifest.output.dimension]:
        wanted = manifest.output.dimension
        raise _differs(path, f"answers with {shape}, but its manifest says a vector of {wanted}")
    return ov.Model([output.get_node().input_value(0)], graph.get_parameters(), path.stem)


def _boxes(graph: openvino.Model, manifest: Manifest, path: Path) -> openvino.Model:
    import openvino as ov
    from openvino import opset13 as ops

    if manifest.output.meaning == "ssd":
        (output,) = _outputs(graph, manifest, path, 1)
        shape = output.get_partial_shape()
        if len(shape) != 4 or shape[3] != 7:
            raise _differs(path, f"answers with {shape}, not with (1, 1, n, 7) as `ssd` does")
        rows = ops.reshape(output.get_node().input_value(0), np.array([-1, 7]), False)
        image, label, confidence, corners = (
            ops.variadic_split(rows, np.int64(1), np.array([1, 1, 1, 4])).outputs()
        )  # fmt: skip
    else:
        boxes, labels = _boxes_and_labels(graph, manifest, path)
        rows = ops.reshape(ops.convert(boxes, "f32"), np.array([-1, 5]), False)
        size = np.array([manifest.width_px, manifest.height_px] * 2, np.float32)
        pixels, confidence = ops.variadic_split(rows, np.int64(1), np.array([4, 1])).outputs()
        corners = ops.divide(pixels, size)
        label = ops.reshape(ops.convert(labels, "f32"), np.array([-1, 1]), False)
        image = ops.multiply(confidence, np.float32(0))
    person = manifest.output.person_label
    if person is not None:
        is_one = ops.convert(ops.equal(label, np.float32(person)), "f32")
        confidence = ops.multiply(confidence, is_one)
    whole = ops.concat([image, label, confidence, corners], axis=1)
    read = ops.unsqueeze(ops.unsqueeze(whole, np.int64(0)), np.int64(0))
    return ov.Model([read], graph.get_parameters(), path.stem)


def _boxes_and_labels(
    graph: openvino.Model, manifest: Manifest, path: Path
) -> tuple[openvino.Output, openvino.Output]:
    found = _outputs(graph, manifest, path, 2)
    if not manifest.output.names:  # told apart by their shapes
        found.sort(key=lambda each: -len(each.get_partial_shape()))
    boxes, labels = found
    shape = boxes.get_partial_shape()
    if len(shape) != 2 or shape[1] != 5 or len(labels.get_partial_shape()) != 1:
        raise _differs(
            path,
            f"answers with {shape} and {labels.get_partial_shape()}, not with (n, 5) and (n,) as "
            "`boxes-labels` does",
        )
    return boxes.get_node().input_value(0), labels.get_node().input_value(0)


def _differs(path: Path, what: str) -> ModelError:
    return ModelError(f"{path} {what}", kind=Kind.MODEL_MANIFEST_DIFFERS, file=path)
