"""The folder on disk. In: crops with embeddings, pictures and facts. Out: the same, and top-k hits.

SQLite is the one truth; the vector index is derived from it, file by file a *generation*.

    tables.py       what is stored               store.py        open, read
    schema.py       the bridge to Alembic        writer.py       one writer, whole transactions
    sqlite.py       all that only SQLite does    selection.py    filters -> crop ids
    vectors.py      what an index must do        erase.py        delete for good
    faiss_index.py  the engine that does it      check.py        prove or repair
    gallery.py      generations, catch-up        backup.py       consistent copies
    lock.py         one writer at a time
"""
