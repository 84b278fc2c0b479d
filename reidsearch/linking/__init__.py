"""Proposing identities. In: tracklets and crops with embeddings. Out: who may be whom.

adjust.py       what is common to a camera is taken out of its embeddings
cluster.py      average linkage under constraints
constraints.py  what cannot be one person; transits that were too fast
run.py          a whole archive -> proposals
"""
