"""The trained weights and what they say about a batch of questions; training is in `train`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import as_file, files
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stumper.curate.classify.features import Floats, Hashes, groups, weighed
from stumper.records import Category

CATEGORIES: Final = tuple(Category)
"""The order of the columns."""
WEIGHTS: Final = "weights.npz"


class Model:
    """A linear classifier: weights (buckets, categories), bias (categories,), a temperature."""

    def __init__(self, weights: Floats, bias: Floats, vocabulary: Hashes, *, temperature: float) -> None:
        self._weights = weights
        self._bias = bias
        self._vocabulary = vocabulary
        self._temperature = temperature

    def probabilities(self, questions: Sequence[str], answers: Sequence[str]) -> NDArray[np.float64]:
        """Returns the probability of each category (questions, categories); rows sum to 1."""
        found = groups(questions, answers, self._vocabulary)
        logits = weighed(found, self._weights, len(questions)) + self._bias
        return softmax(logits.astype(np.float64) / self._temperature)


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns the rows (n, k) as probabilities."""
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


@cache
def shipped() -> Model:
    """Loads the weights of the package, once."""
    with as_file(files(__package__) / WEIGHTS) as path, np.load(path) as stored:
        scale = stored["scale"].astype(np.float32)
        return Model(
            stored["weights"].astype(np.float32) * scale,
            stored["bias"],
            stored["vocabulary"],
            temperature=float(stored["temperature"]),
        )
