"""Crops, pictures, embeddings: reading, writing, selecting."""
