"""Small pieces of a Laplace approximation for many players at once (numpy): k effects each, p players."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from stumper.trust.crowd import Array, Whole

MOST_LOST: Final = 0.8
"""No direction loses more of its information: beyond that the expansion around the mode says nothing."""


NOTHING: Final = 1e-4
"""Weights up to here add nothing: most of a million answers are all but certain."""


def squares(
    who: Whole, weight: Array, parts: Sequence[Array], places: Array, *, shape: tuple[int, int]
) -> Array:
    """Returns (p, k, k): for every player the sum over ratings of weight x x', where a rating's x has
    ``parts[j]`` at the place ``places[r, j]`` and 0 elsewhere; ``shape`` is (p, k).
    """
    p, k = shape
    heavy = np.flatnonzero(weight > NOTHING)
    who, weight, places = who[heavy], weight[heavy], places[heavy]
    some = [part[heavy] for part in parts]
    upper = np.zeros(p * k * k)
    for one, left in enumerate(some):
        for other in range(one + 1):
            half = 0.5 if other == one else 1.0
            cell = (who * k + places[:, one]) * k + places[:, other]
            upper += np.bincount(cell, half * weight * left * some[other], minlength=len(upper))
    total = upper.reshape(p, k, k)
    return np.asarray(total + total.transpose(0, 2, 1))


def covariances(full: Array, missing: Array) -> Array:
    """Returns the inverses of ``full`` - ``missing``: complete less missing information (Louis 1982,
    https://doi.org/10.1111/j.2517-6161.1982.tb01203.x).
    """
    root = np.linalg.inv(np.linalg.cholesky(full))
    share, way = np.linalg.eigh(root @ missing @ root.transpose(0, 2, 1))
    way = root.transpose(0, 2, 1) @ way
    return np.asarray((way / (1.0 - np.minimum(share, MOST_LOST))[:, None, :]) @ way.transpose(0, 2, 1))


def centred_shares(who: Whole, what: Whole, *, shape: tuple[int, int]) -> Array:
    """Returns (p, c): the share of each kind in what a player did, less the mean share; 0 for who did
    nothing. ``shape`` is (p, c).
    """
    p, c = shape
    done = np.bincount(who * c + what, minlength=p * c).reshape(p, c).astype(float)
    share = done / np.maximum(done.sum(axis=1, keepdims=True), 1.0)
    does = done.sum(axis=1) > 0
    mean = share[does].sum(axis=0) / max(1, int(does.sum()))
    return np.asarray(np.where(does[:, None], share - mean, 0.0))
