"""Qwen2.5-VL (3, 7, 32 and 72 billion): windowed attention in its eyes, 28 x 28 pixels a token.

At most 768 tokens a picture: a photograph of 1,000 x 600 pixels as it is.
"""

from __future__ import annotations

from typing import Final

from stumper.tune.recipes.base import Recipe

QWEN2_5_VL: Final = Recipe(
    name="qwen2.5-vl",
    model_types=("qwen2_5_vl",),
    rate=1e-4,
    batch=2,
    accumulate=8,
    processor={"min_pixels": 64 * 28 * 28, "max_pixels": 768 * 28 * 28},
    picture_tokens=768,
    patience=2,
)
