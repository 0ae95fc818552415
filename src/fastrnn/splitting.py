"""Where a held-out part of some samples begins."""


def held_out_from(samples: int, fraction: float) -> int:
    """Return the index of the first sample of the last `fraction`, rounded down as in Keras.

    Examples
    --------
    >>> held_out_from(10, 0.25)
    7
    """
    return int(samples * (1.0 - fraction))
