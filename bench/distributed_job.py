"""A training as a job of real processes, timed, with what others took of the machine meanwhile.

``python -m bench.distributed_job JOB`` is what ``mpiexec`` starts; JOB is a Job as JSON.
"""

import json
import math
import os
import shutil
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

import fastrnn
from fastrnn import layers
from fastrnn.benchmark.affinity import cores
from fastrnn.callbacks import Callback
from fastrnn.models import Sequential
from fastrnn.models.training.exchange import SharedExchange

ROOT = Path(__file__).parents[1]

#: What libraries of MPI have to be told. Open MPI asks before it starts more processes than
#: processors, or as root. UCX, which MPICH may send its messages with, writes what troubles it to
#: standard output, among what the processes print.
MPI_SETTINGS = {
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",
    "UCX_LOG_FILE": "stderr",
}

CELLS = {"gru": layers.GRU, "rnn": layers.SimpleRNN, "lstm": layers.LSTM}

#: Cores that other programs may use while something is measured; else it is measured again.
QUIET = 0.1


@dataclass(frozen=True)
class Job:
    """What is trained: random sequences, through a recurrent layer, to a softmax."""

    cell: str = "gru"
    units: int = 256
    dtype: str = "float32"
    #: Rows of a step, of all processes together; with `apart`, of each.
    batch: int = 64
    time: int = 100
    features: int = 32
    classes: int = 32
    #: Steps of an epoch; the first epoch warms up.
    steps: int = 8
    epochs: int = 3
    #: Whether every process trains a model of its own.
    apart: bool = False

    def model(self):
        """Return the model, compiled, with the same weights for everybody."""
        fastrnn.set_seed(0)
        model = Sequential(
            [
                layers.Input((self.time, self.features)),
                CELLS[self.cell](self.units, return_sequences=True, dtype=self.dtype),
                layers.Dense(self.classes, activation="softmax", dtype=self.dtype),
            ]
        )
        model.compile("adam", "sparse_categorical_crossentropy")
        return model


@dataclass(frozen=True)
class Times:
    """Medians of the seconds of a step and of its parts.

    In what is `summed` processes wait too; `computed` is the rest, of which `shared` is forward and
    backward, and `serial` what everybody does.
    """

    step: float
    shared: float
    summed: float
    computed: float
    serial: float

    @classmethod
    def medians(cls, steps, shared, summed):
        """Return the medians of what was measured of every step."""
        parts = steps, shared, summed, steps - summed, steps - summed - shared
        return cls(*(float(np.median(part)) for part in parts))


@dataclass(frozen=True)
class Found:
    """What a run of a job came to, in the slowest of its processes.

    On the clock, and on a processor: the time in which others had it does not count there.
    """

    clock: Times
    processor: Times
    #: Shortest sum of gradients, on the clock: nobody waited in it.
    least_sum: float
    #: One an epoch.
    losses: list[float]
    #: How many cores other programs used meanwhile.
    others: float
    parameters: int

    @property
    def undisturbed(self):
        """Seconds that a step would take if other programs took nothing.

        What was computed, by its time on a processor, and the sum of gradients without waiting.
        """
        return self.processor.computed + self.least_sum

    @classmethod
    def read(cls, said):
        """Return what a dict, that may come from JSON, says."""
        times = {name: Times(**said[name]) for name in ("clock", "processor")}
        return cls(**{**said, **times})


class Watch(Callback):
    """Looks at the clocks after every step, and at the machine while the epochs after the first."""

    def __init__(self):
        self.steps, self.last = [], None

    def on_epoch_begin(self, epoch, logs=None):
        """Forget the first epoch, in which memory is touched for the first time."""
        if epoch == 1:
            self.steps.clear()
            self.began = usage()
        self.last = None

    def on_train_batch_end(self, batch, logs=None):
        """Note how long the step took; an epoch's first one comes after other things."""
        now = clocks()
        if self.last is not None:
            self.steps.append(now - self.last)
        self.last = now

    def on_train_end(self, logs=None):
        """Note what the machine did."""
        self.ended = usage()


def clocks():
    """Return the seconds on the clock and on a processor."""
    return np.array([time.perf_counter(), time.process_time()])


def usage():
    """Return the time, this process's seconds of CPU, and those of the whole machine."""
    try:
        line = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0]
    except OSError:
        return time.perf_counter(), time.process_time(), math.nan
    user, nice, system, _, _, irq, soft, steal = map(int, line.split()[1:9])
    busy = user + nice + system + irq + soft + steal
    return time.perf_counter(), time.process_time(), busy / os.sysconf("SC_CLK_TCK")


def timed(function, seconds):
    """Return the function, that adds to a list how long each call took, by both clocks."""

    def call(*arguments):
        start = clocks()
        result = function(*arguments)
        seconds.append(clocks() - start)
        return result

    return call


