"""Layers that normalize mean and variance."""
