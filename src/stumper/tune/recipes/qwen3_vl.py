"""Qwen3-VL (2, 4, 8 and 32 billion, dense): 32 x 32 pixels a token, eyes that speak to deep layers too.

At most 768 tokens a picture. What its eyes feed into the deeper layers of the text model stays frozen with
them.
"""

from __future__ import annotations

from typing import Final

from stumper.tune.recipes.base import Recipe

QWEN3_VL: Final = Recipe(
    name="qwen3-vl",
    model_types=("qwen3_vl",),
    rate=1e-4,
    batch=2,
    accumulate=8,
    processor={"min_pixels": 64 * 32 * 32, "max_pixels": 768 * 32 * 32},
    picture_tokens=768,
    patience=2,
)
