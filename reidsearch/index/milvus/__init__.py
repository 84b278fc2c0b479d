"""The engine for archives that one machine cannot hold: a collection of a Milvus server.

Only `server.py` knows the client library.
"""

KIND = "milvus-flat"
