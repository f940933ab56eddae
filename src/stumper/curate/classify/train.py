"""Trains the classifier of questions on the written lessons and stores its weights in the package.

    python -m stumper.curate.classify.train

Multinomial logistic regression by Adam, numpy only, about a minute on one core; the same seed writes the same
weights. The temperature is set on the examination (``lessons/exam.txt``), whose questions no template makes.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stumper.curate.classify.features import (
    BUCKETS,
    Floats,
    Group,
    Hashes,
    groups,
    read,
    weighed,
    word_hashes,
)
from stumper.curate.classify.lessons import Lesson, exam, lessons
from stumper.curate.classify.model import CATEGORIES, WEIGHTS, softmax

PER_LINE: Final = 60
ANSWERED: Final = 0.4
"""Share of lessons that show their answer, so that a question is read with and without one."""
EPOCHS: Final = 6
BATCH: Final = 256
RATE: Final = 0.05
DECAY: Final = 2e-5
"""L2, so that a rare letter run weighs little."""
SMOOTHING: Final = 0.03
KNOWN: Final = 3
"""A word is known if that many lessons have it."""


class Trained(NamedTuple):
    weights: Floats
    bias: Floats
    vocabulary: Hashes


def train(taught: Sequence[Lesson], *, seed: int, epochs: int = EPOCHS) -> Trained:
    """Returns weights (buckets, categories) and bias learned from the lessons, each category alike."""
    rng = np.random.default_rng(seed)
    labels = np.array([CATEGORIES.index(lesson.category) for lesson in taught])
    counted = np.bincount(labels, minlength=len(CATEGORIES))
    importance = (len(taught) / len(CATEGORIES) / np.maximum(1, counted)).astype(np.float32)
    vocabulary = _vocabulary(taught)
    learner = _Adam((BUCKETS + 1, len(CATEGORIES)))
    for epoch in range(epochs):
        order = rng.permutation(len(taught))
        learner.rate = RATE * (1 - epoch / epochs)
        for start in range(0, len(order), BATCH):
            chosen = order[start : start + BATCH]
            found = _features([taught[at] for at in chosen], vocabulary, rng)
            learner.step(_gradient(found, labels[chosen], importance, learner.values))
    return Trained(learner.values[:-1], learner.values[-1], vocabulary)


class _Adam:
    """Adam (Kingma and Ba, arXiv 1412.6980) with L2; the last row is the bias, which does not decay."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self.values = np.zeros(shape, np.float32)
        self.rate = RATE
        self._mean = np.zeros(shape, np.float32)
        self._square = np.zeros(shape, np.float32)
        self._steps = 0

    def step(self, gradient: Floats) -> None:
        gradient[:-1] += DECAY * self.values[:-1]
        self._steps += 1
        self._mean += 0.1 * (gradient - self._mean)
        self._square += 0.01 * (gradient * gradient - self._square)
        mean = self._mean / (1 - 0.9**self._steps)
        square = self._square / (1 - 0.99**self._steps)
        self.values -= self.rate * mean / (np.sqrt(square) + 1e-6)


def _features(taught: Sequence[Lesson], vocabulary: Hashes, rng: np.random.Generator) -> list[Group]:
    shown = rng.random(len(taught)) < ANSWERED
    answers = [lesson.answer if show else "" for lesson, show in zip(taught, shown, strict=True)]
    return groups([lesson.question for lesson in taught], answers, vocabulary)


def _gradient(
    found: Sequence[Group], labels: NDArray[np.int64], importance: Floats, values: Floats
) -> Floats:
    """Returns the gradient of the mean cross entropy with smoothed labels (buckets + 1, categories)."""
    rows, columns = len(labels), values.shape[1]
    said = softmax((weighed(found, values[:-1], rows) + values[-1]).astype(np.float64))
    wanted = np.full((rows, columns), SMOOTHING / columns)
    wanted[np.arange(rows), labels] += 1 - SMOOTHING
    error = ((said - wanted) * importance[labels][:, None] / rows).astype(np.float32)
    gradient = np.zeros_like(values)
    for group in found:
        sizes = np.bincount(group.rows, minlength=rows)
        spread = error / np.sqrt(np.maximum(1, sizes), dtype=np.float32)[:, None]
        for column in range(columns):
            gradient[:-1, column] += np.bincount(
                group.buckets, weights=spread[group.rows, column], minlength=BUCKETS
            )
    gradient[-1] = error.sum(axis=0)
    return gradient


def _vocabulary(taught: Sequence[Lesson]) -> Hashes:
    """Returns the hashes of words that several lessons have, sorted; noise and slips stay unknown."""
    seen = Counter(word_hashes(read([lesson.question for lesson in taught])).tolist())
    return np.array(sorted(one for one, times in seen.items() if times >= KNOWN), np.uint64)


def temperature(trained: Trained, unseen: Sequence[Lesson]) -> float:
    """Returns the temperature of least cross entropy on questions that were not learned from."""
    found = groups([lesson.question for lesson in unseen], [""] * len(unseen), trained.vocabulary)
    logits = (weighed(found, trained.weights, len(unseen)) + trained.bias).astype(np.float64)
    labels = [CATEGORIES.index(lesson.category) for lesson in unseen]
    grid = np.geomspace(0.5, 4, 43)
    losses = [-np.log(softmax(logits / one)[np.arange(len(unseen)), labels] + 1e-12).mean() for one in grid]
    return float(grid[int(np.argmin(losses))])


def store(path: Path, trained: Trained, *, temperature: float) -> None:
    """Writes the weights in 8 bits, one scale a category, and what else the model needs."""
    scale = np.abs(trained.weights).max(axis=0) / 127
    np.savez_compressed(
        path,
        weights=np.rint(trained.weights / scale).astype(np.int8),
        scale=scale,
        bias=trained.bias,
        vocabulary=trained.vocabulary,
        temperature=np.float64(temperature),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name(WEIGHTS))
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    taught = lessons(per_line=PER_LINE, seed=chosen.seed)
    trained = train(taught, seed=chosen.seed)
    heat = temperature(trained, exam())
    store(chosen.out, trained, temperature=heat)
    print(f"{len(taught)} questions, temperature {heat:.2f}: {chosen.out}")


if __name__ == "__main__":
    main()
