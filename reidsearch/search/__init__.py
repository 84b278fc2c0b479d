"""Finding. In: a query embedding and filters. Out: the best matches with their statement.

query_pictures.py what is shown of a person -> one embedding
engine.py     filters -> ranking -> answer
statement.py  what is searched, and the statement that says so
ranking.py    by score -> by neighbourhoods -> one row a tracklet
rerank.py     k-reciprocal re-ranking of one query
scope.py  an index and its neighbour graph, as re-ranking sees them
"""
