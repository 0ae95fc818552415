"""The workspace of a layer with an ``activity_regularizer``."""

from __future__ import annotations

from collections.abc import Sequence

from fastrnn._core.memory import aligned_zeros
from fastrnn.layers.contract import Contract
from fastrnn.layers.passing import Passing
from fastrnn.regularizers import Regularizer
from fastrnn.workspace import Array, Signal, Workspace


class Penalized(Workspace):
    """The workspace of a layer whose outputs are regularized.

    The penalty is that of each output of the batch, divided by the number of samples, as in Keras.
    """

    def __init__(
        self, layer: Contract, source: Signal, training: bool, others: Sequence[Signal]
    ) -> None:
        assert layer.activity_regularizer is not None
        self._layer, self._regularizer = layer, layer.activity_regularizer
        mask = source.mask
        # With a mask, layers that compute steps independently skip steps after the last unmasked
        # one.  Keras computes and regularizes these too.
        whole = mask is not None and layer.is_per_step
        self._inner = layer.workspace(_Unmasked(source) if whole else source, training, *others)
        self._outputs = [
            _Regularized(signal, mask if whole else signal.mask) for signal in self._inner.outputs
        ]
        self._found = 0.0

    @property
    def outputs(self) -> Sequence[Signal]:
        """The outputs of the layer."""
        return self._outputs

    def forward(self, training: bool) -> None:
        """Compute the layer and the penalty."""
        self._inner.forward(training)
        values = [signal.values for signal in self._outputs]
        self._found = sum(float(self._regularizer(one)) / max(1, len(one)) for one in values)

    def backward(self) -> None:
        """Add the gradients of the penalty to those of the outputs, then run the layer backward."""
        for signal in self._outputs:
            signal.hand_back(self._regularizer, self._layer.share_of_batch)
        self._inner.backward()

    def settle(self) -> None:
        """End a training step of the layer."""
        self._inner.settle()

    def penalty(self) -> float:
        """Return the penalty of the batch."""
        return self._found + self._inner.penalty()


class _Unmasked(Passing):
    def __init__(self, source: Signal) -> None:
        super().__init__(source)
        self.mask = None


class _Regularized(Signal):
    """An output with a gradient of its own, to which that of the penalty is added."""

    def __init__(self, source: Signal, mask: Array | None) -> None:
        self._source = source
        self.features, self.mask = source.features, mask
        if source.doutput is not None:
            self.doutput = aligned_zeros(source.doutput.shape, source.doutput.dtype)

    @property
    def output(self) -> Array:  # type: ignore[override]
        """The output of the layer; it is not overwritten."""
        return self._source.output

    def hand_back(self, regularizer: Regularizer, share: float) -> None:
        """Write the gradient, with that of the penalty, to the gradient of the layer's output."""
        target, gradient = self._source.dvalues, self.dvalues
        if target is not None and gradient is not None:
            values = self.values
            target[...] = gradient + regularizer.gradient(values) * share / max(1, len(values))
