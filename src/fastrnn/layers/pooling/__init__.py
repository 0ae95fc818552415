"""Pooling over windows of steps, or over all steps."""
