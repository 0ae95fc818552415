"""Assembly of the C file of a model."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn._version import __version__
from fastrnn.formats.c import layers
from fastrnn.formats.c.functions import needed, sections, template
from fastrnn.formats.c.literals import TYPES, filled, rows
from fastrnn.formats.c.program import RESERVED, Matrix, Program, Value
from fastrnn.formats.description import Call, Description, wiring_of
from fastrnn.formats.errors import CheckpointError
from fastrnn.settings import boolean, integer

Array = NDArray[Any]

#: Weights that can be stored with 8 bits.
MATRICES = ("kernel", "recurrent_kernel", "embeddings")

#: Number of outputs of a product with 8-bit weights in a block on the stack.
_BLOCK = 32


@dataclass(frozen=True)
class Options:
    """The options of ``write``."""

    name: str
    kind: str
    no_math: bool
    int8: bool
    streams: int

    @classmethod
    def checked(
        cls,
        path: str,
        description: Description,
        name: str | None = None,
        dtype: str | None = None,
        no_math: bool = False,
        int8: bool = False,
        streams: int = 1,
    ) -> Options:
        """Return checked options."""
        if name is None:
            stem = os.path.basename(path).partition(".")[0]
            name = re.sub(r"\W", "_", stem, flags=re.ASCII)
            name = f"net_{name}" if name[:1].isdigit() or name in RESERVED else name
        if not re.fullmatch(r"[A-Za-z]\w*", str(name), flags=re.ASCII):
            raise ValueError(f"name is {name!r}; it should be letters, digits and _, as names in C")
        if name in RESERVED:
            raise ValueError(f"name is {name!r}, a word that C or C++ uses")
        kind = _kind(description) if dtype is None else dtype
        kind = {"float32": "float", "float64": "double"}.get(kind, kind)
        if kind not in TYPES:
            raise ValueError(f"dtype is {dtype!r}; it should be 'float' or 'double'")
        return cls(
            name,
            kind,
            boolean("no_math", no_math),
            boolean("int8", int8),
            integer("streams", streams, 1),
        )


def _kind(description: Description) -> str:
    types = {array.dtype for array in description.tensors.values()}
    return "double" if np.dtype(np.float64) in types else "float"


def program_of(description: Description, options: Options) -> Program:
    """Return the program of a step of a model.

    Raises
    ------
    CheckpointError
        If it cannot be computed step by step, or C code is missing.
    """
    wiring = wiring_of(description.model)
    if len(wiring.inputs) != 1 or len(wiring.outputs) != 1:
        raise CheckpointError(
            f"the model has {len(wiring.inputs)} inputs and {len(wiring.outputs)} outputs; a C "
            "file has one of each"
        )
    start = wiring.calls[wiring.inputs[0]]
    source = _input(start, wiring.calls)
    program = Program(int8=options.int8)
    program.inputs = 1 if source.kind == "token" else source.size
    answer = _write_calls(description.model, description.tensors, source, program, "y")
    if answer.kind != "numbers" or not program.calls:
        raise CheckpointError("the model puts out what it reads, so there is nothing to write in C")
    if answer.place != "y":
        program.call("net_copy", answer.place, "y", answer.size)
    program.outputs = answer.size
    return program


def _write_calls(
    model: Mapping[str, Any],
    tensors: Mapping[str, Array],
    source: Value,
    program: Program,
    place: str | None,
) -> Value:
    """Add the calls of a model's layers to a step, and return the output of the last one.

    Parameters
    ----------
    model : mapping
        Its configuration.
    tensors : mapping of str to ndarray
        Its weights by ``layer/weight``.
    source : Value
        Its input.
    place : str or None
        Where to write its output.
    """
    wiring = wiring_of(model)
    values: dict[tuple[int, int], Value] = {}
    uses = [read for call in wiring.calls for read in call.inputs] + list(wiring.outputs)
    places = _places(wiring.calls, wiring.outputs[0], uses, place)
    for number, call in enumerate(wiring.calls):
        if not call.inputs:
            # Other layers outside of a nested model may read its input.
            values[number, 0] = replace(source, is_own=False)
            continue
        sources = [values[read] for read in call.inputs]
        weights = _below(tensors, call.name)
        if call.layer["class_name"] == "ModelLayer":
            inner = call.layer["config"]["model"]
            to = places.get((number, 0))
            values[number, 0] = _write_calls(inner, weights, sources[0], program, to)
            continue
        layer = layers.Layer(
            call.layer["class_name"],
            call.layer["config"],
            weights,
            program.unique(call.name),
            places.get((number, 0)),
            all(uses.count(read) == 1 for read in call.inputs),
        )
        values[number, 0] = layers.write(layer, sources, program)
    return values[wiring.outputs[0]]


def _below(tensors: Mapping[str, Array], name: str) -> dict[str, Array]:
    """Return the weights of a layer by their names in it."""
    start = f"{name}/"
    return {
        title.removeprefix(start): array
        for title, array in tensors.items()
        if title.startswith(start)
    }


def _input(call: Call, calls: tuple[Call, ...]) -> Value:
    shape = call.layer["config"]["shape"]
    readers = {one.layer["class_name"] for one in calls if (0, 0) in one.inputs}
    if len(shape) == 1 and readers <= {"Embedding", "CategoryEncoding"}:
        return Value("x", 0, "token")
    if len(shape) != 2 or shape[1] is None:
        raise CheckpointError(
            f"the input of the model has shape {(None, *shape)}; what is computed step after step "
            "should have (None, time, features)"
        )
    return Value("x", shape[1])


def _places(
    calls: tuple[Call, ...],
    answer: tuple[int, int],
    uses: list[tuple[int, int]],
    place: str | None,
) -> dict[tuple[int, int], str]:
    """Return the layers that can write directly to the caller's output."""
    found: dict[tuple[int, int], str] = {}
    while place is not None and uses.count(answer) == 1 and calls[answer[0]].inputs:
        found[answer] = place
        call = calls[answer[0]]
        if call.layer["class_name"] not in layers.IN_PLACE:
            break
        answer = call.inputs[0]
    return found


