"""Measuring. In: crops whose person is known. Out: figures of how well people are found again.

The rules of evaluation (docs/accuracy.md) live here alone: a user's search never drops a match.
"""
