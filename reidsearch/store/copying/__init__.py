"""Copying the rows of an archive into another database, whatever kinds both are.

In: a state of one archive, and where the other is to be. Out: rows, compared value by value.
"""
