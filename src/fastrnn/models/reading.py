"""What a training is given, checked: data, targets, weights, and the batches they make."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from numpy.typing import NDArray

from fastrnn.distributed import Group, share_of
from fastrnn.models.data import (
    one_each,
    positive_integer,
    read_class_weight,
    read_targets,
    read_weights,
    refuse_nan,
    split_off,
    validation_parts,
)
from fastrnn.models.dataset import Dataset, Drawn, DrawnSamples, Parts, Titles, is_dataset
from fastrnn.models.network import Network
from fastrnn.models.objective import Objective
from fastrnn.models.samples import Data, Samples

Array = NDArray[Any]

#: Bytes that the weights of classes may take for all samples; larger ones are made for each batch.
IN_MEMORY = 1 << 26


class Reader:
    """Reads the arguments of `fit` and its neighbours for one model.

    Parameters
    ----------
    network : Network
        Whose graph may become known only when the first inputs are read.
    read_inputs : callable
        Returns the inputs, checked, of what was given and of what errors call it.
    objective : Objective
        What targets have to fit.
    """

    def __init__(
        self,
        network: Network,
        read_inputs: Callable[[Any, str], list[Array]],
        objective: Objective,
    ) -> None:
        self._network, self._inputs, self._objective = network, read_inputs, objective

    def data(self, x: Any, y: Any, weights: Any) -> Data | Drawn:
        """Return arrays that were checked, or a dataset whose batches will be."""
        if not is_dataset(x):
            return self.arrays(x, y, weights)
        for argument, given in (("y", y), ("sample_weight", weights)):
            if given is not None:
                raise ValueError(
                    f"{argument} was given beside a dataset, whose batches have it; leave it out"
                )
        return self._drawn(x, "x")

    def _drawn(self, dataset: Dataset, argument: str) -> Drawn:
        def read(parts: Parts, titles: Titles) -> Data:
            x, y, weights = parts
            return self.arrays(x, y, weights, *titles)

        return Drawn(dataset, argument, read)

    def arrays(
        self,
        x: Any,
        y: Any,
        weights: Any,
        x_argument: str = "x",
        y_argument: str = "y",
        weights_argument: str = "sample_weight",
    ) -> Data:
        """Return arrays that were checked, all of them."""
        inputs, objective = self._inputs(x, x_argument), self._objective
        if not len(inputs[0]):
            raise ValueError(f"{x_argument} has no samples; it should have one or more")
        names = [target.name for target in objective.targets]
        read = (x_argument, inputs[0])
        targets, found = [], []
        for target, (array, title) in zip(
            objective.targets, one_each(y, names, y_argument, "loss"), strict=True
        ):
            shape = self._network.graph.answer_shape(target.index, inputs)
            targets.append(read_targets(array, target.loss, shape, title, read))
        given = (
            [(None, "")] * len(names)
            if weights is None
            else one_each(weights, names, weights_argument, "loss")
        )
        for target, (array, title) in zip(objective.targets, given, strict=True):
            shape = self._network.graph.answer_shape(target.index, inputs)
            found.append(None if array is None else read_weights(array, shape, title))
        return Data(inputs, targets, found)

    def samples(self, data: Data | Drawn, batch_size: int, group: Group | None = None) -> Samples:
        """Return batches, of which every process of a group has its share."""
        batch_size = checked_batch_size(self._network, batch_size, len(data))
        sharing = None
        if group is not None and group.size > 1:
            keeping = [layer.name for layer in self._network.graph.layers if layer.stateful]
            if keeping:
                raise ValueError(
                    f"comm has {group.size} processes, and {keeping[0]} is stateful: its states "
                    "could not be saved; train it on one"
                )
            coupled = [layer.name for layer in self._network.graph.layers if layer.couples_samples]
            if coupled:
                raise ValueError(
                    f"comm has {group.size} processes, and {coupled[0]} takes all samples of a "
                    "batch together, which they share out; train it on one"
                )
            sharing = partial(share_of, rank=group.rank, size=group.size)
        if isinstance(data, Drawn):
            return DrawnSamples(data, batch_size, sharing)
        return Samples(data, batch_size, sharing)

    def parts(
        self, x: Any, y: Any, weights: Any, split: float, validation: Any
    ) -> tuple[Data | Drawn, Data | Drawn | None]:
        """Return what to train on, and what to evaluate, checked."""
        data = self.data(x, y, weights)
        if is_dataset(validation):
            return data, self._drawn(validation, "validation_data")
        if validation is not None:
            titles = [f"validation_data[{index}]" for index in range(3)]
            return data, self.arrays(*validation_parts(validation), *titles)
        if split:
            at = split_off(split, len(data))
            return data.part(None, at), data.part(at, None)
        return data, None

    def to_learn(
        self, data: Data | Drawn, class_weight: Mapping[int, float] | None
    ) -> Data | Drawn:
        """Return data with weights for its classes, which has no NaN."""

        def weighed(batch: Data) -> Data:
            return self._weighed(batch, class_weight)

        def checked(batch: Data) -> Data:
            return self.batch_to_learn(batch, class_weight)

        if isinstance(data, Drawn):
            return data.each(checked)
        # Those of one sample tell how large all are, and what is wrong with `class_weight`.
        (first, *_) = weighed(data.part(0, 1)).weights
        if class_weight is None or first is None or first.nbytes * len(data) <= IN_MEMORY:
            return checked(data)
        self.batch_to_learn(data, None)
        return Drawn(_Kept(data), "x", lambda parts, _: Data(*parts)).each(weighed)

    def batch_to_learn(self, batch: Data, class_weight: Mapping[int, float] | None) -> Data:
        """Return the same of arrays."""
        batch = self._weighed(batch, class_weight)
        for index, array in enumerate(batch.x):
            refuse_nan(array, "x" if len(batch.x) == 1 else f"x[{index}]")
        return batch

    def _weighed(self, batch: Data, class_weight: Mapping[int, float] | None) -> Data:
        if class_weight is None:
            return batch
        if len(self._objective.targets) > 1:
            raise ValueError("class_weight is for models with one loss; give sample_weight instead")
        loss = self._objective.targets[0].loss
        return replace(batch, weights=[read_class_weight(class_weight, loss, batch.y[0])])


class _Kept:
    """Arrays that were checked, as a dataset."""

    def __init__(self, data: Data) -> None:
        self._data = data

    def __len__(self) -> int:
        return len(self._data)

    def batch(self, indices: Array) -> tuple[Any, Any, Any]:
        batch = self._data.map(lambda array: array[indices])
        return batch.x, batch.y, batch.weights


def batch_size_of(network: Network, batch_size: int | None) -> int:
    """Return the size of batches: the model's own, that which was asked for, or 32."""
    sizes = {tensor.shape[0] for tensor in network.graph.inputs if tensor.shape[0] is not None}
    own = max(sizes, default=None)
    if batch_size is None:
        return own or 32
    batch_size = positive_integer("batch_size", batch_size)
    if own not in (None, batch_size):
        raise ValueError(f"batch_size is {batch_size}; the model's input says {own}")
    return batch_size


def check_same_batches(network: Network, training: Samples, validation: Samples) -> None:
    """Raise ``ValueError`` if the batches of a training and its validation fit no common states."""
    keeping = [layer.name for layer in network.graph.layers if layer.stateful]
    sizes = [min(samples.batch_size, len(samples)) for samples in (training, validation)]
    if keeping and sizes[0] != sizes[1]:
        raise ValueError(
            f"a batch of the training has {sizes[0]} samples, one of its validation {sizes[1]}; "
            f"{keeping[0]} is stateful and wants batches of one size"
        )


def checked_batch_size(network: Network, batch_size: int, samples: int) -> int:
    """Return the size of batches that `samples` fall into, for a model that keeps states."""
    keeping = [layer.name for layer in network.graph.layers if layer.stateful]
    if keeping and samples > batch_size and samples % batch_size:
        raise ValueError(
            f"batch_size is {batch_size} for {samples} samples, so the last batch is smaller; "
            f"{keeping[0]} is stateful and wants batches of one size"
        )
    return batch_size
