"""The minimal gated unit as a layer."""

from __future__ import annotations

from fastrnn.arguments import MGU as CELL
from fastrnn.layers.recurrent import GatedLayer


class MGU(GatedLayer):
    """A minimal gated unit: a GRU with a single gate.

    With f = σ(x·K + s·R + b) on the columns of the gate::

        n  = tanh(x·Kₙ + (f ⊙ s)·Rₙ + bₙ)
        s' = (1 − f) ⊙ s + f ⊙ n

    It has two thirds of a GRU's weights and multiplications.  Its authors found it about as
    accurate as a GRU of the same size; a smaller GRU may be as good.  Consider it where a step must
    be cheap.  A model with this layer can only be saved as ``.safetensors``: Keras, ONNX and
    PyTorch have no such layer.

    Parameters
    ----------
    units : int
        Size of the state, n_s.
    **options :
        As of :class:`~fastrnn.layers.GRU`, without `reset_after`.  The kernels are (n_x, 2·n_s) and
        (n_s, 2·n_s), the bias is (2·n_s,), with the columns in the order f, n.

    References
    ----------
    G.-B. Zhou, J. Wu, C.-L. Zhang, Z.-H. Zhou, Minimal gated unit for recurrent neural networks,
    International Journal of Automation and Computing 13, 2016.

    Examples
    --------
    >>> MGU(64).gates
    2
    """

    cell = CELL
