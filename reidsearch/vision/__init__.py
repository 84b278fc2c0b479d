"""Models at work. In: pixels. Out: detections, tracklets, embeddings and attributes.

The only room that knows OpenVINO.
"""
