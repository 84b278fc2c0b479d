"""Crops in the archive. In: crops with pictures and embeddings. Out: crops, pictures, embeddings.

`store.py` has `Store`, the opened archive that all of `reidsearch.store` works on.
"""
