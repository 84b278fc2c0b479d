"""Immutable domain types, the common language of all rooms.

In: checked values at construction. Out: crops, footage, decisions, scores, answers, reports; no
input or output, no database, no model.
"""
