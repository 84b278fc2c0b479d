"""The truth of an archive, and who may read and change it.

In: crops with embeddings, pictures and facts; footage with tracklets and spans; decisions.
Out: the same, each read on one consistent snapshot.

    contract.py  what a database under an archive must do: read, write, lock; rules for threads
    database/    SQLite, the writer lock, schema and migrations
    tables/      what is stored, in portable SQLAlchemy Core
    crops/       `Store`, the opened archive; crops, pictures, embeddings
    footage/     sources, spans, tracklets, checkpoints
    identities/  the log of decisions, and the identities that it leaves in force
    selection.py filters -> crop ids          reembed.py  another model for all crops
    attributes.py, calibration.py             events.py   what was done to the archive as a whole
    derived.py   which index and graph files are in force

Everything else on disk (index, neighbour graph) is derived from it and can be rebuilt.
"""
