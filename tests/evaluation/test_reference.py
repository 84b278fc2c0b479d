"""The figures of protocol.md, computed apart from this project, are reproduced to 0.1 points."""

from __future__ import annotations

import pytest

from reidsearch.datasets.embedded import embed_set
from reidsearch.datasets.readers import read_data
from reidsearch.evaluation.measure import measure
from reidsearch.vision.embedding import load_embedder
from reidsearch.vision.models.resize import pillow_bilinear

# model -> set -> valid queries, rank-1, -5, -10, mAP trapezoid, mAP step. Made with OpenCV's
# INTER_LINEAR, which is the product's resize where crops are enlarged, as nearly all are.
REFERENCE = {
    "0286": {
        "cuhk03-dev": (395, 56.96, 75.70, 85.57, 51.61, 54.30),
        "pku-viewpoints": (496, 93.75, 98.59, 98.99, 81.50, 82.29),
    },
    "0286, Pillow": {
        "cuhk03-dev": (395, 57.22, 75.70, 85.82, 51.58, 54.26),
        "pku-viewpoints": (496, 94.15, 98.59, 98.99, 81.53, 82.31),
    },
    "0277": {
        "cuhk03-dev": (395, 59.24, 80.25, 87.59, 55.76, 58.57),
        "pku-viewpoints": (496, 92.74, 97.58, 99.19, 83.79, 84.59),
    },
    "0287": {
        "cuhk03-dev": (395, 43.04, 61.01, 75.19, 38.73, 41.34),
        "pku-viewpoints": (496, 91.94, 97.18, 99.40, 78.10, 78.97),
    },
    "0288": {
        "cuhk03-dev": (395, 28.35, 46.08, 58.99, 24.90, 27.28),
        "pku-viewpoints": (496, 80.85, 90.93, 95.36, 63.38, 64.70),
    },
}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["cuhk03-dev", "pku-viewpoints"])
@pytest.mark.parametrize("model", REFERENCE)
def test_the_reference_is_reproduced(shared, model, name):
    folder = shared / "reid" / name
    if not folder.is_dir():
        pytest.skip(f"needs ../shared/reid/{name} (see CONTRIBUTING.md)")
    data = read_data(folder) if name == "cuhk03-dev" else read_data(folder / "manifest.csv")
    if name == "pku-viewpoints":
        data = data.of_cameras(["01"], ["02"])
    number, _, pillow = model.partition(", ")
    embedder = load_embedder(
        f"person-reidentification-retail-{number}/FP16",
        model_path=[shared / "models"],
        offline=True,
    )
    rows = embed_set(data, embedder, pillow_bilinear if pillow else None)
    got = measure(data, rows).quality
    valid, *shares = REFERENCE[model][name]
    assert got.valid_queries == valid
    told = [got.cmc[1], got.cmc[5], got.cmc[10], got.map_trapezoid, got.map_step]
    assert [100 * share for share in told] == pytest.approx(shares, abs=0.1)
