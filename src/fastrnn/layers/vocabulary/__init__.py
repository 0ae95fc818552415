"""Words and numbers of a vocabulary as places in it: before a model, on arrays."""
