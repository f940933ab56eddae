"""MiniCPM-V, the paper's model: from 4.6 on in transformers, older ones with Python of their own.

Up to nine slices a picture, as in the paper. Older checkpoints (MiniCPM-Llama3-V-2.5, the one that was played
there) load by code that lies beside the weights: `--trust-remote-code` lets it run, so read it before.
"""

from __future__ import annotations

from typing import Final

from stumper.tune.recipes.base import Recipe

MINICPM_V: Final = Recipe(
    name="minicpm-v",
    model_types=("minicpmv4_6", "minicpmv4_7", "minicpmv"),
    rate=5e-5,
    batch=1,
    accumulate=16,
    processor={"max_slice_nums": 9},
    picture_tokens=640,
    patience=2,
)
