"""InternVL 2.5 and 3 (1 to 78 billion), as transformers names and loads them (the -hf checkpoints).

Pictures are cut into up to twelve squares of 448 pixels, 256 tokens each; six are enough for photographs.
"""

from __future__ import annotations

from typing import Final

from stumper.tune.recipes.base import Recipe

INTERNVL: Final = Recipe(
    name="internvl",
    model_types=("internvl",),
    rate=4e-5,
    batch=2,
    accumulate=8,
    processor={"max_patches": 6},
    picture_tokens=1792,
    patience=2,
)
