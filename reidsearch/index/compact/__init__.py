"""The index of large archives. In: unit vectors. Out: hits by coarse codes, then fine ones.

The error of fine codes is bounded, so that an exact answer reads some twenty embeddings.
"""
