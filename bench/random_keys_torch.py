"""The twin in PyTorch of what ``bench/random_keys.py`` trains; reads what to do line by line."""

import json
import sys
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from fastrnn.cipher import Settings
from fastrnn.cipher.lesson import Lesson
from fastrnn.cipher.training import _new_model, _steps
from fastrnn.cipher.vocabulary import PADDING

#: Messages that are measured at once.
TOGETHER = 1000


class Network(nn.Module):
    """A recurrent layer over one-hot characters, and a choice among characters at every step."""

    def __init__(self, settings, symbols, classes):
        super().__init__()
        self.symbols = symbols
        kind = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}[settings.cell]
        self.recurrent = kind(symbols, settings.units, batch_first=True)
        self.output = nn.Linear(settings.units, classes)

    def forward(self, numbers):
        """Return logits, (messages, steps, classes)."""
        x = functional.one_hot(numbers, self.symbols).float()
        return self.output(self.recurrent(x)[0])

    def begin_with(self, weights):
        """Take the weights of fastrnn's network, whose LSTM has its gates in the same order.

        There is one bias in place of PyTorch's two, so that the second stays 0.
        """
        kernel, recurrent, bias, out, out_bias = map(torch.from_numpy, weights)
        with torch.no_grad():
            self.recurrent.weight_ih_l0.copy_(kernel.T)
            self.recurrent.weight_hh_l0.copy_(recurrent.T)
            self.recurrent.bias_ih_l0.copy_(bias)
            self.recurrent.bias_hh_l0.zero_()
            self.recurrent.bias_hh_l0.requires_grad_(False)
            self.output.weight.copy_(out.T)
            self.output.bias.copy_(out_bias)


class Twin:
    """The training, an epoch at a time."""

    def __init__(self, settings, threads):
        if settings.cell == "gru":
            raise SystemExit("PyTorch's GRU computes something else; --peer none")
        if settings.readout is not None:
            raise SystemExit("PyTorch's network here has no --readout; --peer none")
        torch.set_num_threads(threads)
        self.settings = settings
        self.lesson = Lesson.prepare(settings)
        config = self.lesson.config
        # What draws the weights is what fastrnn begins with, and the schedule its own.
        model = _new_model(config, _steps(self.lesson))
        self.rate = model.optimizer.schedule or (lambda step: settings.learning_rate)
        self.network = Network(settings, len(config.source), len(config.target))
        self.network.begin_with(model.get_weights())
        self.trained = [p for p in self.network.parameters() if p.requires_grad]
        self.optimizer = torch.optim.Adam(self.trained, settings.learning_rate, eps=1e-7)
        self.step = 0

    def epoch(self, number):
        """Train an epoch and measure; return what was found, and how long it took."""
        started, processor = time.perf_counter(), time.process_time()
        drawn, batch = self.lesson.training, self.settings.batch_size
        drawn.on_epoch_begin(number)
        self.network.train()
        for begin in range(0, len(drawn), batch):
            self._train(*drawn.batch(np.arange(begin, min(begin + batch, len(drawn)))))
        accuracy, loss = self._measured()
        return {
            "seconds": time.perf_counter() - started,
            "processor": time.process_time() - processor,
            "accuracy": accuracy,
            "loss": loss,
        }

    def _train(self, x, y, weights):
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate(self.step)
        self.step += 1
        loss = self._loss(torch.from_numpy(x), y, weights)[0]
        self.optimizer.zero_grad()
        loss.backward()
        if self.settings.clip_norm is not None:
            nn.utils.clip_grad_norm_(self.trained, self.settings.clip_norm)
        self.optimizer.step()

    def _loss(self, x, y, weights):
        """Return the loss and the logits: a sum over letters, divided by all steps."""
        logits = self.network(x.long())
        truth = torch.from_numpy(y[..., 0]).long()
        losses = functional.cross_entropy(logits.flatten(0, 1), truth.flatten(), reduction="none")
        return (losses * torch.from_numpy(weights).flatten()).sum() / weights.size, logits

    @torch.no_grad()
    def _measured(self):
        """Return accuracy and loss on the messages that are held out."""
        self.network.eval()
        x, y, weights = self.lesson.weighted(self.lesson.held_out)
        right, loss = 0, 0.0
        for begin in range(0, len(x), TOGETHER):
            some = slice(begin, begin + TOGETHER)
            mean, logits = self._loss(torch.from_numpy(x[some]), y[some], weights[some])
            loss += float(mean) * len(x[some]) / len(x)
            answer = logits[..., 1:].argmax(-1).numpy() + 1
            right += int(((answer == y[some, :, 0]) & (weights[some] > 0)).sum())
        return right / int(np.count_nonzero(y != PADDING)), loss


def main():
    question = json.loads(sys.stdin.readline())
    twin = Twin(Settings(**question["settings"]), question["threads"])
    print(json.dumps({"version": torch.__version__}), flush=True)
    for line in sys.stdin:
        print(json.dumps(twin.epoch(json.loads(line)["epoch"])), flush=True)


if __name__ == "__main__":
    main()
