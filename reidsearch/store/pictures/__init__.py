"""Pictures of crops, in the database or in a store of objects.

In: JPEGs of crops, a connection. Out: their rows, and the bytes of what is recorded, proven.
"""
