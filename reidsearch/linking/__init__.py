"""Proposing identities. In: tracklets and crops with embeddings. Out: who may be whom.

adjust.py       what is common to a camera is taken out of its embeddings
cluster.py      average linkage under constraints
constraints.py  what cannot be one person; transits that were too fast
run.py          a whole archive -> proposals

And clocks that are off, told by people whom two cameras saw:

mutual.py       sightings that are each other's best match
lags.py         times between sightings -> ways there, ways back, others
seen_by_both.py a whole archive -> the lags of all pairs of cameras
clock_fit.py    lags -> offsets and drifts, with intervals
clock_checks.py what speaks against them
"""
