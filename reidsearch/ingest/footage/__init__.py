"""The loop for footage: frames -> detections -> tracklets -> commit.

In: the footage of an inventory, a detector, an embedder. Out: a `SourceStep` to the sink every two
seconds, and a `FootageReport`.

`sampled_frames` decides which frames are sampled, `follow` turns detections into pieces of
tracklets with candidate shots, `run` embeds those, stitches the pieces and commits. `checkpoint` is
what is stored at every commit: after a kill the next run goes on from the last one, and ends with
the same tracklets and crops.
"""
