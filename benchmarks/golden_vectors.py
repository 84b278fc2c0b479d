"""Compute reidsearch/vision/embedding/golden.npz with the genuine models, apart from the embedder.

    python benchmarks/golden_vectors.py --model-path FOLDER

Run it only when a model or a drawn picture was added. It takes every re-ID model of the
catalogue (checksums verified) and the built-in baseline; Pillow resizes; OpenVINO runs the
untouched graph with float32 NCHW input.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np
from PIL import Image

import reidsearch.vision.embedding
from reidsearch.domain.crops import Vectors
from reidsearch.vision.embedding import builtin
from reidsearch.vision.embedding.golden import pictures
from reidsearch.vision.models.catalogue import catalogue
from reidsearch.vision.models.locate import locate
from reidsearch.vision.models.runtime import openvino, read_model

if TYPE_CHECKING:
    import openvino as ov


def embed(graph: ov.Model) -> Vectors:
    options = {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"}
    compiled = openvino().Core().compile_model(graph, "CPU", options)
    rows = []
    for picture in pictures():
        resized = Image.fromarray(picture).resize((128, 256), Image.Resampling.BILINEAR)
        tensor = np.asarray(resized, np.float32).transpose(2, 0, 1)[None]
        row = compiled(tensor)[0].reshape(-1)
        rows.append(row / np.linalg.norm(row))
    return np.stack(rows).astype(np.float16)


@click.command()
@click.option("--model-path", type=click.Path(path_type=Path, exists=True), multiple=True)
def main(model_path: tuple[Path, ...]) -> None:
    key = f"{builtin.NAME}/{builtin.PRECISION}/{builtin.digest()[:16]}"
    held = {key: embed(builtin.build())}
    for entry in catalogue():
        if entry.role == "re-id":
            found = locate(entry.key, model_path=model_path)
            held[f"{entry.key}/{entry.digest[:16]}"] = embed(read_model(found.xml))
    path = Path(reidsearch.vision.embedding.__file__).with_name("golden.npz")
    np.savez_compressed(path, **held)
    for name, rows in held.items():
        print(name, rows.shape, np.abs(rows).max())


if __name__ == "__main__":
    main()
