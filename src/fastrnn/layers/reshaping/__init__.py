"""Layers that change the shape or the order of the axes of a sample."""
