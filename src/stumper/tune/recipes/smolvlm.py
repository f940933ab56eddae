"""SmolVLM and SmolVLM2 (0.26 to 2.2 billion): an Idefics3 with a small text model.

The processor cuts a picture into squares of 512 pixels and adds the whole, 64 tokens each. Two squares along
the longer side are enough for photographs of the web, and a quarter of the tokens of the default (four).
Needs the package num2words (its processor does).
"""

from __future__ import annotations

from typing import Final

from stumper.tune.recipes.base import Recipe

SMOLVLM: Final = Recipe(
    name="smolvlm",
    model_types=("smolvlm",),
    rank=16,
    alpha=32,
    rate=1e-4,
    batch=4,
    accumulate=4,
    processor={"size": {"longest_edge": 2 * 512}},
    picture_tokens=320,
    patience=2,
)
