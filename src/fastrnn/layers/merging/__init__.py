"""Layers that make one tensor of several, each with its function."""
