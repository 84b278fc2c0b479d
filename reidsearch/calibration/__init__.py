"""Scores become probabilities. In: scores of pairs, labelled. Out: a `scores.Calibration`.

comparisons.py  labelled embeddings -> pairs of crops by different cameras
fit.py          comparisons -> the map, its interval and its soundness
apply.py        an answer -> the same answer with every score read
"""
