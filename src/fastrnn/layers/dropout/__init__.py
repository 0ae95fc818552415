"""Layers that change their input randomly in training."""
