"""Crops whose truth is known in, figures of how well people are found again out.

The rules of evaluation (docs/accuracy.md) live here alone: a user's search never drops a match.
"""
