"""What the vision tower is taught to see: labels for every image token, and heads that are dropped at export.

The labels come straight from the scene graph. They make hands, patterns, words and hours *visible* in the
image tokens; the language model is never asked about them in pretraining, so that tuning has a skill to teach
and not an eye to grow. Kinds that have no name yet are classes like any other, without a word.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from stumper.toytown.world import (
    BACKGROUNDS,
    COLOURS,
    KINDS,
    PATTERNED_KINDS,
    PATTERNS,
    SIDEWAYS_KINDS,
    SIGN_WORDS,
    SIZES,
    Scene,
    Thing,
)

if TYPE_CHECKING:
    import torch

HANDS: Final = ("none", "left", "right", "both")
FACINGS: Final = ("left", "right", "front", "back")
IGNORE: Final = 255
"""Label of a cell that a task says nothing about."""
EMPTY: Final = len(KINDS)
"""Class of `kind` for a cell without a thing."""
_LEAST_SHARE: Final = 0.2
"""Of a cell's area that a thing must cover to own it; a smaller corner cannot be recognised."""

TASKS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "kind": len(KINDS) + 1,
        "colour": len(COLOURS),
        "pattern": len(PATTERNS),
        "size": len(SIZES),
        "hand": len(HANDS),
        "facing": len(FACINGS),
        "open": 2,
        "word": len(SIGN_WORDS),
        "hour": 12,
        "background": len(BACKGROUNDS),
        "centre": 2,
    }
)
"""Tasks and their number of classes; `centre` marks the one cell that holds a thing's middle."""

_KIND: Final = tuple(TASKS).index("kind")
_WEIGHTS: Final[Mapping[str, float]] = MappingProxyType(
    {"facing": 2.0, "hand": 4.0, "word": 4.0, "hour": 4.0}
)
"""Rare and hard to see: without a push they were not learned."""
_EVERYWHERE: Final = frozenset(("background", "centre"))
"""Tasks that label every cell of a picture."""


def label_cells(scene: Scene, *, side: int) -> npt.NDArray[np.uint8]:
    """Returns the labels (side * side, tasks), row by row, with IGNORE where a task does not apply."""
    owners, centres = _owners(scene, side)
    labels = np.full((side * side, len(TASKS)), IGNORE, dtype=np.uint8)
    background = BACKGROUNDS.index(scene.background)
    for cell, owner in enumerate(owners):
        known = {"background": background, "centre": int(cell in centres)}
        known |= {"kind": EMPTY} if owner is None else _classes(scene.things[owner])
        for column, task in enumerate(TASKS):
            if task in known:
                labels[cell, column] = known[task]
    return labels


def mark_things(scene: Scene, things: tuple[int, ...], *, side: int) -> npt.NDArray[np.uint8]:
    """Returns 1 for the cells (side * side,) that one of these things owns, else 0."""
    owners, _ = _owners(scene, side)
    return np.array([owner in things for owner in owners], dtype=np.uint8)


def owners_of(scene: Scene, *, side: int) -> npt.NDArray[np.int8]:
    """Returns for every cell (side * side,) the id of the thing that owns it, -1 for none."""
    owners, _ = _owners(scene, side)
    return np.array([-1 if owner is None else owner for owner in owners], dtype=np.int8)


def _classes(thing: Thing) -> dict[str, int]:
    found = {
        "kind": KINDS.index(thing.kind),
        "colour": COLOURS.index(thing.colour),
        "size": SIZES.index(thing.size),
    }
    if thing.kind in SIDEWAYS_KINDS or thing.kind == "person":
        found["facing"] = FACINGS.index(thing.facing)
    if thing.kind in PATTERNED_KINDS:
        found["pattern"] = PATTERNS.index(thing.pattern)
    if thing.kind == "person":
        found["hand"] = HANDS.index(thing.hand)
    if thing.open is not None:
        found["open"] = int(thing.open)
    if thing.word in SIGN_WORDS:
        found["word"] = SIGN_WORDS.index(thing.word)
    if thing.hour:
        found["hour"] = thing.hour - 1
    return found


def _owners(scene: Scene, side: int) -> tuple[list[int | None], dict[int, int]]:
    """Who owns each cell, and the cells of the middles; a thing's middle beats a larger neighbour's edge."""
    share = np.zeros((len(scene.things), side, side))
    centres: dict[int, int] = {}
    for thing in scene.things:
        share[thing.id] = np.outer(_overlap(thing.y, thing.h, side), _overlap(thing.x, thing.w, side))
        row, column = min(int(thing.y * side), side - 1), min(int(thing.x * side), side - 1)
        share[thing.id, row, column] += 1.0
        centres[row * side + column] = thing.id
    flat = share.reshape(len(scene.things), side * side)
    best = flat.argmax(axis=0)
    return [int(who) if flat[who, cell] >= _LEAST_SHARE else None for cell, who in enumerate(best)], centres


def _overlap(middle: float, extent: float, side: int) -> npt.NDArray[np.float64]:
    """Share of each of `side` intervals of 0..1 that the extent around the middle covers."""
    edges = np.arange(side + 1) / side
    low = np.maximum(edges[:-1], middle - extent / 2)
    high = np.minimum(edges[1:], middle + extent / 2)
    covered: npt.NDArray[np.float64] = np.clip(high - low, 0.0, None) * side
    return covered


def build_heads(width: int) -> torch.nn.ModuleDict:
    """One linear head a task on the image tokens, and `grounding` on the text model's second layer."""
    from torch import nn

    heads = {task: nn.Linear(width, classes) for task, classes in TASKS.items()}
    return nn.ModuleDict({**heads, "grounding": nn.Linear(width, 1)})


def perception_loss(
    heads: torch.nn.ModuleDict, tokens: torch.Tensor, labels: torch.Tensor
) -> tuple[torch.Tensor, dict[str, float]]:
    """Cross-entropy per cell that a thing owns and, per task, the share of labelled cells read right.

    `tokens` (images, cells, width), `labels` (images, cells, tasks) with IGNORE. Every labelled cell weighs
    the same: a mean over tasks lets the few cells with words and hours drown what most say about kinds.
    """
    from torch.nn import functional

    total = tokens.new_zeros(())
    right: dict[str, float] = {}
    things = int((labels[:, :, _KIND] != EMPTY).sum())
    for column, task in enumerate(TASKS):
        wanted = labels[:, :, column]
        chosen = wanted != IGNORE
        if not bool(chosen.any()):
            continue
        logits = heads[task](tokens[chosen])
        truth = wanted[chosen].long()
        cells = functional.cross_entropy(logits, truth, reduction="none")
        share = cells.mean() if task in _EVERYWHERE else cells.sum() / max(1, things)
        total = total + _WEIGHTS.get(task, 1.0) * share
        shown = truth != EMPTY if task == "kind" else slice(None)
        right[task] = float((logits.argmax(-1) == truth)[shown].float().mean())
    return total, right


def grounding_loss(heads: torch.nn.ModuleDict, tokens: torch.Tensor, marks: torch.Tensor) -> torch.Tensor:
    """Binary cross-entropy of "the question is about this cell"; `marks` (questions, cells) in 0..1."""
    from torch.nn import functional

    return functional.binary_cross_entropy_with_logits(heads["grounding"](tokens).squeeze(-1), marks)
