"""What objects look like at a prompt: the call that would make them, short."""

import numpy as np
import pytest

from fastrnn import callbacks, initializers, layers, losses, metrics, optimizers, regularizers
from fastrnn.backend import clear_session
from fastrnn.layers import GRU, LSTM, Bidirectional, Dense, Embedding, Input, Layer, TimeDistributed
from fastrnn.models import Model, Sequential
from fastrnn.preprocessing.sequence import TimeseriesGenerator
from fastrnn.preprocessing.text import Tokenizer


class Scale(Layer):
    """A layer that describes nothing of itself."""

    def __init__(self, factor, shift=0.0, **options):
        super().__init__(**options)
        self.factor, self.shift = factor, shift


@pytest.mark.parametrize(
    ("made", "shown"),
    [
        (
            lambda: GRU(5, return_sequences=True, name="g"),
            "GRU(5, return_sequences=True, name='g')",
        ),
        (lambda: LSTM(3, activation="relu", name="a"), "LSTM(3, activation='relu', name='a')"),
        (lambda: Dense(2, name="d"), "Dense(2, name='d')"),
        (lambda: Dense(2, "linear", name="d"), "Dense(2, name='d')"),
        (
            lambda: Dense(2, kernel_regularizer="l2", kernel_initializer="zeros", name="d"),
            "Dense(2, kernel_initializer=Zeros(), name='d', kernel_regularizer=L2())",
        ),
        (
            lambda: Embedding(9, 4, mask_zero=True, name="e"),
            "Embedding(9, 4, mask_zero=True, name='e')",
        ),
        (lambda: Dense(2, dtype="float64", name="d"), "Dense(2, name='d', dtype='float64')"),
        (
            lambda: TimeDistributed(Dense(2, name="d"), name="t"),
            "TimeDistributed(Dense(2, name='d'), name='t')",
        ),
        (lambda: layers.Lambda(np.tanh, name="l"), "Lambda(tanh, name='l')"),
        (lambda: Scale(2.0, name="s"), "Scale(2.0, name='s')"),
        (lambda: layers.InputSpec(ndim=3), "InputSpec(ndim=3)"),
        (lambda: initializers.Orthogonal(), "Orthogonal()"),
        (lambda: initializers.Orthogonal(seed=3), "Orthogonal(seed=3)"),
        (
            lambda: initializers.Constant(np.ones((2, 2))),
            "Constant(value=[[1.0, 1.0], [1.0, 1.0]])",
        ),
        (lambda: regularizers.L2(0.5), "L2(l2=0.5)"),
        (lambda: losses.Huber(delta=2.0), "Huber(delta=2.0)"),
        (lambda: metrics.Precision(top_k=2), "Precision(top_k=2)"),
        (lambda: metrics.AUC(name="mine"), "AUC(name='mine')"),
        (lambda: metrics.MeanSquaredError(), "MeanSquaredError()"),
        (
            lambda: optimizers.schedules.ExponentialDecay(0.1, 5, 0.5),
            "ExponentialDecay(0.1, 5.0, 0.5)",
        ),
        (
            lambda: callbacks.EarlyStopping(patience=3, mode="max"),
            "EarlyStopping(patience=3, mode='max')",
        ),
        (lambda: callbacks.CSVLogger("log.csv", append=True), "CSVLogger('log.csv', append=True)"),
        (lambda: callbacks.TerminateOnNaN(), "TerminateOnNaN()"),
        (
            lambda: callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: None),
            "LambdaCallback(on_epoch_end=...)",
        ),
        (lambda: callbacks.LearningRateScheduler(len), "LearningRateScheduler(len)"),
        (
            lambda: Tokenizer(num_words=5, char_level=True),
            "Tokenizer(num_words=5, char_level=True)",
        ),
        (
            lambda: TimeseriesGenerator(np.ones((9, 2)), np.ones(9), length=3),
            "TimeseriesGenerator(<array (9, 2) float64>, <array (9,) float64>, 3)",
        ),
    ],
)
def test_the_call_without_what_is_as_usual(made, shown):
    clear_session()  # else a name has a number, if other tests have made such a metric
    assert repr(made()) == shown


def test_wrappers_show_what_they_wrap():
    shown = repr(Bidirectional(LSTM(4), name="b"))
    assert shown.startswith("Bidirectional(LSTM(4, ")
    assert shown.endswith("name='b')")


def test_every_layer_is_short_at_its_defaults():
    for name in ("GRU", "LSTM", "SimpleRNN", "Dense", "Conv1D", "Dropout", "LayerNormalization"):
        cls = getattr(layers, name)
        arguments = {"Conv1D": (4, 3), "Dropout": (0.5,), "LayerNormalization": ()}.get(name, (4,))
        shown = repr(cls(*arguments, name="x"))
        values = ", ".join(map(repr, arguments))
        assert shown == f"{name}({values + ', ' if values else ''}name='x')"


def test_a_tokenizer_says_what_it_has_learned():
    tokens = Tokenizer()
    tokens.fit_on_texts(["a b", "a c"])
    assert repr(tokens) == "<Tokenizer(): 3 tokens>"


def test_models():
    model = Sequential([Input((None, 3)), GRU(4), Dense(2)], name="small")
    shown = "<Sequential 'small': (None, None, 3) to (None, 2), 106 parameters: GRU(4), Dense(2)>"
    assert repr(model) == shown
    assert (
        repr(Sequential([Dense(2)], name="open")) == "<Sequential 'open': 1 layer, not built yet>"
    )
    assert repr(Sequential(name="none")) == "<Sequential 'none': 0 layers, not built yet>"
    x = Input((3,))
    states = x
    for _ in range(8):
        states = Dense(3)(states)
    deep = repr(Model(x, states, name="deep"))
    assert deep.endswith("Dense(3), and 2 more>")
    words = Input((5, 3))
    assert "Sequential 'small'" in repr(Model(words, Dense(1)(model(words))))


def test_a_layer_that_cannot_describe_itself_has_a_name():
    class Odd(Layer):
        def get_config(self):
            raise RuntimeError

    assert repr(Odd(name="odd")) == "Odd(name='odd')"


def test_what_a_cipher_job_is_made_of(tmp_path):
    from fastrnn.cipher import Decipherer, RunDirectory, Settings, Training, evaluate
    from fastrnn.cipher.lesson import Lesson

    lesson = Lesson.prepare(Settings(sentences=20, epochs=1, units=3))
    directory = RunDirectory.fresh(tmp_path / "run")
    training = Training.start(lesson, directory)
    training.run()
    decipherer = Decipherer.load(directory)
    title = "gru of 3 units, on the built-in corpus, caesar with key 5"
    assert repr(directory) == f"RunDirectory({str(tmp_path / 'run')!r})"
    assert repr(training) == f"<Training in {directory}: {title}, 1 of 1 epochs>"
    assert repr(decipherer) == f"<Decipherer: {title}>"
    assert repr(lesson.training) == "<Corpus: 16 sentences>"
    assert repr(lesson.config.source).startswith("<Vocabulary: ")
    found = repr(evaluate(decipherer, lesson.held_out))
    assert found.startswith("<Evaluation: ")
    assert found.endswith(" of 4 sentences>")
