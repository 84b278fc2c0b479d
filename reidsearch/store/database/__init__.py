"""SQLite under an archive. In: a folder. Out: connections in transactions, locks, errors as ours.

The writer lock, the schema with its migrations, and statements that are built once.
"""
