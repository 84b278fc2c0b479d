"""The queue of sources. In: places and how they are indexed. Out: sources indexed by workers.

`service.py` puts in and tells where it stands, `worker.py` takes out and indexes, `heartbeat.py`
keeps a worker's lease, `request.py` makes of a request what indexing takes.
"""
