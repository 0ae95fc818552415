"""Reading and checking data, targets and weights, as sources of batches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.distributed import Group, share_of
from fastrnn.models.data import (
    one_each,
    positive_integer,
    read_class_weight,
    read_inputs,
    read_targets,
    read_weights,
    refuse_nan,
    split_off,
    validation_parts,
)
from fastrnn.models.dataset import Dataset, Drawn, DrawnSamples, Parts, Titles, is_dataset
from fastrnn.models.iterables import OfNumbers, has_batches, is_endless, parts_of, source_of
from fastrnn.models.network import Network
from fastrnn.models.objective import Objective
from fastrnn.models.samples import Samples
from fastrnn.models.source import Data, Sharing, Source

Array = NDArray[Any]

#: Limit in bytes for class weights expanded for all samples; above it they are made for each batch.
IN_MEMORY = 1 << 26

BOTH_WEIGHTS = "sample_weight and class_weight were both given; give one of them"


class Reader:
    """Reads the data arguments of `fit`, `evaluate` and `predict` for a model.

    Parameters
    ----------
    network : Network
        The first inputs may determine its graph.
    objective : Objective, optional
        For checking the targets; left out if there are none.
    """

    def __init__(self, network: Network, objective: Objective | None = None) -> None:
        self._network, self._objective = network, objective

    # Arrays ------------------------------------------------------------------------------------

    def inputs(self, x: Any, argument: str = "x") -> list[Array]:
        """Return checked data, after building the model for them if it is not built."""
        if not self._network._is_known:
            self._network._build_for_data(x)
        return read_inputs(x, self._network._graph, argument)

    def arrays(
        self,
        x: Any,
        y: Any,
        weights: Any,
        x_argument: str = "x",
        y_argument: str = "y",
        weights_argument: str = "sample_weight",
    ) -> Data:
        """Return checked arrays: data, targets and weights."""
        inputs, objective = self.inputs(x, x_argument), self._objective
        assert objective is not None
        if not len(inputs[0]):
            raise ValueError(f"{x_argument} has no samples; it should have one or more")
        names = [target.name for target in objective.targets]
        read = (x_argument, inputs[0])
        targets, found = [], []
        for target, (array, title) in zip(
            objective.targets, one_each(y, names, y_argument, "loss"), strict=True
        ):
            shape = self._network._graph.answer_shape(target.index, inputs)
            targets.append(read_targets(array, target.loss, shape, title, read))
        given = (
            [(None, "")] * len(names)
            if weights is None
            else one_each(weights, names, weights_argument, "loss")
        )
        for target, (array, title) in zip(objective.targets, given, strict=True):
            shape = self._network._graph.answer_shape(target.index, inputs)
            found.append(None if array is None else read_weights(array, shape, title))
        return Data(inputs, targets, found)

    # Sources -----------------------------------------------------------------------------------

    def to_train(
        self,
        data: tuple[Any, Any, Any],
        split: float,
        batch_size: int | None,
        steps: int | None,
        class_weight: Mapping[int, float] | None,
        group: Group,
    ) -> tuple[Source, Data | Drawn | None]:
        """Return the training data, and those that `validation_split` holds out.

        Parameters
        ----------
        data : tuple
            ``x, y, sample_weight``.
        split : float
        batch_size, steps : int or None
        class_weight : mapping or None
        group : Group
            The processes that train together; each reads its own rows.
        """
        if has_batches(data[0]):
            self._refuse_beside(data, batch_size)
            if split:
                raise ValueError(
                    f"validation_split is for arrays; x is of type {type(data[0]).__name__}: give "
                    "validation_data instead"
                )
            learn = partial(self.batch_to_learn, class_weight=class_weight)
            return self._batches(data[0], "x", steps, "steps_per_epoch", learn, group), None
        learned, held_out = self._data(*data), None
        if split:
            at = split_off(split, len(learned))
            learned, held_out = learned.part(None, at), learned.part(at, None)
        source = self.samples(self._to_learn(learned, class_weight), batch_size, steps, group)
        return source, held_out

    def to_evaluate(
        self,
        data: tuple[Any, Any, Any],
        batch_size: int | None,
        steps: int | None,
        argument: str = "x",
        steps_argument: str = "steps",
        group: Group | None = None,
    ) -> Source:
        """Return the source to evaluate; `data` is ``x, y, sample_weight``."""
        if has_batches(data[0]):
            # The batch size of the training may not suit the validation.
            self._refuse_beside(data, batch_size if argument == "x" else None)
            return self._batches(data[0], argument, steps, steps_argument, group=group)
        if argument == "x" or is_dataset(data[0]):
            found = self._data(*data, argument)
        else:
            found = self.arrays(*data, *(f"{argument}[{index}]" for index in range(3)))
        return self.samples(found, batch_size, steps)

    def validation(
        self, given: Any, batch_size: int | None, steps: int | None, group: Group
    ) -> Source:
        """Return the source of the argument ``validation_data``."""
        is_whole = is_dataset(given) or has_batches(given)
        data = (given, None, None) if is_whole else validation_parts(given)
        return self.to_evaluate(
            data, batch_size, steps, "validation_data", "validation_steps", group
        )

    def to_predict(self, x: Any, batch_size: int | None, steps: int | None) -> Source:
        """Return the source to predict from."""
        is_array = type(x) is np.ndarray  # for other types the check takes longer
        if not is_array and has_batches(x):
            self._refuse_beside((x, None, None), batch_size)
            return self._batches(x, "x", steps, "steps", read=self._batch_of_inputs)
        if is_array or not is_dataset(x):
            return self.samples(Data(self.inputs(x), [], []), batch_size, steps)

        def read(parts: Parts, titles: Titles) -> Data:
            return Data(self.inputs(parts[0], titles[0]), [], [])

        return self.samples(Drawn(x, "x", read), batch_size, steps)

    def samples(
        self,
        data: Data | Drawn,
        batch_size: int | None,
        steps: int | None = None,
        group: Group | None = None,
    ) -> Samples:
        """Return batches of samples, distributed over the processes of a group."""
        size = batch_size_of(self._network, batch_size, len(data), steps)
        checked_batch_size(self._network, size, len(data))
        sharing = None if group is None else self._sharing(group)
        if isinstance(data, Drawn):
            return DrawnSamples(data, size, sharing)
        return Samples(data, size, sharing)

    def _data(self, x: Any, y: Any, weights: Any, argument: str = "x") -> Data | Drawn:
        """Return checked arrays, or a dataset whose batches are checked when read."""
        if not is_dataset(x):
            return self.arrays(x, y, weights)
        self._refuse_beside((x, y, weights), None, "a dataset")
        return self._drawn(x, argument)

    def _drawn(self, dataset: Dataset, argument: str) -> Drawn:
        def read(parts: Parts, titles: Titles) -> Data:
            x, y, weights = parts
            return self.arrays(x, y, weights, *titles)

        return Drawn(dataset, argument, read)

    def _batches(
        self,
        x: Any,
        argument: str,
        steps: int | None,
        steps_argument: str,
        learn: Any = None,
        group: Group | None = None,
        read: Any = None,
    ) -> Source:
        """Return the source of an object with ready-made batches."""
        if steps is None and is_endless(x):
            raise ValueError(
                f"{argument} is of type {type(x).__name__} and has no end; give "
                f"{steps_argument}, the number of batches to read"
            )

        def checked(batch: Any, title: str) -> Data:
            data: Data = (read or self._batch)(batch, title)
            self._check_size(data, title)
            return data if learn is None else learn(data, title=title)

        source = source_of(x, argument, checked)
        if group is not None and group.size > 1 and not isinstance(source, OfNumbers):
            raise ValueError(
                f"comm has {group.size} processes, and {argument} is of type {type(x).__name__}, "
                "of which each would read batches of its own; give arrays, a Dataset or a "
                "PyDataset, whose batches have numbers"
            )
        if not self._network._is_known:
            source.some(1, 0)
        if group is not None and isinstance(source, OfNumbers):
            source.sharing = self._sharing(group)
        return source

    def _batch(self, batch: Any, title: str) -> Data:
        parts = parts_of(batch, title)
        return self.arrays(*parts, *(f"{title}[{index}]" for index in range(3)))

    def _batch_of_inputs(self, batch: Any, title: str) -> Data:
        inputs = len(self._network._graph.inputs) if self._network._is_known else 1
        x, _, _ = parts_of(batch, title, inputs)
        found = self.inputs(x, title if x is batch else f"{title}[0]")
        if not len(found[0]):
            raise ValueError(f"{title} has no samples; it should have one or more")
        return Data(found, [], [])

    def _check_size(self, data: Data, title: str) -> None:
        """Refuse a batch whose size is not the model's fixed batch size."""
        own = own_batch_size(self._network)
        if own not in (None, len(data)):
            raise ValueError(f"{title} has {len(data)} samples; the model's input says {own}")

    @staticmethod
    def _refuse_beside(
        data: tuple[Any, Any, Any], batch_size: int | None, what: str | None = None
    ) -> None:
        """Refuse arguments that ready-made batches already determine."""
        what = what or f"batches, in an object of type {type(data[0]).__name__}"
        for argument, given in (("y", data[1]), ("sample_weight", data[2])):
            if given is not None:
                raise ValueError(
                    f"{argument} was given beside {what}, whose batches have it; leave it out"
                )
        if batch_size is not None:
            raise ValueError(f"batch_size was given beside {what}, which have a size; leave it out")

    def _sharing(self, group: Group) -> Sharing | None:
        """Return the function that returns a process's rows of a batch; None for one process."""
        if group.size == 1:
            return None
        layers = self._network._graph.layers
        keeping = [layer.name for layer in layers if layer.stateful]
        if keeping:
            raise ValueError(
                f"comm has {group.size} processes, and {keeping[0]} is stateful: its states could "
                "not be saved; train it on one"
            )
        coupled = [layer.name for layer in layers if layer.couples_samples]
        if coupled:
            raise ValueError(
                f"comm has {group.size} processes, and {coupled[0]} takes all samples of a batch "
                "together, which they share out; train it on one"
            )
        for layer in self._network._graph.penalty.active:
            if not getattr(layer.activity_regularizer, "is_sum", False):
                raise ValueError(
                    f"comm has {group.size} processes, and the activity_regularizer of {layer.name}"
                    " may be of whole batches, which they share out; use L1, L2 or L1L2, which "
                    "are sums over samples, or train it on one"
                )
        return partial(share_of, rank=group.rank, size=group.size)

    # What is learned from ----------------------------------------------------------------------

    def _to_learn(
        self, data: Data | Drawn, class_weight: Mapping[int, float] | None
    ) -> Data | Drawn:
        """Return data without NaN, with the weights of their classes."""

        def weighed(batch: Data) -> Data:
            return self._weighed(batch, class_weight)

        def checked(batch: Data) -> Data:
            return self.batch_to_learn(batch, class_weight)

        if isinstance(data, Drawn):
            return data.each(checked)
        # One sample is enough to find their size and errors in `class_weight`.
        (first, *_) = weighed(data.part(0, 1)).weights
        if class_weight is None or first is None or first.nbytes * len(data) <= IN_MEMORY:
            return checked(data)
        self.batch_to_learn(data, None)
        return Drawn(_Kept(data), "x", lambda parts, _: Data(*parts)).each(weighed)

    def batch_to_learn(
        self, batch: Data, class_weight: Mapping[int, float] | None, title: str | None = None
    ) -> Data:
        """Return the same for arrays; error messages call them `x`, or by `title` and an index."""
        batch = self._weighed(batch, class_weight)
        whole = "x" if title is None else f"{title}[0]"
        for index, array in enumerate(batch.x):
            refuse_nan(array, whole if len(batch.x) == 1 else f"{whole}[{index}]")
        return batch

    def _weighed(self, batch: Data, class_weight: Mapping[int, float] | None) -> Data:
        if class_weight is None:
            return batch
        assert self._objective is not None
        if len(self._objective.targets) > 1:
            raise ValueError("class_weight is for models with one loss; give sample_weight instead")
        if any(weights is not None for weights in batch.weights):
            raise ValueError(BOTH_WEIGHTS)
        loss = self._objective.targets[0].loss
        return replace(batch, weights=[read_class_weight(class_weight, loss, batch.y[0])])