def sizes(program: Program, options: Options) -> dict[str, int]:
    """Return bytes of weights and of a state, multiplications and activations of a step."""
    size = TYPES[options.kind].itemsize
    weights = 0
    small = 0
    for array in program.weights.values():
        if isinstance(array, Matrix) and array.numbers is not None and array.scales is not None:
            small += array.numbers.size
            weights += array.scales.size * size
        else:
            weights += (array.values if isinstance(array, Matrix) else array).size * size
    held = sum(program.states.values()) + sum(program.buffers.values()) + program.work
    return {
        "weight_bytes": weights + small + -small % size,
        "state_bytes": max(1, held) * size * options.streams,
        "multiplications": program.products * options.streams,
        "activations": program.squashes * options.streams,
    }


def text_of(description: Description, options: Options, weights_file: bool) -> tuple[str, str]:
    """Return the text of the file, and of the separate file of weights if there is one."""
    program = program_of(description, options)
    names = _names(options)
    calls = "\n".join(program.calls)
    chosen = needed([*program.cells.values(), calls], options.int8, names)
    texts = [sections("functions.c")[key] for key in chosen]
    functions = "\n\n".join([*texts, *program.cells.values()])
    used = set(re.findall(r"\b(?:erff?|sqrtf?)(?=\()", filled(functions, options.kind, names)))
    weights = _weights(program, options)
    size = sizes(program, options)
    words = {
        "TITLE": f"{options.name}: {_title(description)}",
        "MADE": _made(),
        "LAYERS": _story(description),
        "FLASH": str(size["weight_bytes"]),
        "STATE": str(size["state_bytes"]),
        "PRODUCTS": str(size["multiplications"]),
        "SQUASHES": str(size["activations"]),
        "ERRORS": _errors(chosen),
        "X_SHAPE": _shape(options.streams, program.inputs),
        "Y_SHAPE": _shape(options.streams, program.outputs),
        "TOKENS": _about_tokens(description),
        "INPUTS": str(program.inputs),
        "OUTPUTS": str(program.outputs),
        "STREAMS": str(options.streams),
        "REAL": options.kind,
        "STATES": _states(program, options.streams),
        "MATH": "#include <math.h>\n" if used and not options.no_math else "",
        "TYPES": _types(program, options, chosen),
        "WEIGHTS": f'#include "{options.name}_weights.h"' if weights_file else weights,
        "FUNCTIONS": functions,
        "INIT": _init(program, options.streams),
        "STEP": _step(program, options.streams),
    }
    text = filled(template("model.c"), options.kind, {**names, **words})
    text = filled(text, options.kind, names)
    guard = f"/* The weights of {options.name}.h, which includes this file. */\n"
    return _named(text, options.name), _named(guard + weights + "\n", options.name)


