"""Indexing loops. In: crop inputs and footage. Out: steps for a sink, progress, a report.

crops     pictures -> crops -> embeddings
footage/  frames -> detections -> tracklets -> best shots -> embeddings
sink      where the steps of both go; each is committed whole or not at all
progress  both as bytes of one total
"""
