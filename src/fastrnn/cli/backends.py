"""The back ends that run the jobs of a sweep: processes, threads, or a cluster of Dask or Ray."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

__all__ = ["backend"]

#: Seconds to wait for an answer of a scheduler.
PATIENCE = 10


@contextmanager
def backend(
    name: str, scheduler: str | None, jobs: int | None, threads: int, runs: int
) -> Iterator[None]:
    """Let joblib use a back end within the ``with`` block.

    Parameters
    ----------
    name : str
        ``"loky"``, ``"threading"``, ``"dask"`` or ``"ray"``.
    scheduler : str or None
        The address of a running cluster; None makes one on this machine, which ends with the block.
    jobs : int or None
        How many runs at once, as `fastrnn.cipher.sweep` takes it.
    threads : int
        Of a run.
    runs : int
        How many there are.

    Raises
    ------
    ImportError
        A package is not installed.
    OSError
        The cluster does not answer.
    """
    from fastrnn.cipher.sweeps.running import joblib_or_say, jobs_for

    joblib = joblib_or_say()
    with ExitStack() as stack:
        options: dict[str, Any] = {}
        if name == "loky":
            options = {"inner_max_num_threads": threads}
        elif name == "dask":
            workers = jobs_for(jobs, threads, runs)
            options = {"client": stack.enter_context(_dask(scheduler, workers))}
        elif name == "ray":
            stack.enter_context(_ray(scheduler, jobs_for(jobs, threads, runs)))
        stack.enter_context(joblib.parallel_config(backend=name, **options))
        yield


@contextmanager
def _dask(scheduler: str | None, workers: int | None) -> Iterator[Any]:
    """Connect to a cluster of Dask, or make one."""
    try:
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise ImportError(
            '--backend dask needs Dask, which is not installed: pip install "dask[distributed]"'
        ) from error
    from fastrnn.cipher.sweeps.stopping import shielded

    with ExitStack() as stack:
        if scheduler is None:
            with shielded():  # for some seconds; a Ctrl-C is answered then
                scheduler = stack.enter_context(
                    LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None)
                )
        yield stack.enter_context(Client(scheduler, timeout=PATIENCE, set_as_default=False))


@contextmanager
def _ray(scheduler: str | None, workers: int | None) -> Iterator[None]:
    """Connect to a cluster of Ray, or make one."""
    try:
        import ray
        from ray.util.joblib import register_ray
    except ImportError as error:
        raise ImportError(
            "--backend ray needs Ray, which is not installed: pip install ray"
        ) from error
    where = {"address": scheduler} if scheduler else {"num_cpus": workers}
    ray.init(**where, logging_level="error", log_to_driver=False, include_dashboard=False)
    try:
        register_ray()
        yield
    finally:
        ray.shutdown()
