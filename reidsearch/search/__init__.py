"""Finding. In: a query embedding and filters. Out: the best matches with their statement.

engine.py   filters -> candidates -> ranking -> answer
query.py    one embedding from several pictures
"""
