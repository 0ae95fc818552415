"""Forecast a sensor: regression on windows, then one sample at a time as it arrives.

A pump's vibration is two waves that drift against each other, with noise. A GRU learns to say the
next sample from those before; afterwards it runs on a stream, as it would beside the sensor, and is
compared with the forecast that costs nothing: the sample that was last seen.
"""

import numpy as np

import fastrnn
from fastrnn.layers import GRU, Dense, Input
from fastrnn.models import Sequential
from fastrnn.optimizers import Adam

WINDOW, EPOCHS = 50, 6


def vibration(samples: int, rng: np.random.Generator) -> np.ndarray:
    """Return what the sensor measures, (samples, 1)."""
    t = np.arange(samples)
    signal = np.sin(0.31 * t) + 0.6 * np.sin(0.083 * t + 0.4 * np.sin(0.002 * t))
    return (signal + 0.05 * rng.standard_normal(samples)).astype(np.float32)[:, np.newaxis]


def main() -> None:
    fastrnn.set_seed(1)
    signal = vibration(12_000, np.random.default_rng(1))
    past, future = signal[:10_000], signal[10_000:]

    starts = np.arange(0, len(past) - WINDOW, 5)
    windows = past[starts[:, np.newaxis] + np.arange(WINDOW + 1)]
    x, y = windows[:, :-1], windows[:, 1:]

    model = Sequential([Input((None, 1)), GRU(32, return_sequences=True), Dense(1)])
    model.compile(Adam(0.005), "mse")
    model.fit(x, y, epochs=EPOCHS, validation_split=0.1)

    stream = model.stream()
    stream(past[-WINDOW:])  # what the sensor said before
    forecasts = np.array([stream(sample) for sample in future[:-1]])

    truth = future[1:]
    error = np.sqrt(np.mean((forecasts - truth) ** 2))
    repeated = np.sqrt(np.mean((future[:-1] - truth) ** 2))
    print("\nsample  measured  forecast")
    for i in range(0, 60, 6):
        measured, forecast = truth[i, 0], forecasts[i, 0]
        dots = [" "] * 41
        dots[round(20 + 10 * float(forecast))] = "o"
        dots[round(20 + 10 * float(measured))] = "x"
        print(f"{i:6d}  {measured:8.3f}  {forecast:8.3f}  |{''.join(dots)}|")
    print(f"\nerror of the forecast {error:.3f}, of repeating the last sample {repeated:.3f}")


if __name__ == "__main__":
    main()
