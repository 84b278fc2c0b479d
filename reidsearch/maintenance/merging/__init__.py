"""Merging: an archive's footage, crops and decisions become part of another one.

Comes in: two stores of one model. Goes out: rows in the target under new ids, a `Merged` that tells
of all of them, and two entries of the target's event log. The archive merged is only read.
"""
