"""Activations with arguments, as layers that do the same to every number."""
