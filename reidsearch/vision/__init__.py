"""Pixels in; detections, tracklets, embeddings and attributes out. The only room with OpenVINO."""
