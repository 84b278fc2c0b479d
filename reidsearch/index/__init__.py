"""Vector search, derived from the store. In: embeddings of the store. Out: top-k hits, checked.

    contract.py     what an index must do; apart from it, what one in files must do
    flat.py         every score; for small archives          compact/     codes; for large ones
    factory.py      which of them: the size decides          recall.py    how much one finds
    generations.py  writing index files, and verifying them
    in_memory.py    the index, and what of the store it has
    gallery.py      the index of an open archive, always equal to the store
    neighbours/     the neighbour graph, for re-ranking

Nothing here is truth: an index file that is missing or damaged is rebuilt from the store.
"""
