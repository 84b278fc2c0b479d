"""The models that an open archive works with, loaded when they are first needed."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from reidsearch.base.progress import Progress
from reidsearch.base.settings import RuntimeSettings
from reidsearch.domain.crops import Pixels, Vectors
from reidsearch.domain.models import ModelIdentity, require_model

if TYPE_CHECKING:
    from reidsearch.vision.attributes.recognizer import Recognizer
    from reidsearch.vision.detection.detector import Detector
    from reidsearch.vision.embedding.embedder import Embedder


class Engines:
    """Embedder, detector and recognizer of one archive.

    They may be loaded before there is an archive; see `serve`.

    Args:
        model, flip: as `Archive.open` takes them; None: the archive's own, else the catalogue's
            default and no flip averaging.
        model_path, offline, runtime, progress: as `Archive.open` takes them.
    """

    def __init__(
        self,
        *,
        model: str | None,
        flip: bool | None,
        model_path: Sequence[Path],
        offline: bool,
        runtime: RuntimeSettings,
        progress: Progress,
    ) -> None:
        self._folder = Path()
        self._archive_model: Callable[[], ModelIdentity | None] = lambda: None
        self._model = model
        self._flip = flip
        self._model_path = tuple(model_path)
        self._offline = offline
        self._runtime = runtime
        self._progress = progress
        # Threads share what is loaded once; who waits for one model need not wait for another.
        self._embedding, self._detecting, self._recognizing = (threading.RLock() for _ in range(3))
        self._embedder: Embedder | None = None
        self._detector: tuple[str | None, Detector] | None = None
        self._recognizer: tuple[str | None, Recognizer] | None = None
        self._ahead: Thread | None = None
        self._closed = False
        # Detectors that could not be fetched: a list of pictures does not ask for each again.
        self._out_of_reach: set[str | None] = set()

    def serve(self, folder: Path, archive_model: Callable[[], ModelIdentity | None]) -> None:
        """Work for an archive from now on, with what is loaded already.

        Args:
            folder: of the archive, for messages.
            archive_model: returns the model of the archive's embeddings; None while it is empty.
        """
        self._folder, self._archive_model = folder, archive_model

    def load_ahead(self, *, detector: bool) -> None:
        """Load what embeds, for one picture, in a thread of its own, before an archive is served.

        The model is that asked for, else the catalogue's default, which most archives have; where
        it turns out to be another, that one is loaded when it is first needed. What is not on this
        machine is left to that too, and so is telling of whatever goes wrong.

        Args:
            detector: the person detector too, and first: it is asked first.
        """
        self._ahead = Thread(target=self._load_ahead, args=(detector,), name="models")
        self._ahead.start()

    def close(self) -> None:
        """Wait for what is being loaded; nothing more is loaded ahead."""
        self._closed = True
        if self._ahead is not None:
            self._ahead.join()

    def _load_ahead(self, detector: bool) -> None:
        if detector:
            with contextlib.suppress(Exception):  # raised again where it is needed
                self._detector_ahead()
        with contextlib.suppress(Exception):
            self._embedder_ahead()

    def _embedder_ahead(self) -> None:
        with self._embedding:
            if self._embedder is None and not self._closed:
                embedder = self._load(self._model, None, offline=True)
                embedder.compile_for_one()
                self._embedder = embedder

    def _detector_ahead(self) -> None:
        from reidsearch.vision.detection.detector import load_detector

        with self._detecting:
            detector = load_detector(
                None,
                model_path=self._model_path,
                offline=True,
                runtime=self._runtime,
                progress=self._progress,
            )
            detector.compile_for_one()
            self._detector = None, detector

    def embedder(self) -> Embedder:
        """The archive's model; a different one is refused.

        Loaded once, and again when another process has re-embedded the archive meanwhile.

        Raises:
            ModelError: no model, or not the archive's.
        """
        from reidsearch.vision.models.locate import name_of

        held = self._archive_model()
        with self._embedding:
            if self._embedder is None or (held and not held.matches(self._embedder.identity)):
                name = self._model or (name_of(held, self._model_path) if held else None)
                embedder = self._load(name, held, offline=self._offline)
                if held is not None:
                    require_model(held, embedder.identity, self._folder)
                self._embedder = embedder
            return self._embedder

    def another(self) -> Embedder | None:
        """What was asked for when the archive was opened, whatever the archive's own is.

        None: neither a model nor flip averaging was asked for.

        Raises:
            ModelError: it cannot be had, or the archive's own is a file that has to be named.
        """
        from reidsearch.vision.models.locate import name_of

        if self._model is None and self._flip is None:
            return None
        held = self._archive_model()
        name = self._model or (name_of(held, self._model_path) if held else None)
        return self._load(name, held, offline=self._offline)

    @property
    def decoder(self) -> str | None:
        """The kind of device that decodes footage; None: software does."""
        return self._runtime.decoder

    def use(self, embedder: Embedder) -> None:
        """Embed with this one from now on."""
        self._embedder = embedder

    def embed(self, pictures: Sequence[Pixels]) -> Vectors:
        """(h, w, 3) uint8 BGR crops -> (n, d) float32 rows of unit length."""
        return self.embedder().embed(pictures)

    def detector(self, name: str | None = None) -> Detector:
        """The person detector; loaded once. None: the catalogue's default."""
        from reidsearch.vision.detection.detector import load_detector
        from reidsearch.vision.models.unavailable import ModelUnavailable

        with self._detecting:
            if self._detector is None or self._detector[0] != name:
                try:
                    detector = load_detector(
                        name,
                        model_path=self._model_path,
                        offline=self._offline or name in self._out_of_reach,
                        runtime=self._runtime,
                        progress=self._progress,
                    )
                except ModelUnavailable:
                    self._out_of_reach.add(name)
                    raise
                self._detector = name, detector
            return self._detector[1]

    def recognizer(self, name: str | None = None) -> Recognizer:
        """The attributes model; loaded once. None: the catalogue's."""
        from reidsearch.vision.attributes.recognizer import load_recognizer

        with self._recognizing:
            if self._recognizer is None or self._recognizer[0] != name:
                recognizer = load_recognizer(
                    name,
                    model_path=self._model_path,
                    offline=self._offline,
                    runtime=self._runtime,
                    progress=self._progress,
                )
                self._recognizer = name, recognizer
            return self._recognizer[1]

    def text(self) -> str:
        """What embeds here, for statements."""
        return self._embedder.runtime if self._embedder else "stored embeddings only"

    def _load(self, name: str | None, held: ModelIdentity | None, *, offline: bool) -> Embedder:
        embedder = self._loaded(name, held, self._runtime, offline=offline)
        if embedder.device != "CPU":
            from reidsearch.vision.embedding.devices import require_same_answers

            by_cpu = replace(self._runtime, device="CPU")
            require_same_answers(
                embedder, lambda: self._loaded(name, held, by_cpu, offline=offline)
            )
        return embedder

    def _loaded(
        self,
        name: str | None,
        held: ModelIdentity | None,
        runtime: RuntimeSettings,
        *,
        offline: bool,
    ) -> Embedder:
        from reidsearch.vision.embedding.embedder import load_embedder
        from reidsearch.vision.models.catalogue import default_entry

        return load_embedder(
            name or default_entry().key,
            model_path=self._model_path,
            offline=offline,
            runtime=runtime,
            flip=bool(held and held.flip) if self._flip is None else self._flip,
            held=held,
            progress=self._progress,
        )
