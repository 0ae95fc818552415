"""Layers that compute with windows of steps and a kernel."""
