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
    """The base of callbacks, whose hooks a training calls; a subclass overrides some of them.

    Attributes
    ----------
    model : fastrnn.models.Model
        Set before anything else is called.  Setting ``model.stop_training`` ends the training:
        after the epoch, or, from a hook of a step, after that step.
    params : dict
        ``epochs``, ``steps``, ``samples``, ``batch_size``, ``verbose``, ``metrics``, and
        ``is_first``: whether this is the first of the processes that train the model.

    Notes
    -----
    `logs` holds what is known at that moment, such as ``loss`` and ``val_loss``.  A callback may
    add to the logs of an epoch: the ones after it and the history see it.

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

    def __repr__(self) -> str:
        return constructor_like(self)

    #: The attributes that a resumed training needs, each with what checks its value in a file; see
    #: `get_state`.
    _kept: ClassVar[Kept] = {}

    def get_state(self) -> dict[str, Any]:
        """Return what this callback has learned in the training so far.

        A checkpoint of a running training holds it, so that the training can go on as if nothing
        had been.

        Returns
        -------
        dict of str to object
            Numbers, strings, None, arrays, and lists of these.
        """
        return {name: getattr(self, name) for name in self._kept}

    def set_state(self, state: dict[str, Any]) -> None:
        """Take what :meth:`get_state` returned; called after `on_train_begin`."""
        for name in self._kept:
            if name in state:
                setattr(self, name, state[name])

    def check_state(self, state: dict[str, Any], model: Any) -> None:
        """Raise ``ValueError`` unless :meth:`set_state` can take a state, for this model.

        Asked before a training changes anything.
        """
        if type(self).get_state is Callback.get_state and set(state) != set(self._kept):
            raise ValueError(f"it holds {sorted(state)}; it should hold {sorted(self._kept)}")
        for name, check in self._kept.items():
            check(name, state[name], model)

    #: Whether it is called after all others, because it saves their results.
    is_last: bool = False
    #: Whether only the first process calls it where several train one model: what writes or prints
    #: does so once, and all others see the same figures everywhere and decide the same.
    is_for_first: bool = False

    def resume_from(self) -> str | None:
        """Return a file to go on from, if the training that begins should; asked by ``fit``."""
        return None

    #: What it adds to the logs of an epoch.
    reports: tuple[str, ...] = ()

    def check_reports(self, by_epoch: Sequence[str], by_step: Sequence[str]) -> None:
        """Check the names of what epochs and steps will report, before the training starts.

        Not called where a callback of one's own may add to the logs.
        """

    def release(self) -> None:
        """Close what is open, such as files, without an error; after `fit` has ended in any way."""

    def set_model(self, model: Any) -> None:
        """Take the model that is trained."""
        self.model = model

    def set_params(self, params: dict[str, Any]) -> None:
        """Take the facts of the run."""
        self.params = params

    def say(self, text: str) -> None:
        """Print a line, once where several processes train one model."""
        # Hooks may be called by hand, without the facts of a run.
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
        """At a step whose gradients are not finite, which changed no weight.

        `error` is a :class:`fastrnn.models.NonFiniteGradientError`.  It is raised after this hook
        unless a callback sets ``model.stop_training``: the training then ends in good order.
        """

    def on_interrupt(self) -> None:
        """At Ctrl-C, before ``KeyboardInterrupt`` leaves ``fit``.

        A training with a callback that has this hook finishes its step first if it is changing
        something, so that it can be saved here.  A second Ctrl-C ends it where it is.
        """

    def on_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Older name of :meth:`on_train_batch_begin`."""

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Older name of :meth:`on_train_batch_end`."""

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Before an evaluation, those of validation data included."""

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


#: Hooks that stand for another one in the base class.
_OLDER = {"on_train_batch_begin": "on_batch_begin", "on_train_batch_end": "on_batch_end"}


class CallbackList:
    """Calls a hook of every callback that overrides it, so that unused hooks cost nothing.

    Parameters
    ----------
    callbacks : sequence of Callback
        Called in this order, but for those that want to be last.
    is_first : bool, default True
        Whether this is the first of the processes that train the model.

    Attributes
    ----------
    callbacks : list of Callback
    called : list of Callback
        Those of them that this process calls.

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
        #: What the callbacks were told of the run: one dict, which they all have.
        self.params: dict[str, Any] = {}

    def prepare(self, model: Any, params: dict[str, Any]) -> None:
        """Tell every callback about the model and the run."""
        self.params = params
        for callback in self.callbacks:
            callback.set_params(params)
            callback.set_model(model)
        if "epochs" in params:
            self._check_reports(params)

    def _check_reports(self, params: dict[str, Any]) -> None:
        """Let callbacks find out, before a training, what it will not report."""
        if any(_may_report(callback) for callback in self.callbacks):
            return  # which are unknown
        by_step = list(params.get("metrics") or ())
        by_epoch = [*by_step]
        if params.get("do_validation"):
            by_epoch += [f"val_{name}" for name in by_step]
        by_epoch += [name for callback in self.callbacks for name in callback.reports]
        for callback in self.called:
            callback.check_reports(by_epoch, by_step)

    def close(self) -> None:
        """Close what callbacks hold open, however the training has ended."""
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
    """Return whether a callback may add entries to the logs that it does not declare."""
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
        By name of the hook, such as ``on_epoch_end=lambda epoch, logs: ...``.

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

    def __init__(self, **hooks: Callable[..., Any]) -> None:
        for name, function in hooks.items():
            if not name.startswith("on_") or not hasattr(Callback, name):
                raise TypeError(f"LambdaCallback knows no hook {name!r}")
            if not callable(function):
                raise TypeError(
                    f"{name} is of type {type(function).__name__}; it should be a function"
                )
            setattr(self, name, function)

    def __repr__(self) -> str:
        hooks = sorted(name for name in vars(self) if name.startswith("on_"))
        return f"{type(self).__name__}({', '.join(f'{name}=...' for name in hooks)})"
