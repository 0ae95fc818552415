"""What an ``activity_regularizer`` adds around the workspace of a layer."""

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
        self._regularizer: Regularizer = layer.activity_regularizer
        mask = source.mask
        # With a mask, layers that see one step at a time leave out the steps behind the last that
        # counts.  Keras computes and regularizes these too.
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
        """Add the slopes of the penalty to the gradients of the outputs, and go back."""
        for signal in self._outputs:
            signal.hand_back(self._regularizer)
        self._inner.backward()

    def settle(self) -> None:
        """Let the layer end a step."""
        self._inner.settle()

    def penalty(self) -> float:
        """Return the penalty of the batch."""
        return self._found + self._inner.penalty()


class _Unmasked(Passing):
    def __init__(self, source: Signal) -> None:
        super().__init__(source)
        self.mask = None


class _Regularized(Signal):
    """An output, whose gradient is apart from that of the layer until the slopes are known."""

    def __init__(self, source: Signal, mask: Array | None) -> None:
        self._source = source
        self.features, self.mask = source.features, mask
        if source.doutput is not None:
            self.doutput = aligned_zeros(source.doutput.shape, source.doutput.dtype)

    @property
    def output(self) -> Array:  # type: ignore[override]
        """That of the layer, which nobody overwrites."""
        return self._source.output

    def hand_back(self, regularizer: Regularizer) -> None:
        """Write the gradient of the output, slopes included, to where the layer reads it."""
        target, gradient = self._source.dvalues, self.dvalues
        if target is not None and gradient is not None:
            values = self.values
            target[...] = gradient + regularizer.gradient(values) / max(1, len(values))
