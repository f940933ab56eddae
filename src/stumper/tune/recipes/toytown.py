"""The shipped model, and any of its size: 96 pixels wide, trained from scratch, no GPU.

LoRA on every linear layer of the text model, and the token embeddings, because so small a model has answers
that it never said. Its eyes stay frozen, so every picture is looked at once, before the first epoch.
"""

from __future__ import annotations

from typing import Final

from stumper.tune.recipes.base import Recipe

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
    accumulate=1,
    image_px=96,
    keep=0.9,
    bf16=False,
    picture_tokens=36,
)
"""For the shipped model, in a few minutes on two cores; what else was tried stands in docs/log.md."""
