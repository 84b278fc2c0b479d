"""What others verify our evidence with: small modules of the standard library alone, to be copied.

In: bytes. Out: whether they hold. They run under Python 3.8 and import nothing of this program.
"""
