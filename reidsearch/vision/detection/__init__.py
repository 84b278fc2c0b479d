"""Frames in, tracklets out: the detector, the tracker, the best views, joined fragments."""
