"""Does a model that separates nobody, or is used wrongly, show?

    python benchmarks/separation.py [--shared ../shared]

The footage of ../shared is indexed with the default model; then models that are of use and models
that are not embed the stored crops of people of whom the footage is sure. Prints Markdown.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import click
import numpy as np
import openvino as ov
from openvino import opset13 as ops

from reidsearch import Archive
from reidsearch.services.separation import separation
from reidsearch.store.crops.store import Store
from reidsearch.vision.embedding.embedder import Embedder, load_embedder
from reidsearch.vision.embedding.sense import sense

ZOO = ("0277", "0286", "0287", "0288")


def untrained(seed: int, layers: int = 5) -> ov.Model:
    """Convolutions with the weights that training begins with."""
    rng, source = np.random.default_rng(seed), ops.parameter([1, 3, 256, 128], np.float32, name="x")
    node, channels = source, 3
    for layer in range(layers):
        to = 8 * 2**layer
        weights = rng.normal(0, (channels * 9) ** -0.5, (to, channels, 3, 3)).astype(np.float32)
        node = ops.convolution(node, ops.constant(weights), [2, 2], [1, 1], [1, 1], [1, 1])
        node, channels = ops.relu(node), to
    mean = ops.reduce_mean(node, ops.constant(np.array([2, 3])), False)
    return ov.Model([mean], [source], "untrained")


@click.command(help=__doc__)
@click.option("--shared", type=click.Path(path_type=Path), default=Path("../shared"))
def main(shared: Path) -> None:
    """Measure."""
    where = [shared / "models"]
    models = {
        name: load_embedder(
            f"person-reidentification-retail-{name}", model_path=where, offline=True
        )
        for name in ZOO
    }
    models["built-in"] = load_embedder("builtin")
    for seed in range(3):
        models[f"untrained {seed}"] = Embedder(untrained(seed), "untrained", "FP32", f"{seed:096}")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "archive"
        with Archive.open(place, create=True, model_path=where, offline=True) as archive:
            archive.index([shared / "footage"])
        print("| model | synthetic people | same, different pairs | the archive's own people |")
        print("| --- | --: | --: | --: |")
        with Store(place) as store:
            for name, embedder in models.items():
                found = separation(store, embedder.embed)
                told = "none" if found is None else f"{found.auc:.2f}"
                pairs = "" if found is None else f"{found.same_pairs}, {found.different_pairs}"
                print(f"| {name} | {sense(embedder).pairs.auc:.2f} | {pairs} | {told} |")


if __name__ == "__main__":
    main()
