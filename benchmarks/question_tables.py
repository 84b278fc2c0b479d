"""Which figures of absence.csv, absence-holes.csv and company.csv docs/accuracy.md shows."""

from __future__ import annotations

from results import Table

CHANCES = {
    name: {"stated chance": name}
    for name in ("0.0 to 0.2", "0.2 to 0.4", "0.4 to 0.6", "0.6 to 0.8", "0.8 to 1.0", "all")
}

TABLES = {
    "absence-holes": Table(
        "absence-holes",
        "stated chance",
        CHANCES,
        {
            "camera-hours": ({}, "{camera-hours}"),
            "asked": ({}, "{asked}"),
            "stated": ({}, "{stated}"),
            "shown": ({}, "{found} ({found low} to {found high})"),
        },
    ),
    **{
        f"absence, {way}": Table(
            "absence",
            "stated chance",
            CHANCES,
            {
                "asked": ({}, "{asked}"),
                "stated": ({}, "{stated} ({stated low} to {stated high})"),
                "shown": ({}, "{found} ({found low} to {found high})"),
            },
            where={"ranking from": way},
        )
        for way in ("all confirmed", "those found confirmed", "calibration")
    },
    "company": Table(
        "company",
        "others, couples, within",
        {
            f"{others}, {couples}, {within}": {
                "others": others,
                "couples": couples,
                "within": within,
            }
            for others, couples, within in (
                ("confirmed", "5", "15 s"),
                ("confirmed", "5", "60 s"),
                ("confirmed", "0", "15 s"),
                ("confirmed", "0", "60 s"),
                ("proposed", "5", "60 s"),
            )
        },
        {
            "asked": ({}, "{asked}"),
            "companions": ({}, "{companions}"),
            "found": ({}, "{found}"),
            "false": ({}, "{false}"),
            "precision": ({}, "{precision}"),
            "questions with a false one": ({}, "{questions with a false one}"),
            "plain rule": ({}, "{precision of the plain rule}"),
        },
    ),
}
