"""Scores become probabilities. In: scores of pairs, labelled. Out: a `scores.Calibration`.

comparisons.py  labelled embeddings -> pairs of crops by different cameras
fit.py          comparisons -> the map, its interval and its soundness
reference.py    what ships with the catalogue's models -> a calibration of an archive's own scores
impostors.py    an archive -> what different people score in it
apply.py        an answer -> the same answer with every score read
"""
