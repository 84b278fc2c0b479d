"""Which figures of adjustment.csv and adjustment-few.csv docs/accuracy.md shows."""

from __future__ import annotations

from results import Table
from table_columns import ALL, MAP_THEN_QUALITY, QUALITY, REAL, by_set, named, same

FEW_PRIORS = ("0", "3", "5", "10", "15", "20", "30")
LEFT_OUT = (
    "inner product",
    "camera means subtracted, prior 15",
    "no camera known: global mean",
    "no camera known: means of 4 groups by brightness",
    "adjusted, z-scores per camera",
    "adjusted, s-norm by cohort",
    "adjusted, whitened within tracklets",
    "flip averaging, adjusted",
    "all queries at once, re-ranked, adjusted",
    "all queries at once, CA-Jaccard, adjusted",
)

TABLES = {
    "adjustment, few people": Table(
        "adjustment-few",
        "means of 5 people a camera",
        named("prior", {"not adjusted": "inner product"} | {p: p for p in FEW_PRIORS}),
        {
            "few": ({"set": ALL["few"], "strength": "1"}, "{mAP}"),
            "few, cameras half as different": (
                {"set": ALL["few"], "strength": "0.5"},
                "{mAP}",
            ),
            "few, a quarter": ({"set": ALL["few"], "strength": "0.25"}, "{mAP}"),
            "cuhk03": ({"set": REAL["cuhk03"]}, "{mAP}"),
            "pku": ({"set": REAL["pku"]}, "{mAP}"),
        },
        {"people": "5", "searched": "everybody"},
    ),
    "adjustment, left out": Table(
        "adjustment",
        "way",
        same("ranking", *LEFT_OUT),
        MAP_THEN_QUALITY,
    ),
    "adjustment, models": Table(
        "adjustment",
        "model",
        same(
            "ranking",
            "0277, adjusted",
            "0286 and 0277, adjusted",
            "re-ranked, 0277, adjusted",
            "re-ranked, 0286 and 0277, adjusted",
        ),
        by_set(REAL, QUALITY),
    ),
}
