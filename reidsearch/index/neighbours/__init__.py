"""The neighbour graph for re-ranking, derived from the same embeddings as the index."""
