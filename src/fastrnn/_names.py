"""The public names of modules, lazy imports, and advice on names that fastrnn lacks.

A script written for Keras may use names that fastrnn does not have.  The error then says what to
use instead; :data:`ADVICE` has the advice for all modules.
"""

from __future__ import annotations

import difflib
import importlib
import importlib.machinery
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

_IMAGES = "images are out of scope; read the features of an image as a sequence, or use Keras"
_TENSORS = "compute with NumPy or fastrnn.backend, in a Lambda or a Layer of yours"
_SESSION = "there is no session; fastrnn.set_num_threads says how many threads compute"
_BACKEND = "fastrnn has one back end, its own compiled core"
_OPTIMIZERS = "use another of fastrnn.optimizers, such as AdamW, or write an Optimizer of your own"
_METRICS = "write it as a function of y_true and y_pred and give it in metrics=[...]"
_SERIALIZING = "use get_config, from_config and load_model(custom_objects=...)"

#: Patterns of ``module.name``, and what to do instead; the first that matches counts.
# fmt: off
ADVICE: tuple[tuple[str, str], ...] = (
    (r"layers\.merge", "use Concatenate, Add, Multiply, Average, Maximum or Dot"),
    (r"estimator|experimental|premade", _BACKEND),
    (r"initializations", "use fastrnn.initializers"),
    (r"backend\.(tf|tensorflow|tensorflow_backend)", _SESSION),
    (r"((RunOptions|\w*logg\w+|(dis|en)able_\w+|\w*variables?|summary)|(test|debugging)\.\w+)",
     "there is no session, no graph, no log and no graphics card: leave this line out"),
    (r"(GradientTape|function|py_function|custom_gradient|while_loop|map_fn|scan|cond|TensorArray|"
     r"Module|gradients)",
     "train with model.fit; model.compute_gradients(x, y) returns gradients"),
    (r"(data|data\.\w+)", "give fit arrays, a generator or a Sequence"),
    (r"backend\.gradients", "use model.compute_gradients, or fastrnn.differentiation"),
    (r"backend\.placeholder", "use Input"),
    (r"backend\.(update\w*|moving_average_update)", "use add_weight(trainable=False) and update"),
    (r"backend\.(rnn|map_fn|fold[lr])", "use SimpleRNN, GRU or LSTM, or a loop over tensor[:, i]"),
    (r"backend\.(ctc\w*)", "align labels and steps before training, or use Keras or PyTorch"),
    (r"backend\.(conv\w+|pool\w+|separable\w+|depthwise\w+)", "use Conv1D and MaxPooling1D"),
    (r"preprocessing\.text\.base_filter", "give filters= to Tokenizer"),
    (r"preprocessing\.sequence\.(skipgrams|make_sampling_table)", "make the pairs with NumPy"),
    (r"engine\.slice_X", "slice the arrays"),
    (r"utils\.split_dataset", "slice the arrays, or use validation_split= of fit"),
    (r"preprocessing\.\w+_from_directory", "read the files with Python and give fit a Dataset"),
    (r"layers\.(\w*(2D|3D)\w*|Random\w+|CenterCrop|Resizing|\w*Mix(Up)?|AutoContrast)",
     _IMAGES),
    (r"layers\.(Equalization|ContrastLimited\w+|MaxNumBoundingBoxes|Pipeline|Solarization)",
     _IMAGES),
    (r"layers\.RandAugment", _IMAGES),
    (r"layers\.(ConvLSTM\w+|ConvRecurrent\w*)", "put Conv1D in front of an LSTM"),
    (r"layers\.(AbstractRNNCell|\w+Cell\w*)",
     "use SimpleRNNCell, GRUCell or LSTMCell, or a Layer of yours"),
    (r"layers\.(\w*Attention\w*)", "fastrnn is for recurrent networks; use Keras for attention"),
    (r"layers\.Hash\w+",
     "turn text into numbers with fastrnn.preprocessing.text.Tokenizer before the model"),
    (r"layers\.(Discretization|MelSpectrogram|STFTSpectrogram)",
     "prepare the data with NumPy before the model"),
    (r"layers\.Recurrent", "write a Layer of whole sequences, or loop over tensor[:, i]"),
    (r"layers\.AtrousConv\w+1D", "use Conv1D with dilation_rate="),
    (r"layers\.Adaptive\w+1D",
     "use AveragePooling1D or MaxPooling1D with a pool_size, or GlobalAveragePooling1D"),
    (r"layers\.SpectralNormalization", "use a kernel_constraint, such as MaxNorm"),
    (r"layers\.(MaxoutDense|Highway)", "use Dense, and maximum, multiply and add of tensors"),
    (r"layers\.EinsumDense", "use Dense, or Dense behind Reshape"),
    (r"layers\.ReversibleEmbedding", "use Embedding, and Dense for the way back"),
    (r"layers\.(TimeDistributedDense)", "use TimeDistributed(Dense(...)), or Dense as it is"),
    (r"layers\.(Flax|Jax|TFSM|TorchModule)\w+", "fastrnn runs its own layers only"),
    (r"layers\.DenseFeatures", "prepare the data with NumPy before the model"),
    (r"layers\.LocallyConnected1D", "use Conv1D"),
    (r"layers\.Wrapper", "derive from fastrnn.layers.Layer"),
    (r"optimizers\.LossScaleOptimizer", "float32 and float64 need no scaling of the loss"),
    (r"optimizers\.(legacy|experimental|tf_optimizer\w*|TFOptimizer|OptimizerMap)", _OPTIMIZERS),
    (r"losses\.(CTC|ctc)\w*", "align labels and steps before training, or use Keras or PyTorch"),
    (r"callbacks\.(RemoteMonitor|OrbaxCheckpoint)", "use CSVLogger, ModelCheckpoint or a Callback"),
    (r"utils\.(\w*image\w*|\w*_img|img_\w+|bounding_boxes)", _IMAGES),
    (r"(utils|saving)\.(\w*(serializ|[Cc]ustom)\w*|KerasFileEditor)", _SERIALIZING),
    (r"saving\.\w+_weights", "use model.save_weights and model.load_weights"),
    (r"utils\.\w*_dataset_from_directory", "read the files with Python and give fit a Dataset"),
    (r"utils\.(FeatureSpace|legacy|Config|standardize_dtype|\w*_source_inputs|is_keras_tensor)",
     "prepare the data with NumPy before the model"),
    (r"utils\.\w*interactive_logging\w*", "use verbose= of fit, evaluate and predict"),
    (r"utils\.\w*pack_x_y_sample_weight", "give tuples (x, y) or (x, y, sample_weight)"),
    (r"utils\.(multi_gpu_model|HDF5Matrix)",
     "fastrnn runs on the CPU; give fit an array or a Dataset"),
    (r"utils\.(\w+Enqueuer|TimedThread)", "give fit the Sequence or the generator"),
    (r"utils\.(SidecarEvaluator|StepsPerExecutionTuner)", "use validation_data= of fit"),
    (r"utils\.(io_utils|layer_utils|experimental)", _BACKEND),
    (r"utils\.to_ordinal", "compare with NumPy: y[:, None] > np.arange(num_classes - 1)"),
    (r"utils\.warmstart_embedding_matrix", "give Embedding(weights=[matrix])"),
    (r"models\.experimental", _BACKEND),
    (r"models\.model_from_yaml", "use model.to_json and model_from_json"),
    (r"models\.model_from_config", "use from_config"),
    (r"initializers\.normal", "use RandomNormal"),
    (r"initializers\.uniform", "use RandomUniform"),
    (r"initializers\.STFTInitializer", "compute spectra with NumPy before the model"),
    (r"activations\.(celu|glu)", "use elu or gelu, or write a Layer"),
    (r"losses\.categorical_generalized_cross_entropy",
     "write it as a function of y_true and y_pred, made of fastrnn.backend's"),
    (r"(backend|metrics)\.(binary|categorical)_focal_crossentropy",
     "fastrnn.losses has it, as a loss"),
    (r"metrics\.(precision|recall)", "use the classes Precision and Recall"),
    (r"backend\.learning_phase_scope", "call a layer or a model with training=True"),
    (r"backend\.random_binomial", "draw with NumPy"),
    (r"regularizers\.(l1l2|WeightRegularizer)", "use l1_l2"),
    (r"regularizers\.(activity_\w+|ActivityRegularizer)", "give the layer activity_regularizer="),
    (r"wrappers\.scikit_learn\.BaseWrapper", "derive from KerasClassifier or KerasRegressor"),
    (r"utils\.clear_session", "use fastrnn.backend.clear_session"),
    (r"datasets\.(cifar\w*|fashion_mnist)", _IMAGES),
    (r"preprocessing\.image\w*", _IMAGES),
    (r"(backend|config)\.set_(epsilon|image_data_format|backend|dtype_policy)", _BACKEND),
    (r"config\.set_max_\w+", "use epochs= and steps_per_epoch= of fit"),
    (r"random\.\w+", "draw with numpy.random"),
    (r"applications", _IMAGES),
    (r"(mixed_precision|dtype_policies|DTypePolicy|FloatDTypePolicy|quantizers|Quantizer)",
     "give layers dtype='float32' or 'float64'"),
    (r"(distribution|device)", "use fit(comm=...): see fastrnn.distributed"),
    (r"wrappers\.\w+", "use fastrnn.sklearn"),
    (r"export", "use model.export"),
    (r"(legacy|tree|visualization|distillation|src|engine|name_scope|remat|RematScope)", _BACKEND),
    (r"(Function|KerasTensor|Operation|Variable|InputSpec|\w+Scope)", _TENSORS),
)