def _named(text: str, name: str) -> str:
    text = re.sub(r"\bnet_(?=\w)", f"{name}_", text)
    text = re.sub(r"\bNET_(?=\w)", f"{name.upper()}_", text)
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+\n", "\n", text))


def _names(options: Options) -> dict[str, str]:
    """Return the replacements in functions that depend on the options."""
    suffix = "f" if options.kind == "float" else ""
    weight = "w[(ptrdiff_t)token * outputs + k]"
    if options.int8:
        weight = "(net_real)w.numbers[(ptrdiff_t)token * outputs + k] * w.scales[k]"
    return {
        "WEIGHT": weight,
        "SQRT": "net_sqrt" if options.no_math else f"sqrt{suffix}",
        "ERF": "net_erf" if options.no_math else f"erf{suffix}",
    }


def _title(description: Description) -> str:
    kinds = [call.layer["class_name"] for call in wiring_of(description.model).calls]
    return f"{description.model['name']}, a network of {', '.join(kinds[1:])}"[:100]


def _made() -> str:
    return f"Written by fastrnn {__version__}."


def _story(description: Description) -> str:
    lines = []
    for call in wiring_of(description.model).calls:
        config = call.layer["config"]
        inner = config.get("layer", {}).get("config", {})
        facts = [
            f"{key} {config.get(key, inner.get(key))}"
            for key in ("units", "output_dim", "num_tokens", "activation", "recurrent_activation")
            if config.get(key, inner.get(key)) is not None
        ]
        facts += ["reset_after"] if config.get("reset_after") else []
        kind = call.layer["class_name"]
        lines.append(f" *     {call.name}: {kind}{' of ' if facts else ''}{', '.join(facts)}")
    return "\n".join(lines).replace("*/", "* /")


def _errors(chosen: list[str]) -> str:
    if "net_reduce" not in chosen:
        return ""
    return (
        ";\n *                       exp, tanh and sigmoid are at most 3 units in the last place "
        "off"
    )


def _shape(streams: int, count: int) -> str:
    return f"[{streams}][{count}]" if streams > 1 else f"[{count}]"


def _about_tokens(description: Description) -> str:
    if len(wiring_of(description.model).calls[0].layer["config"]["shape"]) > 1:
        return ""
    return (
        "\n *\n * x is the number of a token; what is no token makes answers and states not a "
        "number."
    )


def _states(program: Program, streams: int) -> str:
    lines = ["typedef struct {"]
    if program.states:
        lines.append("    /* what is carried from step to step */")
    lines += [f"    net_real {name}[{size}];" for name, size in program.states.items()]
    scratch = {**program.buffers, **({"work": program.work} if program.work else {})}
    if scratch:
        lines.append("    /* what a step writes, and no later step reads */")
    lines += [f"    net_real {name}[{size}];" for name, size in scratch.items()]
    if len(lines) == 1:
        lines.append("    net_real unused[1];")
    if streams == 1:
        return "\n".join([*lines, "} net_state;"])
    lines += ["} net_stream;", "", "typedef struct {"]
    return "\n".join([*lines, "    net_stream streams[NET_STREAMS];", "} net_state;"])


