"""The tests, a file or folder a subject; ``cases`` and ``tolerances`` serve them all."""
