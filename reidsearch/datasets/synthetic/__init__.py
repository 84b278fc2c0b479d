"""Synthetic people and footage, drawn from a seed, together with their ground truth."""