#: Advice for other names of a module, after a suggestion of a similar name.
GENERAL_ADVICE: tuple[tuple[str, str], ...] = (
    (r"optimizers\.schedules\.\w+", "write a LearningRateSchedule of your own"),
    (r"optimizers\.[A-Z]\w+", _OPTIMIZERS),
    (r"losses\.\w+",
     "write it as a function of y_true and y_pred with a gradient; see losses.Loss"),
    (r"metrics\.\w+", _METRICS),
    (r"callbacks\.\w+", "derive from fastrnn.callbacks.Callback"),
    (r"initializers\.\w+",
     "use an initializer of fastrnn.initializers, or give weights= or set_weights"),
    (r"constraints\.\w+", "write it as a function of the weight that returns another"),
    (r"regularizers\.\w+", "write it as a function of the weight, made of NumPy's operations"),
    (r"activations\.\w+", "use an activation of fastrnn.activations, or write a Layer"),
    (r"datasets\.\w+", "read the file with NumPy; datasets has imdb, mnist and reuters"),
    (r"(backend|config)\.\w*", _TENSORS),
    (r"\w+", "fastrnn has Keras's names, and TensorFlow's random.set_seed; for other operations "
     "use NumPy, or fastrnn.backend in a Lambda or a Layer of yours"),
)
# fmt: on


