"""Keras 1's name of :mod:`fastrnn.losses`: this is the same module."""

import sys

from fastrnn import losses

sys.modules[__name__] = losses
