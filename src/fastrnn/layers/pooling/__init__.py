"""Layers with fewer steps: the largest or the mean of several, or of all."""
