"""Scores become probabilities. In: scores of pairs, labelled. Out: a `scores.Calibration`.

comparisons.py  labelled embeddings -> pairs of crops by different cameras
fit.py          comparisons -> the map, its interval and its soundness
reference.py    what ships with the catalogue's models -> a calibration of an archive's own scores
impostors.py    an archive -> what different people score in it
alarms.py       people seen at once -> false alarms; cameras at which a calibration fails
scene.py        where people stand, how bright they are -> cameras that have changed
apply.py        an answer -> the same answer with every score read
"""