def _types(program: Program, options: Options, chosen: list[str]) -> str:
    lines = []
    if any("net_number" in sections("functions.c")[key] for key in chosen):
        lines += [
            f"typedef int{8 * TYPES[options.kind].itemsize}_t net_bits;",
            "typedef union {",
            "    net_bits bits;",
            "    net_real real;",
            "} net_number;",
        ]
    if options.int8:
        lines += [
            f"#define NET_BLOCK {_BLOCK}",
            "typedef struct {",
            "    const signed char *numbers;",
            "    const net_real *scales;",
            "} net_matrix;",
        ]
    elif any(isinstance(array, Matrix) for array in program.weights.values()):
        lines.append("typedef const net_real *net_matrix;")
    return "\n".join(lines) + "\n" if lines else ""


def _weights(program: Program, options: Options) -> str:
    """Return the weights as one constant struct without padding."""
    kinds: list[str] = []
    parts: list[str] = []
    small: list[tuple[str, Any]] = []
    for name, array in program.weights.items():
        if isinstance(array, Matrix) and array.numbers is not None and array.scales is not None:
            small.append((name, array.numbers))
            kinds.append(f"    net_real {name}_scales[{array.scales.size}];")
            parts.append(_part(f"{name}_scales", rows(array.scales, options.kind)))
            continue
        values = array.values if isinstance(array, Matrix) else array
        size = " * ".join(map(str, values.shape))
        kinds.append(f"    net_real {name}[{size}];")
        parts.append(_part(name, rows(values, options.kind)))
    for name, numbers in small:
        kinds.append(f"    signed char {name}[{' * '.join(map(str, numbers.shape))}];")
        parts.append(_part(name, rows(numbers, None)))
    rest = -sum(numbers.size for _, numbers in small) % TYPES[options.kind].itemsize
    if rest:
        kinds.append(f"    signed char padding[{rest}];")
        parts.append(f"    {{ {', '.join('0' * rest)} }},")
    if not kinds:
        return "/* This model has none. */"
    if parts:
        parts[-1] = parts[-1].rstrip(",")
    return "\n".join(["static const struct {", *kinds, "} net_weights = {", *parts, "};"])


def _part(name: str, numbers: str) -> str:
    return f"    {{ /* {name} */\n        {numbers} }},"


def _init(program: Program, streams: int) -> str:
    lines = ["void net_init(net_state *state)", "{"]
    if not program.states:
        return "\n".join([*lines, "    (void)state;", "}"])
    lines.append("    int i;" if streams == 1 else "    int i, j;")
    indent, place = "    ", "state->"
    if streams > 1:
        lines.append("    for (j = 0; j < NET_STREAMS; j++) {")
        indent, place = "        ", "state->streams[j]."
    for name, size in program.states.items():
        first = f"{program.firsts[name]}[i]" if name in program.firsts else "REAL(0.0)"
        lines.append(f"{indent}for (i = 0; i < {size}; i++)")
        lines.append(f"{indent}    {place}{name}[i] = {first};")
    if streams > 1:
        lines.append("    }")
    return "\n".join([*lines, "}"])


def _step(program: Program, streams: int) -> str:
    body = [line for call in program.calls for line in _wrapped(f"    {call}")]
    if program.needs_index:
        body[:0] = ["    int i;"]
    text = "\n".join(body)
    if "state->" not in text:
        body.insert(1 if program.needs_index else 0, "    (void)state;")
    if streams == 1:
        title = "void net_step(net_state *state, const net_real *x, net_real *y)"
        return "\n".join([title, "{", *body, "}"])
    title = "static void net_step_of_stream(net_stream *state, const net_real *x, net_real *y)"
    outer = [
        "void net_step(net_state *state, const net_real *x, net_real *y)",
        "{",
        "    int j;",
        "    for (j = 0; j < NET_STREAMS; j++)",
        "        net_step_of_stream(state->streams + j, x + j * NET_INPUTS,",
        "                           y + j * NET_OUTPUTS);",
        "}",
    ]
    return "\n".join([title, "{", *body, "}", "", *outer])


def _wrapped(line: str, width: int = 100) -> list[str]:
    """Return a call, wrapped to lines."""
    found: list[str] = []
    indent = " " * (line.find("(") + 1)
    while len(line) > width and ", " in line[:width]:
        at = line.rindex(", ", 0, width) + 1
        found.append(line[:at])
        line = indent + line[at:].lstrip()
    return [*found, line]
