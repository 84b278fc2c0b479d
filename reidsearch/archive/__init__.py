"""The folder on disk. In: crops with embeddings, pictures and facts. Out: the same, and top-k hits.

SQLite is the one truth; the vector index is derived from it, file by file a *generation*.

    tables.py       what is stored               store.py        open, read
    schema.py       the bridge to Alembic        selects.py      what is asked over and over
    sqlite.py       all that only SQLite does    writer.py       one writer, whole transactions
    vectors.py      what an index must do        rows.py         between records and rows
    faiss_index.py  the engine that does it      selection.py    filters -> crop ids
    gallery.py      generations, catch-up        erase.py        delete for good
    lock.py         one writer at a time         check.py        prove or repair
    summary.py      what is held, in numbers     backup.py       consistent copies
    reembed.py      another model, one switch
"""
