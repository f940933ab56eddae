"""Any other image-text-to-text checkpoint of 0.2 to 10 billion parameters, with TRL's usual numbers.

LoRA on the linear layers of the text model; pictures as the checkpoint's own processor prepares them.
"""

from __future__ import annotations

from typing import Final

from stumper.tune.recipes.base import Recipe

STANDARD: Final = Recipe(name="standard", patience=2)
