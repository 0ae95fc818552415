"""Layers that put the numbers of a sample in another order or shape."""
