"""Indexing loops. In: entries and footage. Out: crops, tracklets, coverage, committed in steps."""
