"""The neighbour graph. In: the vectors of the index. Out: the nearest of each crop, for re-ranking.

Derived as the index is, from the same embeddings, and brought up to date with it.
"""
