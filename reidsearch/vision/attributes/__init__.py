"""Crops in, what the person in them wears and carries out."""
