"""Detections in, tracklets out: the tracker, tracklet stitching, best shots."""
