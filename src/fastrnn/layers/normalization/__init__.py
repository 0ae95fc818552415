"""Layers that give features a mean of zero and a variance of one."""
