"""The paper's own setting (arXiv 2410.04038, section on fine-tuning), for MiniCPM-V and any other family.

LoRA on the attention of the text model, vision tower frozen, 2e-6 with a cosine, batches of 8, at most 9
slices a picture, no known data replayed. The paper ran it with DeepSpeed ZeRO-2 on two GPUs and does not
tell the rank: 64 is our choice. The rate is low, so a few thousand pairs change little.
"""

from __future__ import annotations

from typing import Final

from stumper.tune.recipes.base import ATTENTION, Recipe

GAP: Final = Recipe(
    name="gap",
    rank=64,
    alpha=64,
    rate=2e-6,
    cosine=True,
    epochs=1,
    batch=1,
    accumulate=8,
    replay_share=0.0,
    layers=ATTENTION,
    picture_tokens=640,
)
