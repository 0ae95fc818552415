"""Generated names, and objects by the names that files and arguments have."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

T = TypeVar("T")


def snake_case(name: str) -> str:
    """Return ``TimeDistributed`` as ``time_distributed``, ``SimpleRNN`` as ``simple_rnn``."""
    words = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)
    return re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", words).lower()


#: Number of names that :func:`unique_name` has returned for each stem, and the lock for it.
_counts: Counter[str] = Counter()
_lock = threading.Lock()


def unique_name(stem: str) -> str:
    """Return `stem` the first time, then ``stem_1``, ``stem_2``: Keras's names of metrics."""
    with _lock:
        count = _counts[stem]
        _counts[stem] += 1
    return f"{stem}_{count}" if count else stem


def forget_names() -> None:
    """Reset the counts of :func:`unique_name`."""
    _counts.clear()


_custom: ContextVar[Mapping[str, Any] | None] = ContextVar("custom_objects", default=None)
#: Custom objects for the whole program: by name, or package and name, ``"Custom>Name"``.
_registered: dict[str, Any] = {}


def get_custom_objects() -> dict[str, Any]:
    """Return the custom objects that are known everywhere, in a dict that may be changed.

    Examples
    --------
    >>> from fastrnn import losses
    >>> get_custom_objects()["half"] = lambda y_true, y_pred: 0.5 * (y_pred - y_true) ** 2
    >>> losses.get("half")(np.zeros((1, 1)), np.ones((1, 1)))
    0.5
    >>> del get_custom_objects()["half"]
    """
    return _registered


def register_keras_serializable(
    package: str = "Custom", name: str | None = None
) -> Callable[[T], T]:
    """Return a decorator that makes a class or function known everywhere as a custom object.

    Parameters
    ----------
    package : str, default "Custom"
    name : str, optional
        In the package; that of the class or function if left out.

    Examples
    --------
    >>> from fastrnn import layers
    >>> @register_keras_serializable()
    ... class Third(layers.Activation):
    ...     pass
    >>> layers.deserialize(layers.serialize(Third("tanh")))
    Third('tanh', name='third')
    """

    def register(thing: T) -> T:
        if isinstance(thing, type) and not hasattr(thing, "get_config"):
            raise ValueError(
                f"{thing.__name__} has no get_config, so that files could not describe it"
            )
        _registered[f"{package}>{name or getattr(thing, '__name__', thing)}"] = thing
        return thing

    return register


