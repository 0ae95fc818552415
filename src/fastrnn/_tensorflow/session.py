"""What scripts for TensorFlow set up before they use Keras: sessions, graphs, devices, logs.

On a CPU, and without a graph, these lines change no number.  :data:`NAMED` is the table of those
that are accepted; what would compute with a graph is refused.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from fastrnn._core.thread_count import set_num_threads
from fastrnn._names import absent

_NO_GRAPH = "there is no graph to run; model.predict(x) and calling a model on arrays compute"


class Names:
    """A module of TensorFlow with a few names, and advice on the others."""

    def __init__(self, path: str, **content: Any) -> None:
        self._path = path
        self.__dict__.update(content)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(absent(f"fastrnn.{self._path}", name, vars(self)))


class Options:
    """Options of a session, which may be set as attributes or given as arguments."""

    #: The options that TensorFlow knows.
    known: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, **options: Any) -> None:
        for name, value in options.items():
            setattr(self, name, value)

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self.known:
            kind = type(self).__name__
            raise AttributeError(f"{kind} has no option {name!r}; it has {sorted(self.known)}")
        super().__setattr__(name, value)


class GPUOptions(Options):
    """Options for graphics cards, of which there are none."""

    known = frozenset(
        {"allow_growth", "allocator_type", "per_process_gpu_memory_fraction", "visible_device_list"}
    )


class ConfigProto(Options):
    """Options of a session; the number of threads takes effect with the session."""

    known = frozenset(
        {"allow_soft_placement", "device_count", "gpu_options", "inter_op_parallelism_threads"}
        | {"intra_op_parallelism_threads", "log_device_placement"}
    )
    intra_op_parallelism_threads: int = 0

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"gpu_options": GPUOptions(), "device_count": {}, **options})


class Graph:
    """The graph of a session: there is one, and it has no content."""

    @contextmanager
    def as_default(self) -> Iterator[Graph]:
        """Return a context, in which nothing is different."""
        yield self


class Session:
    """A session, which sets the number of threads and computes nothing."""

    def __init__(
        self, target: str = "", graph: Graph | None = None, config: ConfigProto | None = None
    ) -> None:
        self.graph = graph or GRAPH
        if config is not None and config.intra_op_parallelism_threads:
            set_threads(config.intra_op_parallelism_threads)

    def run(self, fetches: Any, feed_dict: Any = None) -> None:
        """Accept the initializer of variables; there is nothing else to run."""
        if not isinstance(fetches, Initializer):
            raise TypeError(f"fetches is {fetches!r}: {_NO_GRAPH}")

    @contextmanager
    def as_default(self) -> Iterator[Session]:
        """Return a context, in which nothing is different."""
        yield self

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Do nothing."""


class Initializer:
    """The operation that initializes variables, which layers do when they are built."""


#: The graph and the session that there always are.
GRAPH = Graph()
SESSION = Session()


def get_default_graph() -> Graph:
    """Return the graph, as web servers do before they predict in another thread."""
    return GRAPH


@contextmanager
def device(name: Any) -> Iterator[None]:
    """Return a context, in which models compute on the CPU as everywhere."""
    yield


def set_threads(num_threads: int) -> None:
    """Use so many threads; 0 leaves the number as it is."""
    if num_threads:
        set_num_threads(num_threads)


def nothing(*arguments: Any, **options: Any) -> None:
    """Do nothing: there is no graph, no graphics card and no log of TensorFlow."""


def always(value: Any) -> Callable[..., Any]:
    """Return a function that returns a value."""

    def call(*arguments: Any, **options: Any) -> Any:
        return value

    return call


def _logger() -> logging.Logger:
    return logging.getLogger("tensorflow")


def _logs() -> Names:
    """Return TensorFlow 1's module of logs."""
    log = _logger()
    levels = {name: getattr(logging, name) for name in ("DEBUG", "INFO", "WARN", "ERROR", "FATAL")}
    says = {name: getattr(log, name) for name in ("debug", "info", "warning", "error", "fatal")}
    return Names(
        "logging", **levels, **says, warn=log.warning, set_verbosity=log.setLevel, log=log.log
    )


_PACKAGE = sys.modules["fastrnn"]

#: At the top of TensorFlow.
NAMED: dict[str, Any] = {
    "ConfigProto": ConfigProto,
    "GPUOptions": GPUOptions,
    "Graph": Graph,
    "InteractiveSession": Session,
    "Session": Session,
    "compat": Names("compat", v1=_PACKAGE, v2=_PACKAGE),
    "python": Names("python", keras=_PACKAGE),
    "autograph": Names("autograph", set_verbosity=nothing),
    "debugging": Names("debugging", set_log_device_placement=nothing),
    "device": device,
    "executing_eagerly": always(True),
    "get_default_graph": get_default_graph,
    "get_logger": _logger,
    "global_variables_initializer": Initializer,
    "initialize_all_variables": Initializer,
    "local_variables_initializer": Initializer,
    "logging": _logs(),
    "test": Names(
        "test",
        gpu_device_name=always(""),
        is_built_with_cuda=always(False),
        is_gpu_available=always(False),
    ),
    **dict.fromkeys(
        (
            "disable_eager_execution",
            "disable_v2_behavior",
            "enable_eager_execution",
            "enable_v2_behavior",
            "reset_default_graph",
        ),
        nothing,
    ),
}
