"""Identity decisions. In: plans of changes. Out: the log, and the identities it leaves in force.

Proposals of identities and the pairs that decisions tell of as well.
"""
