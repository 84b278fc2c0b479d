"""The truth of an archive. In: crops with embeddings, pictures and facts; decisions. Out: the same.

    database/    SQLite, the writer lock, schema and migrations
    tables/      what is stored, in portable SQLAlchemy Core
    crops/       crops, pictures, embeddings
    footage/     sources, spans, tracklets, checkpoints
    identities/  the log of decisions, and the identities that it leaves in force

Everything else on disk (index, neighbour graph) is derived from it and can be rebuilt.
"""
