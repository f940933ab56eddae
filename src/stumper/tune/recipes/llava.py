"""LLaVA 1.5 and 1.6 (7, 13 and 34 billion): CLIP eyes of 336 pixels and a text model of Llama's kind.

576 tokens a picture (1.5), up to five times as many (1.6, called LLaVA-NeXT). Its own tuning used rank 128
and 2e-4; 64 is enough for a few thousand pairs.
"""

from __future__ import annotations

from typing import Final

from stumper.tune.recipes.base import Recipe

LLAVA: Final = Recipe(
    name="llava",
    model_types=("llava", "llava_next"),
    rank=64,
    alpha=128,
    rate=2e-4,
    batch=2,
    accumulate=8,
    picture_tokens=576,
    patience=2,
)
