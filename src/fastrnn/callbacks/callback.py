"""The base of all callbacks, and the list that calls them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from fastrnn.callbacks.console import say
from fastrnn.callbacks.kept import Kept
from fastrnn.construction import Constructible
from fastrnn.representation import constructor_like

Logs = dict[str, float]


class Callback(metaclass=Constructible):
    """The base class of callbacks: training calls its hooks, which subclasses override.

    Attributes
    ----------
    model : fastrnn.models.Model
        Set before any hook is called.  Setting ``model.stop_training`` to True ends the training:
        after the epoch or, in a hook of a step, after that step.
    params : dict
        ``epochs``, ``steps``, ``samples``, ``batch_size``, ``verbose``, ``metrics``, and
        ``is_first``: whether this is the first of the processes that train the model.
    validation_data : list of ndarray or None
        As in Keras before 2.3: the validation data of `fit`, if they are arrays: every input, every
        target, and weights for every target.  `fit` leaves it alone if the callback has set it.

    Notes
    -----
    `logs` holds the current values, such as ``loss`` and ``val_loss``.  A callback may add entries
    to the logs of an epoch, for later callbacks and the history.  In the hooks of training steps,
    ``logs["batch"]`` and ``logs["size"]`` are the number of the batch and of its samples, as in
    Keras before 2.3; iteration leaves them out.

    Examples
    --------
    >>> from fastrnn.layers import Dense, Input
    >>> from fastrnn.models import Sequential
    >>> model = Sequential([Input((1,)), Dense(1)])
    >>> model.compile("adam", "mse")
    >>> x = np.linspace(-1, 1, 50)[:, np.newaxis]
    >>> class StopBelow(Callback):
    ...     def on_epoch_end(self, epoch, logs=None):
    ...         self.model.stop_training = logs["loss"] < 100
    >>> model.fit(x, 3 * x, epochs=9, callbacks=[StopBelow()], verbose=0).epoch
    [0]
    """

    model: Any = None
    params: dict[str, Any]
    validation_data: Any = None

    def __repr__(self) -> str:
        return constructor_like(self)

    #: The attributes that a resumed training needs, each with the check of its value in a file; see
    #: `get_state`.
    _kept: ClassVar[Kept] = {}

    def get_state(self) -> dict[str, Any]:
        """Return the state of this callback.

        Checkpoints of a running training contain it, so that the training can be resumed.

        Returns
        -------
        dict of str to object
            Numbers, strings, None, arrays, and lists of these.
        """
        return {name: getattr(self, name) for name in self._kept}

    def set_state(self, state: dict[str, Any]) -> None:
        """Restore a state from :meth:`get_state`; called after `on_train_begin`."""
        for name in self._kept:
            if name in state:
                setattr(self, name, state[name])

    def check_state(self, state: dict[str, Any], model: Any) -> None:
        """Raise ``ValueError`` unless :meth:`set_state` accepts a state for this model.

        Called before a training changes anything.
        """
        if type(self).get_state is Callback.get_state and set(state) != set(self._kept):
            raise ValueError(f"it holds {sorted(state)}; it should hold {sorted(self._kept)}")
        for name, check in self._kept.items():
            check(name, state[name], model)

    #: Whether it is called after all others, because it saves their results.
    is_last: bool = False
    #: Whether only the first of several processes calls it, so that files and messages are written
    #: once.  Other callbacks get the same logs in all processes, and so make the same decisions.
    is_for_first: bool = False

    def resume_from(self) -> str | None:
        """Return a file to resume from, or None; called by ``fit``."""
        return None

    #: Names of the entries that it adds to the logs of an epoch.
    reports: tuple[str, ...] = ()

    def check_reports(self, by_epoch: Sequence[str], by_step: Sequence[str]) -> None:
        """Check the names of the entries of logs before the training starts.

        Not called if a custom callback may add entries.
        """

    def release(self) -> None:
        """Close open files, without raising; called however `fit` ends."""

    def set_model(self, model: Any) -> None:
        """Set the model."""
        self.model = model

    def set_params(self, params: dict[str, Any]) -> None:
        """Set `params`."""
        self.params = params

    def say(self, text: str) -> None:
        """Print a line, in the first process only."""
        # Hooks may be called directly, without `params`.
        if getattr(self, "params", {}).get("is_first", True):
            say(text)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Before the first epoch."""

    def on_train_end(self, logs: Logs | None = None) -> None:
        """After the last epoch."""

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Before an epoch; the first is 0."""

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """After an epoch and its validation."""

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before a step; calls :meth:`on_batch_begin`, its older name."""
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After a step, with means since the epoch's start; calls :meth:`on_batch_end`."""
        self.on_batch_end(batch, logs)

    def on_non_finite_gradient(self, batch: int, error: ArithmeticError) -> None:
        """At a step with infinite or NaN gradients, before any weight has changed.

        `error` is a :class:`fastrnn.models.NonFiniteGradientError`.  It is raised after this hook
        unless a callback sets ``model.stop_training``: the training then ends normally.
        """

    def on_interrupt(self) -> None:
        """At Ctrl-C, before ``KeyboardInterrupt`` leaves ``fit``.

        If a callback has this hook, the training first completes a step that is in progress, so
        that it can be saved here.  A second Ctrl-C ends it immediately.
        """

    def on_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Older name of :meth:`on_train_batch_begin`."""

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Older name of :meth:`on_train_batch_end`."""

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Before an evaluation, including validation."""

    def on_test_end(self, logs: Logs | None = None) -> None:
        """After an evaluation."""

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before a batch of an evaluation."""

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After a batch of an evaluation."""

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """Before a prediction."""

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """After a prediction."""

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before a batch of a prediction."""

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After a batch of a prediction."""


#: Hooks that call another one in the base class.
_OLDER = {"on_train_batch_begin": "on_batch_begin", "on_train_batch_end": "on_batch_end"}


class CallbackList:
    """Calls the hooks of callbacks; hooks that none overrides cost nothing.

    Parameters
    ----------
    callbacks : sequence of Callback
        Called in this order, except for those with `is_last`.
    is_first : bool, default True
        Whether this is the first of the processes that train the model.

    Attributes
    ----------
    callbacks : list of Callback
    called : list of Callback
        The callbacks that this process calls.

    Raises
    ------
    TypeError
        If one is no :class:`Callback`.

    Examples
    --------
    >>> len(CallbackList([TerminateOnNaN()]).callbacks)
    1
    """

    def __init__(self, callbacks: Sequence[Any], is_first: bool = True) -> None:
        for index, callback in enumerate(callbacks):
            if not isinstance(callback, Callback):
                given = callback.__name__ if isinstance(callback, type) else type(callback).__name__
                raise TypeError(
                    f"callbacks[{index}] is {given}; it should be an object of a class derived "
                    "from fastrnn.callbacks.Callback"
                )
        self.callbacks: list[Callback] = sorted(callbacks, key=lambda callback: callback.is_last)
        self.called = [c for c in self.callbacks if is_first or not c.is_for_first]
        #: The parameters: one dict for all callbacks.
        self.params: dict[str, Any] = {}

    def prepare(
        self, model: Any, params: dict[str, Any], validation: list[Any] | None = None
    ) -> None:
        """Set the model, the parameters and the validation data of every callback."""
        self.params = params
        for callback in self.callbacks:
            if validation is not None and callback.validation_data is None:
                callback.validation_data = validation
            callback.set_params(params)
            callback.set_model(model)
        if "epochs" in params:
            self._check_reports(params)

    def _check_reports(self, params: dict[str, Any]) -> None:
        """Let callbacks check the names of the logs before a training."""
        if any(_may_report(callback) for callback in self.callbacks):
            return  # whose entries are unknown
        by_step = list(params.get("metrics") or ())
        by_epoch = [*by_step]
        if params.get("do_validation"):
            by_epoch += [f"val_{name}" for name in by_step]
        by_epoch += [name for callback in self.callbacks for name in callback.reports]
        for callback in self.called:
            callback.check_reports(by_epoch, by_step)

    def close(self) -> None:
        """Call `release` of all callbacks."""
        for callback in self.called:
            callback.release()

    def hook(self, name: str) -> Callable[..., None] | None:
        """Return a function that calls the hook `name`, or None if no callback overrides it."""
        listeners = [getattr(c, name) for c in self.called if _overrides(c, name)]
        if not listeners:
            return None

        def call(*arguments: Any) -> None:
            for listener in listeners:
                listener(*arguments)

        return call

    def call(self, name: str, *arguments: Any) -> None:
        """Call the hook `name` now."""
        hook = self.hook(name) if self.called else None
        if hook is not None:
            hook(*arguments)


def _may_report(callback: Callback) -> bool:
    """Return whether a callback may add undeclared entries to the logs."""
    is_known = type(callback).__module__.startswith("fastrnn.")
    is_open = not is_known or isinstance(callback, LambdaCallback)
    return is_open and any(_overrides(callback, f"on_{what}_end") for what in ("epoch", "test"))


def _overrides(callback: Callback, name: str) -> bool:
    names = [name, _OLDER[name]] if name in _OLDER else [name]
    return any(
        name in vars(callback) or getattr(type(callback), name) is not getattr(Callback, name)
        for name in names
    )


class LambdaCallback(Callback):
    """A callback made of functions.

    Parameters
    ----------
    **hooks : callable
        Functions by the name of the hook, such as ``on_epoch_end=lambda epoch, logs: ...``; None
        is left out.

    Raises
    ------
    TypeError
        If there is no hook of that name, or it is not given a function.

    Examples
    --------
    >>> from fastrnn.layers import Dense, Input
    >>> from fastrnn.models import Sequential
    >>> model = Sequential([Input((1,)), Dense(1)])
    >>> model.compile("adam", "mse")
    >>> x = np.linspace(-1, 1, 50)[:, np.newaxis]
    >>> callback = LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch, sorted(logs)))
    >>> history = model.fit(x, 3 * x, epochs=2, callbacks=[callback], verbose=0)
    0 ['loss']
    1 ['loss']
    """

    def __init__(self, **hooks: Callable[..., Any] | None) -> None:
        for name, function in hooks.items():
            if not name.startswith("on_") or not hasattr(Callback, name):
                raise TypeError(f"LambdaCallback knows no hook {name!r}")
            if function is None:
                continue
            if not callable(function):
                raise TypeError(
                    f"{name} is of type {type(function).__name__}; it should be a function"
                )
            setattr(self, name, function)

    def __repr__(self) -> str:
        hooks = sorted(name for name in vars(self) if name.startswith("on_"))
        return f"{type(self).__name__}({', '.join(f'{name}=...' for name in hooks)})"
