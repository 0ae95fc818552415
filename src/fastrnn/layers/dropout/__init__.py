"""Layers that change their input at random in a training."""
