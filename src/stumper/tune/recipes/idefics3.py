"""Idefics3 (8 billion): SigLIP eyes, a pixel-shuffling connector, Llama 3 as text model.

Pictures are cut into squares of 364 pixels, 169 tokens each: with three along the longer side a question
costs at most 1,690 tokens.
"""

from __future__ import annotations

from typing import Final

from stumper.tune.recipes.base import Recipe

IDEFICS3: Final = Recipe(
    name="idefics3",
    model_types=("idefics3",),
    rate=5e-5,
    batch=1,
    accumulate=16,
    processor={"size": {"longest_edge": 3 * 364}},
    picture_tokens=1690,
    patience=2,
)
