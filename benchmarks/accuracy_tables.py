"""Which figures of the CSV files the tables of docs/accuracy.md show."""

from __future__ import annotations

from adjustment_tables import TABLES as ADJUSTMENT
from question_tables import TABLES as QUESTIONS
from results import Row, Table
from table_columns import ALL, MAP_THEN_QUALITY, QUALITY, REAL, by_set, named, same

MODEL = "person-reidentification-retail-0286 FP16"
FUSED = {"tracklets": "synthetic, tracklets", "many": "synthetic, many", **REAL}
USED = "low scores with the unliked, balanced (in use)"
EVALUATED = by_set(REAL, {"rank-1": "{rank-1}", "mAP": "{mAP trapezoid}"})


def gains(query: str, order: str, first: str, ways: Row, part: str) -> Table:
    """Differences in mAP from the first way, on every set."""
    columns = {f"{short}": ({"set": name}, "{difference}{star}") for short, name in FUSED.items()}
    return Table(
        "fusion",
        first,
        named("way", ways),
        columns,
        {"part": part, "query": query, "order": order},
    )


TABLES = {
    **ADJUSTMENT,
    **QUESTIONS,
    "models": Table(
        "evaluate",
        "model",
        named(
            "model",
            {
                "0277 FP16": "person-reidentification-retail-0277 FP16",
                "0286 FP16 (default)": MODEL,
                "0287 FP16": "person-reidentification-retail-0287 FP16",
                "0287 FP16-INT8": "person-reidentification-retail-0287 FP16-INT8",
                "0288 FP16": "person-reidentification-retail-0288 FP16",
                "built-in baseline": "builtin FP32",
            },
        ),
        {**EVALUATED, "embed ms": ({"set": "cuhk03-dev"}, "{embed ms}")},
        {"axis": "models"},
    ),
    "reference": Table(
        "reference",
        "model, computed outside this project",
        same("model", "0277 FP16", "0286 FP16", "0287 FP16", "0288 FP16"),
        by_set(REAL, QUALITY),
    ),
    "resizes": Table(
        "evaluate",
        "resize",
        same(
            "resize",
            "as trained",
            "Pillow bilinear",
            "bilinear without antialiasing",
            "bicubic",
            "area",
            "nearest neighbour",
            "aspect kept",
        ),
        EVALUATED,
        {"axis": "resizes"},
    ),
    "re-ranking": Table(
        "re-ranking",
        "ranking",
        {
            "by score alone": {"ranking": "inner product"},
            "query expanded by 1": {"ranking": "query expanded by 1 (average)"},
            "gallery augmented by 5": {"ranking": "gallery augmented by 5"},
            "re-ranked, as published": {"ranking": "re-ranked, 300 candidates"},
            "re-ranked, expanded by 1 (default)": {
                "ranking": "re-ranked, query expanded by 1 (default)"
            },
            "re-ranked, expanded by 5": {"ranking": "re-ranked, query expanded by 5"},
        },
        MAP_THEN_QUALITY,
    ),
    "camera-adjusted": Table(
        "camera_adjusted",
        "scores",
        {
            "plain, by score": {"way": "plain, by score", "query's camera": "known"},
            "adjusted, by score": {"way": "adjusted, by score", "query's camera": "known"},
            "adjusted, by score, query's camera not known": {
                "way": "adjusted, by score",
                "query's camera": "not known",
            },
            "adjusted, re-ranked (default)": {
                "way": "adjusted, re-ranked",
                "query's camera": "known",
            },
            "adjusted, re-ranked, query's camera not known": {
                "way": "adjusted, re-ranked",
                "query's camera": "not known",
            },
        },
        by_set(REAL, {"rank-1": "{rank-1}", "mAP": "{mAP}"}),
    ),
    "re-ranking, models": Table(
        "re-ranking-models",
        "model",
        {
            name: {"model": f"person-reidentification-retail-{name}/FP16"}
            for name in ("0277", "0286", "0287", "0288")
        },
        {
            f"{short}: {title}": ({"set": name, "ranking": order}, "{mAP}")
            for short, name in REAL.items()
            for title, order in (("by score", "by score"), ("re-ranked", "re-ranked"))
        },
    ),
    "feedback": Table(
        "feedback",
        "after marking the first ten matches",
        {
            "nothing marked": {"marks": "none", "query": "not refined"},
            "likes and unlikes moved, query not refined": {
                "marks": "both",
                "query": "not refined",
            },
            "refined by unlikes only": {"marks": "unlikes only", "query": USED},
            "refined by likes only": {"marks": "likes only", "query": USED},
            "refined by both": {"marks": "both", "query": USED},
            "two pages marked, query not refined": {
                "marks": "both, of two pages in turn",
                "query": "not refined",
            },
            "two pages marked, refined by both": {
                "marks": "both, of two pages in turn",
                "query": USED,
            },
        },
        {
            f"{short}, {title}": ({"set": name, "order": order}, "{whole mAP}")
            for short, name in REAL.items()
            for title, order in (("re-ranked", "default"), ("by score", "score"))
        },
    ),
    "feedback, methods": Table(
        "feedback",
        "method",
        named(
            "query",
            {
                "not refined": "not refined",
                "Rocchio": "Rocchio 1 / 0.75 / 0.15",
                "linear discriminant": "linear discriminant",
                "low scores with the unliked, each weighs 1": (
                    "low scores with the unliked, each weighs 1"
                ),
                USED: USED,
            },
        ),
        {
            f"{short}: {title}": ({"set": ALL[short], "marks": marks}, "{whole mAP}")
            for short in ("few", "many")
            for title, marks in (("both", "both"), ("unlikes only", "unlikes only"))
        },
        {"order": "default"},
    ),
    "feedback, scores": Table(
        "feedback-scores",
        "query",
        {
            "not refined": {"query": "not refined"},
            "likes as query pictures": {"query": "likes as query pictures"},
            "likes and unlikes": {"query": USED},
        },
        by_set(REAL, {"wrong, of 1000": "{wrong of 1000}", "right, of 100": "{right of 100}"}),
    ),
    "pictures": Table(
        "fusion",
        "query",
        {
            "1 picture": {"query": "4 pictures", "way": "first picture alone"},
            "2 pictures": {"query": "2 pictures", "way": "mean"},
            "4 pictures": {"query": "4 pictures", "way": "mean"},
            "all of a camera": {"query": "all pictures of a camera", "way": "mean"},
        },
        {
            f"{short}, {order}": ({"set": name, "order": order}, "{mAP}")
            for short, name in FUSED.items()
            for order in ("by score", "re-ranked")
        },
        {"part": "pictures"},
    ),
    "pictures, ways": gains(
        "4 pictures",
        "re-ranked",
        "4 pictures, re-ranked",
        {
            "mean, blended with the best 2 scores": "mean, blended with the best 2 scores",
            "the same, also found by them": "mean, found by and blended with the best 2 scores",
            "each re-ranked, the least distance": "each re-ranked, the least distance",
            "each re-ranked, mean of the 2 least": "each re-ranked, mean of the 2 least",
        },
        "pictures",
    ),
    "pictures, ways by score": gains(
        "4 pictures",
        "by score",
        "4 pictures, by score",
        {
            "mean weighted by sharpness": "mean weighted by sharpness",
            "mean weighted by embedding norm": "mean weighted by norm before normalising",
            "best picture": "max over pictures",
            "mean of the best 2 scores": "mean of the best 2 scores",
            "reciprocal ranks added": "reciprocal ranks added",
        },
        "pictures",
    ),
    "tracklets": gains(
        "one picture",
        "by score",
        "tracklet, by score",
        {
            "mean vector": "mean vector",
            "mean of the best 2 crops": "mean of the best 2 pairs",
            "mean of all crops": "mean of all pairs",
        },
        "tracklets",
    ),
    "tracklets, re-ranked": gains(
        "one picture",
        "re-ranked",
        "tracklet, re-ranked",
        {
            "mean of the best 2 crops": "mean of the best 2 crops",
            "mean of all crops": "mean of all crops",
            "mean vectors re-ranked": "mean vectors re-ranked among themselves",
        },
        "tracklets",
    ),
    "flip": Table(
        "flip",
        "model, order",
        {
            f"{model}, {order}": {"model": f"{model}/FP16", "order": order}
            for model in ("0286", "0287", "0288")
            for order in ("by score", "re-ranked")
        },
        {short: ({"set": name}, "{difference}{star}") for short, name in FUSED.items()},
        {"way": "both"},
    ),
    "flip, cost": Table(
        "flip-cost",
        "model",
        {name: {"model": f"{name}/FP16"} for name in ("0286", "0287", "0288")},
        {
            "crops a second": ({}, "{crops a second}"),
            "with flip averaging": ({}, "{with flip averaging}"),
        },
    ),
    "calibration": Table(
        "calibration-maps",
        "map",
        same(
            "map",
            "logistic regression (in use)",
            "logistic regression with a square",
            "pool adjacent violators",
            "two Gaussians",
        ),
        {
            f"{made} on {judged}: {title}": (
                {
                    "made from": REAL[made],
                    "judged on": REAL[judged] + (", people left out" if made == judged else ""),
                },
                template,
            )
            for made, judged in (("cuhk03", "cuhk03"), ("cuhk03", "pku"), ("pku", "cuhk03"))
            for title, template in (("Cllr", "{Cllr}"), ("ECE", "{ECE}"))
        },
    ),
    "calibration, reference": Table(
        "reference-calibration",
        "made of, judged on",
        {
            f"{made}, {judged}": {"made of": REAL[made], "judged on": name}
            for made, judged, name in (
                ("cuhk03", "pku", REAL["pku"]),
                ("pku", "cuhk03", REAL["cuhk03"]),
                ("cuhk03", "few", ALL["few"]),
                ("pku", "few", ALL["few"]),
            )
        },
        {
            f"{scores}, {way}: {title}": ({"scores": kind, "way": way}, template)
            for scores, kind, way in (
                ("plain", "plain", "as it is"),
                ("adjusted", "camera-adjusted", "as it is"),
                ("adjusted", "camera-adjusted", "fitted"),
            )
            for title, template in (("ECE", "{ECE}"), ("alarms", "{false alarms}"))
        },
    ),
    "calibration, pictures": Table(
        "calibration-views",
        "one crop against",
        named(
            "compared",
            {
                "one crop": "one crop against one",
                "the mean of 2 pictures": "against the mean of 2 pictures",
                "the best of 2 pictures": "against the best of 2 pictures",
                "the mean of 4 pictures": "against the mean of 4 pictures",
                "the best of 4 pictures": "against the best of 4 pictures",
            },
        ),
        by_set(
            REAL,
            {"ECE": "{ECE}", "false alarms": "{false alarms at 1 in 1000}"},
        ),
    ),
    "int8": Table(
        "int8",
        "model",
        same("model", "0287, the zoo's own", "0286, made here", "0288, made here"),
        {
            "same best match": ({}, "{same best match %} %"),
            **{
                f"{short} mAP": ({}, f"{{{name} mAP before}} to {{{name} mAP after}}")
                for short, name in REAL.items()
            },
            "crops a second": ({}, "{crops a second before} to {crops a second after}"),
        },
    ),
    "golden vectors": Table(
        "golden-vectors",
        "model",
        same("model", "0277", "0286", "0287", "0287 FP16-INT8", "0288"),
        {
            title: ({"pictures prepared": title}, "{cosine}")
            for title in (
                "as it is",
                "area",
                "no antialiasing",
                "nearest",
                "bicubic",
                "aspect kept",
                "red and blue exchanged",
            )
        },
    ),
    "linking": Table(
        "linking",
        "set",
        {
            "cuhk03, crops": {"set": "cuhk03-dev, crops"},
            "cuhk03, person and camera": {"set": "cuhk03-dev, person and camera"},
            "pku, crops": {"set": "pku-viewpoints, crops"},
            "pku, person and camera": {"set": "pku-viewpoints, person and camera"},
            "synthetic footage": {"set": "synthetic footage (4 cameras)"},
        },
        {
            "greedy: F1": ({"rule": "greedy, cosine > 0.6"}, "{pairwise F1}"),
            "link: F1": ({"rule": "link (adjusted >= 0.45)"}, "{pairwise F1}"),
            "link: precision": ({"rule": "link (adjusted >= 0.45)"}, "{precision}"),
            "link: recall": ({"rule": "link (adjusted >= 0.45)"}, "{recall}"),
            "link: IDF1": ({"rule": "link (adjusted >= 0.45)"}, "{IDF1}"),
        },
    ),
    "linking, threshold": Table(
        "linking-thresholds",
        "synthetic people, cameras",
        {
            f"{people}, {cameras}": {"people": people, "cameras": cameras}
            for people, cameras in (("6", "3"), ("20", "3"), ("60", "4"), ("120", "4"))
        },
        {
            threshold: ({"threshold": threshold}, "{pairwise F1}")
            for threshold in ("0.3", "0.35", "0.4", "0.45", "0.5", "0.55", "0.6")
        },
    ),
}
