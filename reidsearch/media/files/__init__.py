"""Paths in, entries to be indexed out: folders, tar and zip archives, manifests."""
