"""What is public on a model: what Keras's has, and what users are meant to call besides."""

import pytest

from fastrnn.models import Model, Sequential

#: Attributes and methods of Keras's models, Keras 2's among them.
OF_KERAS = {
    *("add", "build", "call", "compile", "count_params", "dtype", "evaluate", "evaluate_generator"),
    *("export", "fit", "fit_generator", "get_config", "get_layer", "get_weights", "history"),
    *("input", "input_shape", "inputs", "layers", "load_weights", "loss", "metrics"),
    *("metrics_names", "name", "non_trainable_weights", "optimizer", "output", "output_shape"),
    *("outputs", "pop", "predict", "predict_classes", "predict_generator", "predict_on_batch"),
    *("predict_proba", "reset_metrics", "reset_states", "save", "save_weights", "set_weights"),
    *("stop_training", "summary", "test_on_batch", "to_json", "train_on_batch", "trainable"),
    *("trainable_weights", "weights", "from_config"),
    *("variables", "trainable_variables", "non_trainable_variables"),
}
#: What Keras's models do not have, each with what it is for.
OF_FASTRNN = {
    "check_gradients": "what compile was told",
    "compute_gradients": "the gradients of a batch, to look at",
    "stream": "the model step by step, with its states kept",
}


@pytest.mark.parametrize("model", [Model, Sequential])
def test_nothing_else_is_public(model):
    made = Sequential()
    names = {name for name in {*dir(model), *vars(made)} if not name.startswith("_")}
    assert names - OF_KERAS == set(OF_FASTRNN)
