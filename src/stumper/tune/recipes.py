"""How a model is tuned: the numbers of a run, and which fit which model."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from stumper.errors import NotFound

_TINY_IMAGE_PX: Final = 128
"""Models that see no more than this are of Toytown's size: from scratch, not from the web."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """The numbers of one tuning run."""

    name: str
    rank: int
    """Of the LoRA matrices."""
    alpha: int
    rate: float
    """Peak learning rate; it rises over the first 5 % of the steps and falls to zero in a straight line."""
    epochs: int
    """Passes over the release; each brings known pairs of its own."""
    batch: int
    accumulate: int = 1
    """Batches of one update."""
    replay_share: float = 0.4
    """Of what a run sees is known data, against forgetting; it is drawn from `replay`."""
    eyes: bool = False
    """Whether vision tower and connector are tuned too."""
    image_px: int | None = None
    """Pictures are scaled to this square once, before training; None leaves them to the processor."""
    words: bool = False
    """Whether the token embeddings are trained too: a small model has answers that it never said."""
    ahead: bool = False
    """Whether pictures and texts are prepared, and looked at by frozen eyes, once before the first epoch."""
    keep: float = 1.0
    """Share of the change that is kept, 0..1: the result lies so far on the line from base to tuned weights.
    A little less than all gives up little of what was gained for much of what was forgotten (Wortsman et
    al. 2022, https://arxiv.org/abs/2109.01903)."""
    bf16: bool = False
    most_steps: int | None = None
    """Ends a run early; for tests."""


TINY: Final = Recipe(
    name="tiny",
    rank=32,
    alpha=64,
    rate=2e-3,
    epochs=6,
    batch=16,
    replay_share=0.5,
    words=True,
    ahead=True,
    image_px=96,
    keep=0.9,
)
"""For the shipped model, in a few minutes on two cores; what else was tried stands in docs/log.md."""

STANDARD: Final = Recipe(
    name="standard",
    rank=16,
    alpha=32,
    rate=1e-4,
    epochs=1,
    batch=4,
    accumulate=4,
    replay_share=0.2,
    bf16=True,
)
"""For pretrained models of 0.2 to 10 billion parameters, with TRL's usual numbers."""


def recipe_for(base: Path) -> Recipe:
    """The recipe that fits a checkpoint. Raises NotFound if the folder holds none."""
    config = base / "config.json"
    if not config.is_file():
        raise NotFound(
            f"{base} holds no config.json, so it is no checkpoint to tune. Give the folder of a saved model."
        )
    vision = json.loads(config.read_text()).get("vision_config") or {}
    size = vision.get("image_size")
    return TINY if isinstance(size, int) and size <= _TINY_IMAGE_PX else STANDARD