def names_of(
    module: str,
    public: Iterable[str],
    late: Mapping[str, str] | None = None,
    advice_of: str | None = None,
    others: str | None = None,
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return ``__getattr__`` and ``__dir__`` for a module.

    Parameters
    ----------
    module : str
        Its ``__name__``.
    public : iterable of str
        Names for completion.
    late : mapping of str to str, optional
        Names that are imported on first use, and the modules that have them; or the modules
        themselves, if they have that name.
    advice_of : str, optional
        The module whose advice to give; `module` if left out.
    others : str, optional
        A module whose ``NAMED`` has further names, which completion does not show.
    """
    sources = dict(late or {})
    shown = sorted({*public, *sources})
    # For a package, unlike a plain module, Python calls __getattr__ on `from package import name`,
    # so that it can give advice.
    sys.modules[module].__dict__.setdefault("__path__", [])

    def find(name: str) -> Any:
        if name in sources:
            source = importlib.import_module(sources[name])
            is_module = sources[name].rpartition(".")[2] == name
            return source if is_module else getattr(source, name)
        if others is not None and name[:1] != "_":
            named = importlib.import_module(others).NAMED
            if name in named:
                return named[name]
        error: type[Exception] = AttributeError
        if (module, name) in _awaited:
            _awaited.discard((module, name))
            return _stand_in(advice_of or module, name)
        if not name.startswith("__") and _is_imported_from(module, name):
            inside = f"{advice_of or module}.{name}".partition(".")[2]
            if "." in inside and _matching(ADVICE, inside) is not None:
                # An import statement first checks for the name, and then reads it.
                _awaited.add((module, name))
                return None
            # `from module import name` would not show the message of an AttributeError.
            error = ImportError
        raise error(absent(advice_of or module, name, shown))

    return find, lambda: shown


def also_at(
    package: str,
    public: Iterable[str],
    *paths: str,
    others: str | None = None,
    advice_of: str | None = None,
) -> None:
    """Make the public names of `package` available in the modules of older versions of Keras.

    Parameters
    ----------
    package : str
        Its ``__name__``; it is imported already.
    public : iterable of str
    *paths : str
        Names of modules inside it.  An existing module keeps its own names.
    others : str, optional
        As of :func:`names_of`.
    advice_of : str, optional
        As of :func:`names_of`; `package` if left out.
    """
    content = vars(sys.modules[package])
    found = {name: content[name] for name in public}
    for path in paths:
        place = f"{package}.{path}"
        module = sys.modules.setdefault(place, _OldPath(place, f"As :mod:`{package}`."))
        for name, value in found.items():
            vars(module).setdefault(name, value)
        content.setdefault(path, module)
        if "__getattr__" not in vars(module):
            module.__getattr__, module.__dir__ = names_of(  # type: ignore[method-assign]
                place, found, advice_of=advice_of or package, others=others
            )


#: Modules and names whose existence an import statement has checked.
_awaited: set[tuple[str, str]] = set()


class _StandIn(type):
    """The type of placeholders for classes and functions of Keras that fastrnn lacks.

    Scripts import more than they use; only using a placeholder is an error.
    """

    said: str

    def __call__(cls, *arguments: Any, **keywords: Any) -> Any:
        """Say what to use instead."""
        raise AttributeError(cls.said)

    def __getattr__(cls, name: str) -> Any:
        """Say what to use instead, except for attributes that every class has."""
        raise AttributeError(cls.said if not name.startswith("__") else name)


def _stand_in(module: str, name: str) -> type:
    """Return the placeholder for a name of Keras that fastrnn lacks."""

    def refuse(cls: type) -> None:
        raise AttributeError(said)

    said = absent(module, name, ())
    content = {"said": said, "__module__": module, "__init_subclass__": classmethod(refuse)}
    return _StandIn(name, (), content)


class _OldPath(ModuleType):
    """A module whose name is also that of a function."""

    #: The function of that name, if there is one.
    called: Callable[..., Any] | None = None

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        if self.called is not None:
            return self.called(*arguments, **keywords)
        package, _, name = self.__name__.rpartition(".")
        raise TypeError(absent(package, name, ()).replace("has no attribute", "has no function"))


_PACKAGE = __name__.partition(".")[0]
#: The package's names in TensorFlow, for scripts with `import tensorflow as tf`, and in Keras, for
#: import lines that an editor wrote.
_ALIAS = re.compile(
    rf"{_PACKAGE}\.(keras|python(\.keras)?|compat(\.v[12](\.keras)?)?|_tf_keras(\.keras)?|src|api)"
    r"(?=\.|$)"
)


class _Alias:
    """Makes ``fastrnn.keras.layers`` the same module as ``fastrnn.layers``, and so on.

    It is the first finder once the alias is used, because others would load the files again.
    """

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:
        # Not an importlib.abc.Loader, whose import takes longer than all of fastrnn.
        loader: Any = self
        return ModuleSpec(fullname, loader) if _ALIAS.match(fullname) else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the module of the name without the alias."""
        module = importlib.import_module(_ALIAS.sub(_PACKAGE, spec.name, count=1))
        spec.loader_state = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Restore the attributes that the import system has replaced."""
        assert module.__spec__ is not None
        module.__spec__ = module.__spec__.loader_state


class _FileOfClass:
    """Makes ``layers.rnn.lstm``, which has a class in some versions of Keras, from its package."""

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return a module with the public names of the package."""
        package, _, name = spec.name.rpartition(".")
        also_at(package, _public(package), name)
        return sys.modules[spec.name]

    def exec_module(self, module: ModuleType) -> None:
        """Do nothing: the names are there."""


def _public(package: str) -> list[str]:
    module = sys.modules[package]
    return dir(module) if isinstance(module, _OldPath) else list(getattr(module, "__all__", ()))


class _Absent:
    """The last finder: says what replaces a module of Keras that fastrnn lacks."""

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:
        """Raise ``ModuleNotFoundError`` for a missing module of this package, with advice."""
        package, _, name = fullname.rpartition(".")
        if _ALIAS.fullmatch(fullname):
            alias = _Alias()
            sys.meta_path.insert(0, alias)
            return alias.find_spec(fullname, path)
        if package.split(".")[0] == _PACKAGE and package in sys.modules:
            public = _public(package) if "." in package else []
            # An import would put the module in the place of a function of its name.
            if name not in public and name.replace("_", "") in map(str.lower, public):
                loader: Any = _FileOfClass()
                return ModuleSpec(fullname, loader)
            shown = getattr(sys.modules[package], "__all__", ())
            said = absent(package, name, shown).replace("has no attribute", "has no module")
            raise ModuleNotFoundError(said)
        return None


sys.meta_path.append(_Absent())


def absent(module: str, name: str, public: Iterable[str]) -> str:
    """Return the error message for a name that a module does not have."""
    said = f"module {module!r} has no attribute {name!r}"
    inside = f"{module}.{name}".partition(".")[2]
    advice = _matching(ADVICE, inside)
    if advice is None:
        alike = difflib.get_close_matches(name, list(public), 1, 0.8)
        if alike:
            return f"{said}; did you mean {alike[0]!r}?"
        advice = _matching(GENERAL_ADVICE, inside)
    return said if advice is None else f"{said}: {advice}"


def _matching(table: Iterable[tuple[str, str]], name: str) -> str | None:
    return next((advice for pattern, advice in table if re.fullmatch(pattern, name)), None)


def _is_imported_from(module: str, name: str) -> bool:
    """Return whether the caller's caller is an import statement, and there is no such submodule."""
    if sys._getframe(2).f_code.co_filename != "<frozen importlib._bootstrap>":
        return False
    place = importlib.machinery.PathFinder.find_spec(
        f"{module}.{name}", getattr(sys.modules[module], "__path__", None)
    )
    return place is None and f"{module}.{name}" not in sys.modules
