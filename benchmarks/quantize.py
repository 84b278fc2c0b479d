"""What INT8 does to a model: quantized here, and as the zoo's own.

    python benchmarks/quantize.py --model person-reidentification-retail-0286

Calibrated on an archive of the sample clip's people and drawn people, compared on other drawn
people of it and on the labelled sets, none of which is calibrated on. Without --model only the
zoo's INT8 of 0287 against its FP16 is compared, on the same drawn people: what its makers call
equal in accuracy. `--write` puts the figures into results/int8.csv. Needs
`pip install 'reidsearch[quantize]'`; takes some minutes a model.
"""

from __future__ import annotations

import argparse
import shutil
from dataclasses import replace
from pathlib import Path

import cv2
from accuracy import SETS, read
from measuring import default_work, machine
from results import Row, put

from reidsearch import Archive
from reidsearch.base.settings import PictureLimits
from reidsearch.datasets.readers import DataSet
from reidsearch.datasets.synthetic.people import drawn_people
from reidsearch.domain.quantized import Comparison, Quantized
from reidsearch.media.pictures import decode
from reidsearch.output.quantized import quantized_text
from reidsearch.services.quantize import compare, quantize_for
from reidsearch.store.crops.sampling import deterministic_shuffle
from reidsearch.store.crops.store import Store
from reidsearch.vision.embedding.embedder import load_embedder

CLIP = "one-by-one-person-detection.mp4"
ZOO = "person-reidentification-retail-0287"


def archive(work: Path, models: Path, footage: Path) -> Path:
    """The clip's six people, and 60 drawn people by 4 cameras in 2 views."""
    folder, pictures = work / "quantize", work / "quantize-pictures"
    if not folder.exists():
        shutil.rmtree(pictures, ignore_errors=True)
        pictures.mkdir(parents=True)
        for number, crop in enumerate(drawn_people(60, 4, 2, seed=3)):
            cv2.imwrite(str(pictures / f"{number:04d}.png"), crop.pixels)
        with Archive.open(folder, create=True, model_path=[models], offline=True) as made:
            made.index([footage / CLIP])
            made.index([pictures])
    return folder


def zoo(store: Store, models: Path, data: list[DataSet]) -> Comparison:
    """The zoo's INT8 of 0287, on the crops that a model of one's own is compared on."""
    held_out = [crop_id for unit in deterministic_shuffle(store)[240:] for crop_id in unit]
    pictures = [decode(store.picture(crop_id), PictureLimits()) for crop_id in held_out]
    before, after = (
        load_embedder(f"{ZOO}/{precision}", model_path=[models], offline=True)
        for precision in ("FP16", "FP16-INT8")
    )
    return compare(before, after, pictures, data)


def figures(name: str, found: Comparison) -> Row:
    """One row of results/int8.csv."""
    row = {
        "model": name,
        "cosine mean": f"{found.cosine_mean:.3f}",
        "cosine 1 in 100 below": f"{found.cosine_low:.3f}",
        "same best match %": f"{100 * found.best_same:.1f}",
        "same among ten best %": f"{100 * found.ten_same:.1f}",
    }
    for one in found.labels:
        row |= {
            f"{one.data} rank-1 before": f"{100 * one.rank1_before:.2f}",
            f"{one.data} rank-1 after": f"{100 * one.rank1_after:.2f}",
            f"{one.data} mAP before": f"{100 * one.map_before:.2f}",
            f"{one.data} mAP after": f"{100 * one.map_after:.2f}",
        }
    row["crops a second before"] = f"{found.before_per_s:.0f}"
    row["crops a second after"] = f"{found.after_per_s:.0f}"
    return row


def main() -> None:
    """Print how each compares."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--work", type=Path, default=default_work())
    parser.add_argument("--model-path", type=Path, default=Path("../shared/models"))
    parser.add_argument("--reid", type=Path, default=Path("../shared/reid"))
    parser.add_argument("--footage", type=Path, default=Path("../shared/footage"))
    parser.add_argument("--model", action="append", default=[])
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    print(machine())
    data = [replace(read(given.reid, name), name=name) for name in SETS]
    with Store(archive(given.work, given.model_path, given.footage)) as store:
        found = zoo(store, given.model_path, data)
        print(quantized_text(Quantized(f"{ZOO}/FP16 by its makers", 0, found, None)))
        rows = [figures(f"{ZOO[-4:]}, the zoo's own", found)]
        for model in given.model:
            made = quantize_for(store, model=model, data=data, accept=True,
                                model_path=[given.model_path], offline=True)  # fmt: skip
            print(quantized_text(made))
            rows.append(figures(f"{model[-4:]}, made here", made.comparison))
    if given.write:
        models = " ".join(f"--model {model}" for model in given.model)
        put("int8", rows, command=f"python benchmarks/quantize.py {models} --write", note=machine())


if __name__ == "__main__":
    main()
