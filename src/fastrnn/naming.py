"""Names: of objects that are counted, and of what files hold, some of it of the user's own."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any


def snake_case(name: str) -> str:
    """Return ``TimeDistributed`` as ``time_distributed``, ``SimpleRNN`` as ``simple_rnn``."""
    words = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)
    return re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", words).lower()


#: How often :func:`unique_name` was asked for each stem, and what threads hold that change it.
_counts: Counter[str] = Counter()
_lock = threading.Lock()


def unique_name(stem: str) -> str:
    """Return `stem` the first time, then ``stem_1``, ``stem_2``: Keras's names of metrics."""
    with _lock:
        count = _counts[stem]
        _counts[stem] += 1
    return f"{stem}_{count}" if count else stem


def forget_names() -> None:
    """Let :func:`unique_name` count from the beginning."""
    _counts.clear()


_custom: ContextVar[Mapping[str, Any] | None] = ContextVar("custom_objects", default=None)


@contextmanager
def custom_object_scope(custom_objects: Mapping[str, Any] | None) -> Iterator[None]:
    """Let what is read from files find these too meanwhile, by name, at any depth.

    Examples
    --------
    >>> from fastrnn import layers
    >>> class Half(layers.Activation):
    ...     pass
    >>> written = layers.serialize(layers.TimeDistributed(Half("tanh")))
    >>> with layers.custom_object_scope({"Half": Half}):
    ...     layers.deserialize(written)
    <TimeDistributed time_distributed>
    """
    token = _custom.set({**(_custom.get() or {}), **(custom_objects or {})})
    try:
        yield
    finally:
        _custom.reset(token)


def custom_object(name: str) -> Any:
    """Return what :func:`custom_object_scope` has under a name, or None."""
    return (_custom.get() or {}).get(name)


def named(kind: str, name: str, known: Mapping[str, Any]) -> Any:
    """Return what a name stands for: an object of the user's own, or one of the package.

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
        raise ValueError(f"{kind} is {name!r}; it should be one of {sorted(known)}")
    return found


def read_again(
    kind: str,
    config: Mapping[str, Any],
    known: Mapping[str, Any],
    custom_objects: Mapping[str, Any] | None,
    of_function: Callable[[Any], Any],
) -> Any:
    """Return a new object from what :func:`written` returned.

    Parameters
    ----------
    kind, known :
        As for :func:`named`.
    config : mapping
    custom_objects : mapping of str to class or function, or None
        Found by name too, and by what the configuration holds.
    of_function : callable
        What makes an object of a name that stands for no class.
    """
    with custom_object_scope(custom_objects):
        found = named(kind, str(config.get("class_name")), known)
        if isinstance(found, type):
            return found(**(config.get("config") or {}))
        return of_function(found)


def written(thing: Any) -> dict[str, Any]:
    """Return the class and the configuration of an object, as JSON can hold them."""
    return {"class_name": type(thing).__name__, "config": thing.get_config()}
