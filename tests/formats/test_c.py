"""Models as C: what compilers say, and that their answers are those of a stream, everywhere."""

import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

import fastrnn
from fastrnn.formats.c import footprint
from fastrnn.layers import (
    ELU,
    GRU,
    LSTM,
    MGU,
    Activation,
    Add,
    Average,
    BatchNormalization,
    Bidirectional,
    CategoryEncoding,
    Concatenate,
    Conv1D,
    Cropping1D,
    Dense,
    DepthwiseConv1D,
    Dropout,
    Embedding,
    GlobalAveragePooling1D,
    Input,
    Lambda,
    LayerNormalization,
    LeakyReLU,
    Masking,
    Maximum,
    Minimum,
    Multiply,
    ReLU,
    SimpleRNN,
    Softmax,
    Subtract,
    TimeDistributed,
    UnitNormalization,
    UpSampling1D,
    ZeroPadding1D,
)
from fastrnn.models import CheckpointError, Model, Sequential
from tests.patience import PATIENCE

pytestmark = pytest.mark.once

HERE = Path(__file__).parent
STRICT = ["-Wall", "-Wextra", "-Werror", "-pedantic"]
STEPS = 10_000
CELLS = {
    "rnn": SimpleRNN,
    "gru": GRU,
    "gru_reset_after": lambda *sizes, **options: GRU(*sizes, reset_after=True, **options),
    "lstm": LSTM,
    "mgu": MGU,
}
IN_CELLS = [
    "tanh",
    "sigmoid",
    "relu",
    "linear",
    "hard_sigmoid",
    "hard_sigmoid_keras2",
    "softsign",
    "elu",
    "selu",
    "softplus",
    "exponential",
]
ANYWHERE = [
    *IN_CELLS,
    "relu6",
    "leaky_relu",
    "log_sigmoid",
    "silu",
    "mish",
    "gelu",
    "softmax",
    "log_softmax",
]

COMPILERS = {name: shutil.which(name) for name in ("gcc", "clang")}
CC = COMPILERS["gcc"] or COMPILERS["clang"] or shutil.which("cc")
needs_compiler = pytest.mark.skipif(CC is None, reason="there is no C compiler")

#: Reads a step after the other from standard input, and writes what the model answers.
PROGRAM = """
#include "net.h"
#include <stdio.h>
int main(void)
{
    static net_state state;
    static net_real x[NET_STREAMS * NET_INPUTS], y[NET_STREAMS * NET_OUTPUTS];
    if (sizeof state != NET_STATE_BYTES)
        return 3;
    net_init(&state);
    while (fread(x, sizeof x, 1, stdin) == 1) {
        net_step(&state, x, y);
        fwrite(y, sizeof y, 1, stdout);
    }
    return 0;
}
"""