def later(found, job):
    """Return what was found at the steps that :class:`Watch` notes."""
    return np.reshape(found, (job.epochs, job.steps, 2))[1:, 1:].reshape(-1, 2)


def train(job, comm=None):
    """Train, and return what was found, and how many cores were used here and in all."""
    rng = np.random.default_rng(0)
    samples = job.batch * job.steps
    x = rng.standard_normal((samples, job.time, job.features)).astype(job.dtype)
    y = rng.integers(0, job.classes, (samples, job.time))
    model, watch = job.model(), Watch()
    gradients, sums = [], []
    trainer = model._setup.trainer(model)
    trainer.gradients = timed(trainer.gradients, gradients)
    sum_step = SharedExchange.sum_step
    SharedExchange.sum_step = timed(sum_step, sums)
    try:
        history = model.fit(
            x,
            y,
            batch_size=job.batch,
            epochs=job.epochs,
            verbose=0,
            callbacks=[watch],
            comm=None if job.apart else comm,
        )
    finally:
        SharedExchange.sum_step = sum_step
    steps = np.array(watch.steps)
    shared = later(gradients, job)
    summed = later(sums, job) if sums else np.zeros_like(steps)
    clock, processor = (Times.medians(steps[:, i], shared[:, i], summed[:, i]) for i in range(2))
    (start, before, busy_before), (end, after, busy_after) = watch.began, watch.ended
    losses = history.history["loss"]
    least = float(summed[:, 0].min())
    found = Found(clock, processor, least, losses, others=0.0, parameters=model.count_params())
    return found, (after - before) / (end - start), (busy_after - busy_before) / (end - start)


def together(parts):
    """Return what was found, of what :func:`train` returned in every process."""
    slowest, _, busy = max(parts, key=lambda part: part[0].processor.computed)
    # Who comes last waits for nobody.
    least = min(found.least_sum for found, _, _ in parts)
    others = max(0.0, busy - sum(own for _, own, _ in parts))
    return replace(slowest, least_sum=least, others=others)


def here(job):
    """Return what a run in this process, on one thread, came to."""
    fastrnn.set_num_threads(1)
    return together([train(job)])


def launcher():
    """Return the mpiexec that is installed beside this Python, else the one of the system."""
    beside = Path(sys.executable).parent
    return shutil.which("mpiexec", path=f"{beside}{os.pathsep}{os.environ.get('PATH', '')}")


def start(ranks, words):
    """Return what the first of several real processes prints, as JSON."""
    program = launcher()
    if program is None:
        sys.exit("there is no mpiexec: pip install mpi4py mpich")
    source = str(Path(fastrnn.__file__).parents[1])
    paths = [str(ROOT), source, os.environ.get("PYTHONPATH", "")]
    environment = {
        **os.environ,
        **MPI_SETTINGS,
        "PYTHONPATH": os.pathsep.join(path for path in paths if path),
        "FASTRNN_NUM_THREADS": "1",
    }
    command = [program, "-n", str(ranks), sys.executable, "-m", *words]
    run = subprocess.run(command, check=True, env=environment, stdout=subprocess.PIPE, cwd=ROOT)
    return json.loads(run.stdout)


def launched(job, ranks):
    """Return what a run on several processes, of one thread each, came to."""
    return Found.read(start(ranks, ["bench.distributed_job", json.dumps(asdict(job))]))


class Patience:
    """Repeats what other programs have disturbed, and waits until they pause.

    Parameters
    ----------
    seconds : float
        How long to wait and to repeat, in all.
    """

    def __init__(self, seconds):
        self.left = seconds

    def measure(self, run):
        """Return what `run` finds while others are quiet, or the least disturbed that it found."""
        self._wait()
        best = run()
        while best.others > QUIET and self.left > 0:
            self._wait()
            began = time.perf_counter()
            best = min(best, run(), key=lambda found: found.others)
            self.left -= time.perf_counter() - began
        return best

    def _wait(self):
        busy = QUIET
        while busy >= QUIET and self.left > 0:
            start, _, before = usage()
            time.sleep(0.2)
            end, _, after = usage()
            busy = (after - before) / (end - start)
            self.left -= end - start


def machine():
    """Return what to call this machine, under a table."""
    isa = fastrnn.config.config()["instruction_set"]
    return f"{cores()} cores, {isa}, one thread a rank; fastrnn {fastrnn.__version__}"


def main():
    """Train on all ranks, and let the first one print what was found."""
    from mpi4py import MPI

    comm = MPI.COMM_WORLD
    job = Job(**json.loads(sys.argv[1]))
    comm.Barrier()  # nobody begins while others still import
    parts = comm.gather(train(job, comm))
    if comm.rank == 0:
        print(json.dumps(asdict(together(parts))))


if __name__ == "__main__":
    main()
