"""In: detections, frame by frame. Out: tracklets: tracker, tracklet stitching, best shots."""