def run(*command, folder, **options):
    done = subprocess.run(
        [str(part) for part in command], cwd=folder, capture_output=True, check=False, **options
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")[:4000]
    return done.stdout


@cache
def works(*command):
    """Return whether a compiler with some options makes a program that runs here."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "a.c").write_text("#include <stdio.h>\nint main(void) { return 0; }\n")
        try:
            run(*command, "a.c", "-o", "a", folder=folder)
            run("./a", folder=folder)
        except (AssertionError, OSError):
            return False
    return True


def answers(folder, x, dtype="float32", compiler=None, flags=("-std=c99", "-O2"), link=("-lm",)):
    """Compile the model of a folder, and return what it answers to x (steps, ...)."""
    Path(folder, "main.c").write_text(PROGRAM)
    run(compiler or CC, *flags, *STRICT, "main.c", "-o", "program", *link, folder=folder)
    found = run("./program", folder=folder, input=np.ascontiguousarray(x, dtype).tobytes())
    return np.frombuffer(found, dtype).reshape(len(x), *x.shape[1:-1], -1)


def compare(model, folder, x, tolerance=1e-6, compiled=None, **options):
    """Export a model, and compare what it answers in C with a stream."""
    model.export(folder / "net.h", **options)
    name = {"float": "float32", "double": "float64"}.get(
        options.get("dtype"), str(model.dtype_name)
    )
    fed = x if x.ndim > 1 else x[:, np.newaxis]
    found = answers(folder, fed, name, **(compiled or {}))
    wanted = model.stream()(x)
    scale = np.maximum(1, np.abs(wanted))
    assert np.isfinite(wanted).all()
    assert (np.abs(found - wanted) / scale).max() <= tolerance


def sized(model, seed=0, scale=0.9):
    """Give a model weights of about 1 / sqrt(their rows), so that no state grows without end."""
    rng = np.random.default_rng(seed)
    model.set_weights(
        [
            np.abs(w) + 0.1
            if w.ndim == 1 and "variance" in parameter.name
            else scale * rng.uniform(-1, 1, w.shape) / np.sqrt(w.shape[0] if w.ndim > 1 else 4)
            for w, parameter in zip(model.get_weights(), model.weights, strict=True)
        ]
    )
    model.dtype_name = model.layers[-1].dtype
    return model


def numbers(steps=STEPS, features=3, seed=1):
    return np.random.default_rng(seed).standard_normal((steps, features)).astype(np.float32)


def stack(*layers, features=3, dtype="float32"):
    return sized(Sequential([Input((None, features), dtype=dtype), *layers]))


@needs_compiler
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_cell_agrees_for_many_steps(cell, dtype, tmp_path):
    layer = CELLS[cell]
    model = stack(
        layer(19, return_sequences=True, dtype=dtype),
        layer(6, dtype=dtype),
        Dense(2, dtype=dtype),
        dtype=dtype,
    )
    compare(model, tmp_path, numbers(), 1e-6 if dtype == "float32" else 1e-12)


@needs_compiler
def test_every_activation_agrees_in_cells_and_behind_them(tmp_path):
    made = Input((None, 3))
    found = []
    for place, activation in enumerate(IN_CELLS):
        # What grows without a bound is kept small by what it reads.
        cell = list(CELLS)[place % len(CELLS)]
        other = {} if cell == "rnn" else {"recurrent_activation": IN_CELLS[1 + place % 8]}
        layer = CELLS[cell](4, activation=activation, return_sequences=True, **other)
        found.append(layer(Dense(3, "tanh")(made)))
    joined = Dense(5, "tanh")(Concatenate()(found))
    ends = [Dense(4, activation)(joined) for activation in ANYWHERE]
    ends += [Activation(activation)(joined) for activation in ANYWHERE]
    model = sized(Model(made, Concatenate()(ends)), scale=0.4)
    compare(model, tmp_path, numbers(2000), 2e-6)
    compare(model, tmp_path, numbers(2000), 2e-6, no_math=True, compiled={"link": ()})
    assert "math.h" not in (tmp_path / "net.h").read_text()


@needs_compiler
def test_a_graph_of_merging_layers_agrees(tmp_path):
    x = Input((None, 3))
    states = GRU(3, return_sequences=True)(x)
    narrow = Dense(1)(states)
    merged = [layer([states, x]) for layer in (Add(), Subtract(), Multiply(), Average(), Maximum())]
    merged += [Minimum()([x, states, narrow]), Add()([x, narrow])]
    model = sized(Model(x, Concatenate()([*merged, x])))
    compare(model, tmp_path, numbers(2000))


@needs_compiler
def test_normalizations_and_layers_of_activations_agree(tmp_path):
    model = stack(
        Dense(8),
        LayerNormalization(),
        LSTM(7, return_sequences=True),
        BatchNormalization(),
        Dropout(0.5),
        ReLU(max_value=2.0, negative_slope=0.1, threshold=0.3),
        TimeDistributed(Dense(5)),
        LeakyReLU(),
        ELU(0.7),
        LayerNormalization(center=False, scale=False),
        Softmax(),
    )
    compare(model, tmp_path, numbers(2000))


@needs_compiler
@pytest.mark.parametrize("first", [Embedding(11, 4), CategoryEncoding(11)], ids=["table", "rows"])
def test_tokens_pick_rows(first, tmp_path):
    model = sized(Sequential([Input((None,)), first, GRU(5, return_sequences=True), Dense(3)]))
    compare(model, tmp_path, np.random.default_rng(0).integers(0, 11, 2000))
    # What is no token is not read beyond the table.
    found = answers(tmp_path, np.array([[3], [11], [-1], [1e30], [np.nan], [0.5]]))
    assert np.isfinite(found[0]).all()
    assert np.isnan(found[1:]).all()


@needs_compiler
def test_a_model_inside_a_model_and_a_layer_called_twice(tmp_path):
    inner = Sequential([Input((None, 3)), GRU(3, return_sequences=True), Dense(3, "tanh")])
    x = Input((None, 3))
    shared = GRU(3, return_sequences=True)
    compare(sized(Model(x, Dense(2)(inner(shared(shared(x)))))), tmp_path, numbers(2000))


@st.composite
def rows_of_layers(draw):
    """Draw a row of layers that a stream can run, now and then with a residual around one."""
    sizes = st.integers(1, 40)
    of = {"dtype": draw(st.sampled_from(["float32", "float64"]))}
    x = tensor = Input((None, 3), **of)
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from([*CELLS, "dense", "residual", "normalization"]))
        before = tensor
        if kind in CELLS:
            options = {"activation": draw(st.sampled_from(["tanh", "softsign", "sigmoid", "elu"]))}
            options["use_bias"] = draw(st.booleans())
            if kind != "rnn":
                gate = st.sampled_from(["sigmoid", "hard_sigmoid", "hard_sigmoid_keras2"])
                options["recurrent_activation"] = draw(gate)
            tensor = CELLS[kind](draw(sizes), return_sequences=True, **options, **of)(tensor)
        elif kind == "dense":
            tensor = Dense(draw(sizes), draw(st.sampled_from(["tanh", "relu", None])), **of)(tensor)
        elif kind == "residual":
            inner = GRU(before.shape[-1], return_sequences=True, **of)
            tensor = Add(**of)([before, inner(before)])
        else:
            tensor = LayerNormalization(**of)(tensor)
    model = Model(x, Dense(draw(st.integers(1, 4)), **of)(tensor))
    return sized(model, draw(st.integers(0, 99)), 0.7)


@needs_compiler
@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(rows_of_layers())
def test_random_rows_of_layers_agree_for_many_steps(tmp_path, model):
    compare(model, tmp_path, numbers(), 1e-6 if model.dtype_name == "float32" else 1e-12)


@needs_compiler
def test_weights_of_eight_bits_answer_as_the_model_with_rounded_weights(tmp_path, capsys):
    model = stack(GRU(16, return_sequences=True), LSTM(8, return_sequences=True), Dense(2))
    data = numbers(300)
    model.export(tmp_path / "net.h", int8=True, data=data, self_test=True)
    assert re.search(
        r"int8: on 300 steps of data answers differ by [\d.e-]+", capsys.readouterr().out
    )
    run(CC, "-std=c99", *STRICT, "net_test.c", "-o", "t", "-lm", folder=tmp_path)
    run("./t", folder=tmp_path)
    exact = model.stream()(data)
    off = np.abs(answers(tmp_path, data) - exact).max()
    assert 1e-4 < off < 0.1 * np.abs(exact).max()
    size = footprint(model._weights_description(), int8=True)
    assert size["weight_bytes"] < 0.4 * footprint(model._weights_description())["weight_bytes"]


@needs_compiler
def test_streams_side_by_side_are_independent(tmp_path):
    model = stack(GRU(5, return_sequences=True), Dense(2))
    model.export(tmp_path / "net.h", streams=3, self_test=True)
    run(CC, "-std=c99", *STRICT, "net_test.c", "-o", "t", "-lm", folder=tmp_path)
    run("./t", folder=tmp_path)
    x = numbers(200 * 3).reshape(200, 3, 3)
    found = answers(tmp_path, x)
    for place in range(3):
        wanted = model.stream()(x[:, place])
        np.testing.assert_allclose(found[:, place], wanted, atol=1e-6)


@needs_compiler
@pytest.mark.parametrize("streams", [1, 2])
def test_states_begin_as_they_were_learned(streams, tmp_path):
    model = stack(
        *(layer(4, return_sequences=True, learn_initial_state=True) for layer in CELLS.values())
    )
    model.export(tmp_path / "net.h", streams=streams, self_test=True)
    run(CC, "-std=c99", *STRICT, "net_test.c", "-o", "t", "-lm", folder=tmp_path)
    run("./t", folder=tmp_path)


@needs_compiler
def test_another_type_than_the_model_s(tmp_path):
    compare(stack(LSTM(8), Dense(2)), tmp_path, numbers(500), 1e-5, dtype="double")


def test_the_self_test_tells_a_difference(tmp_path):
    if CC is None:
        pytest.skip("there is no C compiler")
    model = stack(GRU(5, return_sequences=True), Dense(1))
    model.export(tmp_path / "net.h", self_test=True)
    model.set_weights([w * 1.001 for w in model.get_weights()])
    model.export(tmp_path / "net.h")
    run(CC, "net_test.c", "-o", "t", "-lm", folder=tmp_path)
    done = subprocess.run([tmp_path / "t"], capture_output=True, check=False)
    assert done.returncode == 1
    assert b"largest difference" in done.stdout


TARGETS = {
    "C99, gcc": ("gcc", ["-std=c99", "-O3"]),
    "C11, clang": ("clang", ["-std=c11", "-O3"]),
    "C++11, g++": ("gcc", ["-x", "c++", "-std=c++11", "-O2"]),
    "C++11, clang++": ("clang", ["-x", "c++", "-std=c++11", "-O2"]),
    "this processor": ("gcc", ["-std=c99", "-O3", "-march=native", "-ffp-contract=fast"]),
    "sanitizers, gcc": ("gcc", ["-std=c99", "-O1", "-fsanitize=address,undefined"]),
    "sanitizers, clang": ("clang", ["-std=c99", "-O1", "-fsanitize=address,undefined"]),
    "32 bits, gcc": ("gcc", ["-std=c99", "-m32", "-O2"]),
    "32 bits, clang": ("clang", ["-std=c99", "-m32", "-O2"]),
}


def everything(dtype="float32"):
    """Return a model with every cell, and what stands around them."""
    x = Input((None, 3), dtype=dtype)
    of = {"dtype": dtype}
    tensor = LayerNormalization(**of)(Dense(6, "elu", **of)(x))
    for layer in CELLS.values():
        tensor = layer(6, return_sequences=True, **of)(tensor)
    return sized(Model(x, Softmax(**of)(Dense(4, "softplus", **of)(Add(**of)([tensor, tensor])))))


@pytest.mark.parametrize("target", TARGETS)
def test_compilers_agree(target, tmp_path):
    compiler, flags = TARGETS[target]
    if COMPILERS[compiler] is None or not works(compiler, *flags):
        pytest.skip(f"{compiler} {' '.join(flags)} makes no program that runs here")
    compiled = {"compiler": compiler, "flags": [*flags, "-fno-sanitize-recover"][: len(flags) + 1]}
    compare(everything(), tmp_path, numbers(500), compiled=compiled)


EMULATED = {
    "aarch64": (["aarch64-linux-gnu-gcc", "-static"], "qemu-aarch64"),
    "arm": (["arm-linux-gnueabihf-gcc", "-static"], "qemu-arm"),
    "riscv64": (["riscv64-linux-gnu-gcc", "-static"], "qemu-riscv64"),
}


@pytest.mark.parametrize("machine", EMULATED)
def test_other_processors_agree(machine, tmp_path):
    command, emulator = EMULATED[machine]
    if not shutil.which(command[0]) or not shutil.which(emulator):
        pytest.skip(f"{command[0]} or {emulator} is not here")
    everything().export(tmp_path / "net.h", self_test=True)
    run(*command, "-O2", "net_test.c", "-o", "t", "-lm", folder=tmp_path)
    run(emulator, "./t", folder=tmp_path)


def test_a_cortex_m4_agrees(tmp_path):
    for program in ("arm-none-eabi-gcc", "qemu-system-arm"):
        if not shutil.which(program):
            pytest.skip(f"{program} is not here")
    everything().export(tmp_path / "net.h", self_test=True)
    board = HERE / "cortex_m4"
    run(
        *("arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard"),
        *("-mfpu=fpv4-sp-d16", "-O2", "-std=c99", *STRICT, "--specs=rdimon.specs", "-nostartfiles"),
        *("-Wno-pedantic", "-T", board / "mps2.ld", board / "startup.c", "net_test.c"),
        *("-o", "t.elf", "-lm"),
        folder=tmp_path,
    )
    run(
        *("qemu-system-arm", "-M", "mps2-an386", "-display", "none", "-monitor", "none"),
        *("-serial", "none", "-semihosting-config", "enable=on,target=native"),
        *("-kernel", "t.elf"),
        folder=tmp_path,
        timeout=PATIENCE,
    )


def test_rv32_and_cortex_m4_compile_it_without_a_library(tmp_path):
    everything().export(tmp_path / "net.h", no_math=True)
    arm = "arm-none-eabi-gcc -mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16"
    found = []
    for command in (arm, "riscv64-unknown-elf-gcc -march=rv32imfc -mabi=ilp32f"):
        if not shutil.which(command.split()[0]):
            continue
        found.append(command)
        flags = ["-std=c99", "-O2", "-ffreestanding", *STRICT, "-x", "c", "-c"]
        run(*command.split(), *flags, "net.h", "-o", "net.o", folder=tmp_path)
    if not found:
        pytest.skip("there is no compiler for them")


@needs_compiler
@pytest.mark.parametrize(
    "options", [{}, {"dtype": "double"}, {"int8": True}, {"streams": 4}], ids=str
)
def test_the_sizes_that_it_states_are_those_of_the_object(options, tmp_path):
    model = everything()
    model.export(tmp_path / "net.h", no_math=True, **options)
    text = (tmp_path / "net.h").read_text()
    stated = {name: int(size) for name, size in re.findall(r"#define NET_(\w+) (\d+)", text)}
    size = footprint(model._weights_description(), **options)
    assert stated["WEIGHT_BYTES"] == size["weight_bytes"]
    assert stated["STATE_BYTES"] == size["state_bytes"]
    assert stated["MULTIPLICATIONS"] == size["multiplications"]
    if not shutil.which("size") or not shutil.which("nm"):
        pytest.skip("binutils are not here")
    run(CC, "-std=c99", "-O2", "-x", "c", "-c", "net.h", "-o", "net.o", folder=tmp_path)
    sections = dict(
        re.findall(r"^(\.\S+)\s+(\d+)", run("size", "-A", "net.o", folder=tmp_path).decode(), re.M)
    )
    constants = sum(int(s) for name, s in sections.items() if re.fullmatch(r"\.rodata", name))
    assert constants == stated["WEIGHT_BYTES"]
    assert int(sections.get(".data", 0)) == int(sections.get(".bss", 0)) == 0
    # No heap, and nothing from a library but what compilers call for loops that copy or clear.
    wanted = re.findall(r"U (\w+)", run("nm", "-u", "net.o", folder=tmp_path).decode())
    assert set(wanted) <= {"memset", "memcpy", "memmove", "_GLOBAL_OFFSET_TABLE_"}


@needs_compiler
def test_others_include_the_declarations_alone(tmp_path):
    stack(GRU(4, return_sequences=True)).export(tmp_path / "net.h", name="voice")
    (tmp_path / "a.c").write_text('#include "net.h"\n')
    (tmp_path / "b.c").write_text(
        '#define VOICE_DECLARATIONS\n#include "net.h"\n#include "net.h"\n'
        "int main(void) { voice_state s; float x[3] = {0}, y[4]; voice_init(&s);"
        " voice_run(&s, x, y, 1); return y[0] != y[0]; }\n"
    )
    run(CC, "-std=c99", *STRICT, "a.c", "b.c", "-o", "t", "-lm", folder=tmp_path)
    run("./t", folder=tmp_path)


@needs_compiler
def test_weights_in_a_file_of_their_own(tmp_path):
    model = stack(GRU(4, return_sequences=True), Dense(1))
    compare(model, tmp_path, numbers(100), weights_file=True)
    assert "static const struct" not in (tmp_path / "net.h").read_text()
    assert "gru_1_kernel" in (tmp_path / "net_weights.h").read_text()


def test_equal_models_make_equal_files(tmp_path):
    model = everything()
    for name in ("a", "b"):
        model.export(tmp_path / f"{name}.h", name="net")
    assert (tmp_path / "a.h").read_bytes() == (tmp_path / "b.h").read_bytes()


REFUSED = {
    "Bidirectional": (lambda: [Bidirectional(GRU(3))], "reads the sequence from its end"),
    "go_backwards": (lambda: [GRU(3, go_backwards=True)], "go_backwards=True"),
    "Masking": (lambda: [Masking(), GRU(3)], "padding"),
    "Conv1D": (lambda: [Conv1D(3, 2)], "whole sequence"),
    **{
        kind.__name__: (lambda kind=kind: [kind()], "whole sequence")
        for kind in (ZeroPadding1D, Cropping1D, UpSampling1D)
    },
    "DepthwiseConv1D": (lambda: [DepthwiseConv1D(2)], "whole sequence"),
    "UnitNormalization": (lambda: [UnitNormalization()], "no template"),
    "pooling": (
        lambda: [GRU(3, return_sequences=True), GlobalAveragePooling1D()],
        "whole sequence",
    ),
    "Lambda": (lambda: [Lambda(np.tanh)], "Python function"),
    "axis": (lambda: [LayerNormalization(axis=1)], "axis is 1"),
    "Softmax over time": (lambda: [Softmax(axis=1)], "axis is"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_written_is_refused_by_name(name, tmp_path):
    layers, reason = REFUSED[name]
    model = Sequential([Input((5, 3)), *layers()])
    with pytest.raises(CheckpointError, match=reason) as caught:
        model.export(tmp_path / "net.h")
    assert any(f"{layer.name} (" in str(caught.value) for layer in model.layers)
    assert not list(tmp_path.iterdir())


def test_a_mask_of_an_embedding_is_refused(tmp_path):
    model = Sequential([Input((None,)), Embedding(5, 2, mask_zero=True), GRU(3)])
    with pytest.raises(CheckpointError, match="mask_zero=True"):
        model.export(tmp_path / "net.h")


def test_weights_that_are_no_numbers_are_refused(tmp_path):
    model = stack(GRU(3))
    model.set_weights([np.full_like(w, np.nan) for w in model.get_weights()])
    with pytest.raises(CheckpointError, match=r"gru_1_kernel holds NaN"):
        model.export(tmp_path / "net.h")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "2fast"}, "name is '2fast'"),
        ({"name": "int"}, "a word that C or C"),
        ({"dtype": "half"}, "dtype is 'half'"),
        ({"streams": 0}, "streams is 0"),
        ({"data": [[1.0]]}, "data is what int8=True"),
        ({"no_maths": True}, "no_maths"),
    ],
    ids=str,
)
def test_wrong_options_are_named(options, message, tmp_path):
    with pytest.raises((ValueError, TypeError), match=message):
        stack(GRU(3)).export(tmp_path / "net.h", **options)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("stem", ["7up", "int", "a-b", "voice.v2"])
def test_any_file_gets_a_name_for_c(stem, tmp_path):
    stack(GRU(2)).export(tmp_path / f"{stem}.h")
    found = re.search(r"void (\w+)_init\(", (tmp_path / f"{stem}.h").read_text())
    assert re.fullmatch(r"[A-Za-z]\w*", found[1])


def test_layers_whose_names_c_cannot_take(tmp_path):
    names = ["7 up", "7_up", "int", "work", "a*b", "Größe"]
    model = sized(
        Sequential([Input((None, 3)), *(GRU(3, return_sequences=True, name=n) for n in names)])
    )
    if CC is None:
        model.export(tmp_path / "net.h")
    else:
        compare(model, tmp_path, numbers(100))


def test_the_version_that_wrote_it_is_stated(tmp_path):
    stack(GRU(2)).export(tmp_path / "net.h")
    assert f"fastrnn {fastrnn.__version__}" in (tmp_path / "net.h").read_text()
