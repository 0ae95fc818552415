"""Layers that merge several tensors into one, each with a function."""