class _Kept:
    """Checked arrays, with the interface of a dataset."""

    def __init__(self, data: Data) -> None:
        self._data = data

    def __len__(self) -> int:
        return len(self._data)

    def batch(self, indices: Array) -> tuple[Any, Any, Any]:
        batch = self._data.map(lambda array: array[indices])
        return batch.x, batch.y, batch.weights


def own_batch_size(network: Network) -> int | None:
    """Return the fixed batch size of a model's input."""
    sizes = {tensor.shape[0] for tensor in network._graph.inputs if tensor.shape[0] is not None}
    return max(sizes, default=None)


def batch_size_of(
    network: Network, batch_size: int | None, samples: int, steps: int | None = None
) -> int:
    """Return the batch size: the model's own, or the argument.

    If neither is given, `steps` batches of equal size, as in Keras, or batches of 32.
    """
    own = own_batch_size(network)
    if batch_size is None:
        return own or (32 if steps is None else max(1, -(-samples // steps)))
    batch_size = positive_integer("batch_size", batch_size)
    if own not in (None, batch_size):
        raise ValueError(f"batch_size is {batch_size}; the model's input says {own}")
    return batch_size


def check_same_batches(network: Network, training: Source, validation: Source) -> None:
    """Raise ``ValueError`` if stateful layers get batches of different sizes in validation."""
    keeping = [layer.name for layer in network._graph.layers if layer.stateful]
    sizes = [
        min(source.batch_size, source.samples)
        for source in (training, validation)
        if source.batch_size is not None and source.samples is not None
    ]
    if keeping and len(set(sizes)) > 1:
        raise ValueError(
            f"a batch of the training has {sizes[0]} samples, one of its validation {sizes[1]}; "
            f"{keeping[0]} is stateful and wants batches of one size"
        )


def checked_batch_size(network: Network, batch_size: int, samples: int) -> int:
    """Return the batch size, after checking that it divides `samples` if layers are stateful."""
    if samples <= batch_size or not samples % batch_size:
        return batch_size
    keeping = [layer.name for layer in network._graph.layers if layer.stateful]
    if keeping:
        raise ValueError(
            f"batch_size is {batch_size} for {samples} samples, so the last batch is smaller; "
            f"{keeping[0]} is stateful and wants batches of one size"
        )
    return batch_size
