"""Elementwise activations with arguments, as layers."""
