"""Evidence bundles: what was found, with its footage, its log and what verifies it, in a folder.

In: an archive, which findings, what of their footage. Out: a folder that appears whole or not at
all, `docs/reference/evidence-bundle.md`.
"""
