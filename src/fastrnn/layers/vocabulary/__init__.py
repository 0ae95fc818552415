"""Conversion of terms to indices of a vocabulary, on arrays, before a model."""