def get_registered_object(name: str, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Return the custom object of a name, which may begin with its package, or None.

    Examples
    --------
    >>> get_registered_object("unheard_of") is None
    True
    """
    return (custom_objects or {}).get(name) or custom_object(name)


def get_registered_name(thing: Any) -> str:
    """Return the name under which a class or function is registered, or its own.

    Examples
    --------
    >>> get_registered_name(len)
    'len'
    """
    return next((name for name, one in _registered.items() if one is thing), thing.__name__)


@contextmanager
def custom_object_scope(custom_objects: Mapping[str, Any] | None) -> Iterator[None]:
    """Register custom objects by name for deserialization within the ``with`` block.

    Examples
    --------
    >>> from fastrnn import layers
    >>> class Half(layers.Activation):
    ...     pass
    >>> written = layers.serialize(layers.TimeDistributed(Half("tanh")))
    >>> with layers.custom_object_scope({"Half": Half}):
    ...     layers.deserialize(written)
    TimeDistributed(Half('tanh', name='half'), name='time_distributed')
    """
    token = _custom.set({**(_custom.get() or {}), **(custom_objects or {})})
    try:
        yield
    finally:
        _custom.reset(token)


def custom_object(name: str) -> Any:
    """Return the object of :func:`custom_object_scope` with a name, a registered one, or None."""
    found = (_custom.get() or {}).get(name) or _registered.get(name)
    if found is not None or not _registered:
        return found
    # Files of this package have the name of the class, without its package.
    return next(
        (
            one
            for title, one in _registered.items()
            if name in (title.rpartition(">")[2], getattr(one, "__name__", None))
        ),
        None,
    )


def named(kind: str, name: str, known: Mapping[str, Any]) -> Any:
    """Return the custom object or the object of the package with a name.

    Parameters
    ----------
    kind : str
        What errors call it, such as ``"loss"``.
    name : str
    known : mapping of str to object

    Raises
    ------
    ValueError
        If there is none of that name.
    """
    found = custom_object(name) or known.get(name)
    if found is None:
        raise ValueError(unknown(kind, name, known))
    return found


def unknown(kind: str, name: object, known: Iterable[str], others: str = "") -> str:
    """Return the error about a name that is none of the known ones, with the nearest of these.

    Parameters
    ----------
    kind : str
        What the error calls it, such as ``"loss"``.
    name : object
        What was given.
    known : iterable of str
    others : str
        What else would do, such as ``", or a function"``.

    Examples
    --------
    >>> unknown("cell", "gruu", ["gru", "lstm"])
    "cell is 'gruu'; it should be one of ['gru', 'lstm']; did you mean 'gru'?"
    """
    text = f"{kind} is {name!r}; it should be one of {sorted(known)}{others}"
    if isinstance(name, str):
        from difflib import get_close_matches

        by_lower, lower = {one.lower(): one for one in known}, name.lower()
        # letters that changed places are the usual mistake: adma is adam, not adamax
        near = [one for one in by_lower if sorted(one) == sorted(lower)]
        near = near or get_close_matches(lower, by_lower, 1)
        text += f"; did you mean {by_lower[near[0]]!r}?" if near else ""
    return text


def identified(
    kind: str,
    identifier: Any,
    base: type[T],
    find: Callable[[str], Any],
    read: Callable[[dict[str, Any]], T] | None,
    of_function: Callable[[Any], T] | None,
    should: str,
) -> T:
    """Return the object that an identifier stands for: the common part of every module's `get`.

    Parameters
    ----------
    kind : str
        What errors call it, such as ``"loss"``.
    identifier : base, class of base, dict, str or function
    base : type
    find : callable
        Returns the identifier that a name stands for, such as a class.
    read : callable or None
        Makes an object from a dict of the module's `serialize`; None if it has none.
    of_function : callable or None
        Makes an object of a function; None if functions are not accepted.
    should : str
        Description of valid identifiers, for the error message.

    Raises
    ------
    TypeError
        If it is none of these.
    """
    if isinstance(identifier, base):
        return identifier
    if isinstance(identifier, type) and issubclass(identifier, base):
        return identifier()
    if isinstance(identifier, dict) and read is not None:
        return read(identifier)
    if isinstance(identifier, str):
        return identified(kind, find(identifier), base, find, read, of_function, should)
    if of_function is not None and callable(identifier) and not isinstance(identifier, type):
        return of_function(identifier)
    raise TypeError(f"{kind} is {identifier!r}; it should be {should}")


def read_again(
    config: Mapping[str, Any],
    base: type[T],
    find: Callable[[str], Any],
    of_function: Callable[..., T],
    custom_objects: Mapping[str, Any] | None,
) -> T:
    """Return a new object from a dict of :func:`written`.

    Parameters
    ----------
    config : mapping
    base : type
    find : callable
        Returns the class or the function that a name stands for.
    of_function : callable
        Makes an object of a function and the configuration.
    custom_objects : mapping of str to class or function, or None
        Custom objects by name, also for the content of the configuration.
    """
    with custom_object_scope(custom_objects):
        found = find(str(config.get("class_name")))
        options = dict(config.get("config") or {})
        if isinstance(found, type) and issubclass(found, base):
            from_config = getattr(found, "from_config", None)
            made: T = found(**options) if from_config is None else from_config(options)
            return made
        return of_function(found, **options)


def written(thing: Any) -> dict[str, Any]:
    """Return the class and the configuration of an object, JSON-serializable."""
    return {"class_name": type(thing).__name__, "config": thing.get_config()}
