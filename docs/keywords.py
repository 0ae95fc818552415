"""Words that readers search for, and the page that answers them.

The search of the site finds words of a page and of its headings. These are entries of its index
beside them: other names for the same thing. ``conf.py`` puts them behind the title of each page.
"""

KEYWORDS = {
    "audio-plug-ins": "guitar amplifier, RTNeural, Neural Amp Modeler, NAM, AIDA-X, VST",
    "breaking-ciphers": (
        "Vigenère, Vigenere, break a cipher, crack, cryptanalysis, key unknown, "
        "substitution, autokey"
    ),
    "c": (
        "C code, export C, microcontroller, MCU, embedded, STM32, Cortex-M4, Arduino, "
        "Rust, int8, quantize, quantization"
    ),
    "command-line": (
        "CLI, terminal, shell, tab completion, decipher text, decrypt, Caesar, train a cipher"
    ),
    "data": (
        "generator, data generator, data loader, DataLoader, memory map, memmap, "
        "dataset larger than memory, large dataset, big data, out of memory, time series windows"
    ),
    "distributed": (
        "many machines, several machines, cluster, MPI, multiple nodes, Slurm, distributed training"
    ),
    "from-keras": (
        "h5, Keras h5, load h5 file, open a Keras model, old Keras, hdf5, TensorFlow, tf.keras"
    ),
    "from-pytorch": "state_dict, PyTorch, torch, pt file, convert state_dict, nn.LSTM, nn.GRU",
    "how-to/array-gradients": (
        "backward, backpropagation, BPTT, gradients of the functional API, functional API, "
        "rnn_backward, gru_backward, lstm_backward"
    ),
    "how-to/best-weights": (
        "checkpoint, save best model, best epoch, best weights, best model, validation loss"
    ),
    "how-to/browser": "browser, web page, JavaScript, WebAssembly, wasm",
    "how-to/confusion": "confusion matrix, confusion, classification report, mistakes",
    "how-to/continue-training": (
        "continue training, resume training, resume, restart, crash, interrupted training, killed"
    ),
    "how-to/custom": (
        "custom layer, custom loss, custom metric, custom callback, own layer, own loss, own "
        "gradient"
    ),
    "how-to/deploy": "deployment, production, inference, server",
    "how-to/different-lengths": (
        "padding, variable length, different lengths, ragged, mask, pad sequences, unequal lengths"
    ),
    "how-to/early-stopping": "early stopping, overfitting, patience",
    "how-to/freeze": "freeze, fine-tuning, transfer learning, trainable, frozen layer",
    "how-to/gradients": (
        "NaN, exploding gradients, explode, gradient clipping, clip, clipnorm, inf, loss is nan"
    ),
    "how-to/learning-rate": (
        "learning rate, learning rate decay, decay, schedule, scheduler, warm-up, ReduceLROnPlateau"
    ),
    "how-to/memory": "memory usage, RAM, model size",
    "how-to/plot": "plot, loss curve, learning curve, history, TensorBoard, matplotlib, logging",
    "how-to/precision": (
        "float32, float64, double precision, dtype, floatx, precision, half precision"
    ),
    "how-to/reproducible": (
        "reproducible, reproducibility, deterministic, random seed, seed, same numbers every run"
    ),
    "how-to/save-and-load": (
        "save, load, save a model, load a model, save weights, load weights, model file, "
        "serialization, pickle, file format, file formats"
    ),
    "how-to/scikit-learn": (
        "scikit-learn, sklearn, GridSearchCV, grid search, Pipeline, cross validation, "
        "KerasClassifier"
    ),
    "how-to/states": (
        "initial state, stateful, hidden state, hidden states, state after each step, intermediate "
        "output, activations of a layer, return_sequences, return_state, reset_states"
    ),
    "how-to/stream": (
        "stream, streaming, real time, realtime, live, online, step by step, one step at a time, "
        "sensor, latency"
    ),
    "how-to/weights-of-samples": (
        "class weight, class_weight, sample_weight, imbalanced, rare class, unbalanced"
    ),
    "install": (
        "install, pip, wheel, no wheel, clone, compiler, Windows, macOS, Linux, ARM, Python 3.13, "
        "Python version, instruction set, AVX2, AVX-512, avx512, NEON, SIMD, "
        "Raspberry Pi, supported platforms"
    ),
    "keras": "differences from Keras, compatibility",
    "layers": "dropout, embedding, bidirectional, attention, shared weights, layer list",
    "limits": "GPU, multi-GPU, CUDA, Metal, limitations, transformer",
    "onnx": "ONNX, export ONNX, onnxruntime",
    "performance": "speed, benchmark, fast, comparison",
    "sweeps": "sweep, hyperparameters, hyperparameter search, parameter search, Dask, Ray",
    "threads": (
        "threads, number of threads, multithreading, OMP_NUM_THREADS, limit threads, one "
        "thread, single thread, CPU threads, CPU cores, GIL, free threading, multiprocessing"
    ),
    "training": "losses, metrics, optimizers, accuracy, regularization",
    "tutorials/classify": "classification, sentiment",
    "tutorials/forecast": "forecasting, time series, regression",
    "tutorials/generate": "text generation, language model",
    "tutorials/numpy-rnn": "training loop, from scratch",
}
