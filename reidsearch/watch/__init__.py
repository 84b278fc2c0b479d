"""The loop for footage: frames -> looks -> detections -> fragments -> views -> tracklets -> commit.

`looks` decides which frames are looked at, `follow` turns detections into fragments with candidate
views, `run` embeds those, joins fragments and commits. `state` is what a checkpoint holds: after a
kill the next run goes on from the last one, and ends with the same tracklets and crops.
"""
