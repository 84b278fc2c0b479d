"""In: frames, or files of precomputed detections. Out: boxes with a confidence."""
