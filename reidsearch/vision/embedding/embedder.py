"""Pictures in, embeddings out: one model, its pre-processing, and asynchronous inference."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import numpy as np

from reidsearch.base.errors import Kind, ModelError, Reason, Refused, absent
from reidsearch.base.progress import NO_PROGRESS, Progress
from reidsearch.base.settings import RuntimeSettings
from reidsearch.domain.crops import Pixels, Vectors
from reidsearch.domain.models import FLIPPED, ModelIdentity
from reidsearch.vision.embedding import builtin
from reidsearch.vision.models.compiled import Compiled, load, taking_pictures, together
from reidsearch.vision.models.profile import ZOO, Profile
from reidsearch.vision.models.stream import stream_in_order

if TYPE_CHECKING:
    import openvino

T = TypeVar("T")
Answered: TypeAlias = Vectors | Refused | None
"""What became of a picture: its vector, why there is none, or None where there was no picture."""

# Up to so many pictures, one request on all cores answers as soon as several side by side.
_FEW = 4
_SMALLEST_NORM = 1e-6


class Embedder:
    """One re-identification model, ready to embed crops. Every method may be called from threads.

    Args:
        graph: one picture of 3 channels in, (1, 3, h, w) or (1, h, w, 3); one vector out.
        name: of the model; with `precision` and `digest` it becomes `identity`.
        precision: of the weights.
        digest: SHA-384 over the model's files.
        settings: device, streams, threads, cache.
        profile: how a crop is made what the graph takes.
        flip: an embedding is the mean direction of the crop's and its mirror image's, for twice
            the time. The identity says so: such embeddings are compared with their like only.

    Raises:
        ModelError: the graph is of another kind; the message says what was found.
    """

    def __init__(
        self,
        graph: openvino.Model,
        name: str,
        precision: str,
        digest: str,
        settings: RuntimeSettings = RuntimeSettings(),
        *,
        profile: Profile = ZOO,
        flip: bool = False,
        progress: Progress = NO_PROGRESS,
    ) -> None:
        from reidsearch.vision.models.runtime import device_of, runtime_text

        layout, self.height_px, self.width_px = _picture_input(graph, name)
        dimension = _vector_output(graph, name)
        self.profile = profile
        as_compiled = profile.name(self.width_px, self.height_px)
        self.identity = ModelIdentity(
            name=name,
            precision=precision,
            digest=digest,
            preprocessing=as_compiled + (FLIPPED if flip else ""),
            dimension=dimension,
        )
        self.runtime: str = runtime_text(settings.device)
        self.device = device_of(settings.device)
        wrapped = taking_pictures(graph, layout, profile)
        key = f"{digest} {as_compiled}"
        self._compiled = Compiled(wrapped, settings, key, progress)
        self._together = self._compiled
        if self.device == "CPU":
            many, count = together(wrapped)
            if count > 1:
                self._together = Compiled(many, settings, f"{key} x{count}", progress)

    def prepare(self, crop: Pixels) -> Pixels:
        """Resize a crop, (h, w, 3) uint8 BGR, to the model's size, as its profile says.

        For the catalogue's models: bilinear, with antialiasing where it shrinks; the aspect is not
        kept. Source: the accuracy configuration of Open Model Zoo's person-reidentification models.
        """
        return self.profile.resized(crop, self.width_px, self.height_px)

    def embed(self, crops: Sequence[Pixels]) -> Vectors:
        """Embed crops at once.

        Args:
            crops: each (h, w, 3) uint8, BGR, of any size.

        Returns:
            (n, d) float32, rows of unit length, in the order given; (0, d) for no crops.

        Raises:
            Refused: (bad-embedding) when the model answers with no usable vector.
        """
        if not crops:
            return np.empty((0, self.identity.dimension), np.float32)
        prepared = self._sides((None, self.prepare(crop)) for crop in crops)
        few = len(crops) <= _FEW
        rows: list[Vectors] = []
        for _, row in self._joined(self._few(prepared) if few else self._many(prepared)):
            if isinstance(row, Refused):
                raise row
            if row is None:
                raise absent("an embedding")
            rows.append(row)
        return np.stack(rows)

    def compile_for_one(self) -> None:
        """Make ready to answer one picture soonest; the first one does so otherwise."""
        self._compiled.soonest()

    def lengths(self, crops: Sequence[Pixels]) -> list[float]:
        """Return the lengths of the vectors that the model itself answers with."""
        request = self._compiled.soonest().create_infer_request()
        found = []
        for crop in crops:
            request.infer({0: self.prepare(crop)[None]})
            found.append(float(np.linalg.norm(request.get_output_tensor().data)))
        return found

    def between(self) -> Callable[[Sequence[Pixels]], Vectors]:
        """Return what embeds a few crops at once while a stream runs, for use by one thread.

        It uses the stream's own compilation of the model. Rows of crops for which the model gives
        no usable vector are zeros.
        """
        requests: list[openvino.InferRequest] = []

        def embed(crops: Sequence[Pixels]) -> Vectors:
            if not requests:
                compiled = self._compiled.model("THROUGHPUT")
                count = int(compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS"))
                requests.extend(compiled.create_infer_request() for _ in range(count))
            rows = np.zeros((len(crops), self.identity.dimension), np.float32)
            sides = self._sides((None, self.prepare(crop)) for crop in crops)
            answers = self._joined(self._side_by_side(sides, requests))
            for number, (_, row) in enumerate(answers):
                if isinstance(row, np.ndarray):
                    rows[number] = row
            return rows

        return embed

    def stream(self, items: Iterable[tuple[T, Pixels | None]]) -> Iterator[tuple[T, Answered]]:
        """Embed prepared tensors while they are being read, and the results being written.

        Args:
            items: a tag that is handed back, and what `prepare` made, or None, which is handed
                through in its turn. Pulled in a thread of its own, as far ahead as a bounded
                queue allows.

        Yields:
            The tag and its (d,) float32 vector of unit length, strictly in input order; in its
            place `Refused` (bad-embedding) where the model gave no usable one. An exception from
            `items` or from inference is raised here, after the results before it. Closing the
            generator stops the thread.
        """
        yield from self._joined(self._many(self._sides(items)))

    def stream_together(
        self, items: Iterable[tuple[T, Pixels | None]]
    ) -> Iterator[tuple[T, Answered]]:
        """Do what `stream` does, several pictures a request where that is faster.

        For pictures that come as fast as they are embedded: until a request has its number, those
        that came for it wait.
        """
        yield from self._joined(self._many(self._sides(items), self._together))

    def _sides(self, items: Iterable[tuple[T, Pixels | None]]) -> Iterator[tuple[T, Pixels | None]]:
        """With flip averaging each picture is followed by its mirror image."""
        for tag, tensor in items:
            yield tag, tensor
            if self.identity.flip and tensor is not None:
                yield tag, np.ascontiguousarray(tensor[:, ::-1])

    def _joined(self, answers: Iterator[tuple[T, Answered]]) -> Iterator[tuple[T, Answered]]:
        """Undo `_sides`: both answers to one picture become one."""
        for tag, row in answers:
            if not self.identity.flip or row is None:
                yield tag, row
                continue
            _, mirrored = next(answers)
            if isinstance(row, Refused):
                yield tag, row
            elif isinstance(mirrored, Refused):
                yield tag, mirrored
            else:
                if mirrored is None:
                    raise absent("the embedding of a mirrored crop")
                yield tag, self._unit(row + mirrored)

    def _many(
        self, items: Iterable[tuple[T, Pixels | None]], by: Compiled | None = None
    ) -> Iterator[tuple[T, Answered]]:
        many = partial((by or self._compiled).model, "THROUGHPUT")
        for tag, raw in stream_in_order(many, items):
            yield tag, None if raw is None else self._unit(raw)

    def _few(self, items: Iterable[tuple[T, Pixels | None]]) -> Iterator[tuple[T, Answered]]:
        request = self._compiled.soonest().create_infer_request()
        for tag, tensor in items:
            if tensor is None:
                raise absent("a prepared picture")
            request.infer({0: tensor[None]})
            yield tag, self._unit(request.get_output_tensor().data)

    def _side_by_side(
        self, items: Iterable[tuple[T, Pixels | None]], requests: Sequence[openvino.InferRequest]
    ) -> Iterator[tuple[T, Answered]]:
        """As many at once as there are requests, all of which are idle again in the end."""
        waiting = iter(items)
        while some := list(islice(waiting, len(requests))):
            for (_, tensor), request in zip(some, requests, strict=False):
                if tensor is None:
                    raise absent("a prepared picture")
                request.start_async({0: tensor[None]}, share_inputs=True)
            for (tag, _), request in zip(some, requests, strict=False):
                request.wait()
                yield tag, self._unit(request.get_output_tensor().data)

    def _unit(self, raw: Vectors) -> Vectors | Refused:
        """The vector brought to unit length, computed in float64 so that no square overflows."""
        wide = raw.reshape(-1).astype(np.float64)
        norm = float(np.linalg.norm(wide))
        if not np.isfinite(norm):
            return self._refusal("numbers that are not finite")
        if norm < _SMALLEST_NORM:
            return self._refusal("a vector of no length")
        return (wide / norm).astype(np.float32)

    def _refusal(self, what: str) -> Refused:
        return Refused(
            Reason.BAD_EMBEDDING,
            f"{self.identity.name} answered with {what}",
            "check the model and the runtime",
        )


def load_embedder(
    model: str,
    *,
    model_path: Sequence[Path] = (),
    offline: bool = False,
    runtime: RuntimeSettings = RuntimeSettings(),
    flip: bool = False,
    held: ModelIdentity | None = None,
    progress: Progress = NO_PROGRESS,
) -> Embedder:
    """Find a model (downloading it unless `offline`) and make it ready.

    Args:
        model: catalogue name, name/precision, an .xml or .onnx file, or `builtin`.
        model_path: folders in Open Model Zoo layout to look in first.
        flip: average each crop with its mirror image.
        held: the archive's model, which tells how to use a file without a manifest.

    Raises:
        ModelError: it cannot be had, is damaged, has no manifest, or does not embed pictures.
    """
    if model == builtin.NAME:
        own = builtin.build(), builtin.NAME, builtin.PRECISION, builtin.digest()
        return Embedder(*own, runtime, flip=flip, progress=progress)
    graph, found = load(model, model_path, offline, progress, "re-id", held)
    named = found.name, found.precision, found.digest
    profile = found.profile or ZOO
    return Embedder(graph, *named, runtime, profile=profile, flip=flip, progress=progress)


def _picture_input(graph: openvino.Model, name: str) -> tuple[str, int, int]:
    """Check the one input and fix its batch at 1. Returns layout, height, width."""
    shapes = [source.get_partial_shape() for source in graph.inputs]
    if len(shapes) == 1 and shapes[0].rank.is_static and len(shapes[0]) == 4:
        sizes = [size.get_length() if size.is_static else 0 for size in shapes[0]]
        channels_first = sizes[1] == 3
        height, width = sizes[2:] if channels_first else sizes[1:3]
        if (channels_first or sizes[3] == 3) and height and width and sizes[0] in {0, 1}:
            if sizes[0] == 0:
                graph.reshape([1, *sizes[1:]])
            return ("NCHW" if channels_first else "NHWC"), height, width
    raise ModelError(
        f"{name} takes {_shapes(graph.inputs)}, not one picture of 3 channels and fixed size",
        kind=Kind.NOT_AN_EMBEDDER,
    )


def _vector_output(graph: openvino.Model, name: str) -> int:
    """Check the one output. Returns the length of its vector."""
    shapes = [result.get_partial_shape() for result in graph.outputs]
    if len(shapes) == 1 and shapes[0].is_static:
        long = [size for size in shapes[0].to_shape() if size != 1]
        if len(long) == 1:
            return int(long[0])
    raise ModelError(
        f"{name} answers with {_shapes(graph.outputs)}, not one vector",
        kind=Kind.NOT_AN_EMBEDDER,
    )


def _shapes(ports: Sequence[openvino.Output]) -> str:
    return " and ".join(str(port.get_partial_shape()) for port in ports)
