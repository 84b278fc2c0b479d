"""Vector search, derived from the store. In: embeddings of the store. Out: top-k hits.

Nothing here is truth: an index file that is missing or damaged is rebuilt from the store.
"""
