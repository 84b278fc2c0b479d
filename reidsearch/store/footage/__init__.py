"""Footage in the archive. In: sources and steps of a run. Out: coverage, tracklets, presence.

What was analysed of each source, and what is missing.
"""
