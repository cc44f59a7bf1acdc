"""Train a small two-layer network on two interleaved spirals, and return its metrics.

Plain Python and NumPy: nothing in it knows that it runs as an ML Job. Run it here or there:

    python examples/quickstart/train.py --epochs 500
    nox -s submit -- --connection local examples/quickstart/train.py -- --epochs 500
"""

import argparse
import time

import numpy as np


def spirals(points: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Two noisy spirals of ``points`` samples each: features (2 * points, 2), labels (2 * points,)."""
    turn = np.sqrt(rng.uniform(0.05, 1, points)) * 2.5 * np.pi
    arm = np.column_stack([turn * np.cos(turn), turn * np.sin(turn)]) / 8
    features = np.vstack([arm, -arm]) + rng.normal(0, 0.03, (2 * points, 2))
    return features, np.repeat([0.0, 1.0], points)


def encode(features: np.ndarray) -> np.ndarray:
    """Add the squares, sines and cosines that let a small network follow a spiral."""
    waves = [f(k * features) for k in (2, 4, 6) for f in (np.sin, np.cos)]
    return np.hstack([features, features**2, *waves])


class Network:
    """One hidden tanh layer and a sigmoid, trained with Adam."""

    def __init__(self, inputs: int, hidden: int, rng: np.random.Generator) -> None:
        self.weights = [
            rng.normal(0, inputs**-0.5, (inputs, hidden)),
            np.zeros(hidden),
            rng.normal(0, hidden**-0.5, (hidden, 1)),
            np.zeros(1),
        ]
        self._mean = [np.zeros_like(w) for w in self.weights]
        self._square = [np.zeros_like(w) for w in self.weights]
        self._steps = 0

    def predict(self, features: np.ndarray) -> np.ndarray:
        w1, b1, w2, b2 = self.weights
        return 1 / (1 + np.exp(-(np.tanh(features @ w1 + b1) @ w2 + b2)[:, 0]))

    def step(self, features: np.ndarray, labels: np.ndarray, rate: float) -> float:
        """One gradient step on a batch; returns its mean cross-entropy."""
        w1, b1, w2, b2 = self.weights
        hidden = np.tanh(features @ w1 + b1)
        guess = 1 / (1 + np.exp(-(hidden @ w2 + b2)[:, 0]))
        error = (guess - labels)[:, None] / len(labels)
        back = error @ w2.T * (1 - hidden**2)
        self._adam([features.T @ back, back.sum(0), hidden.T @ error, error.sum(0)], rate)
        return float(-np.mean(np.log(np.where(labels > 0, guess, 1 - guess) + 1e-12)))

    def _adam(self, gradients: list[np.ndarray], rate: float) -> None:
        self._steps += 1
        for i, gradient in enumerate(gradients):
            self._mean[i] = 0.9 * self._mean[i] + 0.1 * gradient
            self._square[i] = 0.999 * self._square[i] + 0.001 * gradient**2
            mean = self._mean[i] / (1 - 0.9**self._steps)
            square = self._square[i] / (1 - 0.999**self._steps)
            self.weights[i] = self.weights[i] - rate * mean / (np.sqrt(square) + 1e-8)


def train(epochs: int, rate: float, seed: int) -> dict[str, float]:
    """Train, print the progress, and return the metrics on held-out points."""
    rng = np.random.default_rng(seed)
    features, labels = spirals(400, rng)
    test_features, test_labels = spirals(200, rng)
    inputs, test_inputs = encode(features), encode(test_features)
    network = Network(inputs.shape[1], 24, rng)
    started = time.perf_counter()
    loss = 0.0
    for epoch in range(1, epochs + 1):
        order = rng.permutation(len(labels))
        loss = float(np.mean([network.step(inputs[b], labels[b], rate) for b in np.array_split(order, 8)]))
        if epoch % max(1, epochs // 5) == 0:
            accuracy = float(np.mean((network.predict(test_inputs) > 0.5) == test_labels))
            print(f"epoch {epoch:4d}  loss {loss:.4f}  test accuracy {accuracy:.3f}", flush=True)
    accuracy = float(np.mean((network.predict(test_inputs) > 0.5) == test_labels))
    return {
        "accuracy": round(accuracy, 4),
        "loss": round(loss, 4),
        "seconds": round(time.perf_counter() - started, 2),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=200)
    parser.add_argument("--rate", type=float, default=0.01)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    # What a job assigns to __return__ is what `sfml submit` prints and `job.result()` returns.
    __return__ = train(options.epochs, options.rate, options.seed)
