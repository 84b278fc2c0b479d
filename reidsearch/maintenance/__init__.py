"""Care of an archive folder: verify, repair, back up, restore, erase, summarise.

In: a store, and the index beside it. Out: findings and reports.
"""
