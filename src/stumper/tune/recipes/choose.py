"""Which recipe fits which checkpoint; a family of your own is one more file and one line here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from stumper.errors import BadSetting, NotFound
from stumper.tune.recipes.base import Recipe
from stumper.tune.recipes.gap import GAP
from stumper.tune.recipes.idefics3 import IDEFICS3
from stumper.tune.recipes.internvl import INTERNVL
from stumper.tune.recipes.llava import LLAVA
from stumper.tune.recipes.minicpm_v import MINICPM_V
from stumper.tune.recipes.qwen2_5_vl import QWEN2_5_VL
from stumper.tune.recipes.qwen2_vl import QWEN2_VL
from stumper.tune.recipes.qwen3_vl import QWEN3_VL
from stumper.tune.recipes.smolvlm import SMOLVLM
from stumper.tune.recipes.standard import STANDARD
from stumper.tune.recipes.toytown import TINY

RECIPES: Final = {
    recipe.name: recipe
    for recipe in (
        TINY, SMOLVLM, IDEFICS3, QWEN2_VL, QWEN2_5_VL, QWEN3_VL, LLAVA, INTERNVL, MINICPM_V, GAP, STANDARD,
    )
}  # fmt: skip
_TINY_IMAGE_PX: Final = 128
"""Models that see no more than this are of Toytown's size: from scratch, not from the web."""


def recipe_named(name: str) -> Recipe:
    """Returns the recipe of this name. Raises BadSetting for another."""
    if name not in RECIPES:
        raise BadSetting(f"There is no recipe {name!r}. Choose one of {', '.join(RECIPES)}.")
    return RECIPES[name]


def recipe_for(base: Path) -> Recipe:
    """Returns the recipe that fits a checkpoint: its family's, or the standard one.

    Raises NotFound if the folder holds none, BadSetting for a model that does not see.
    """
    config = model_config(base)
    vision = config.get("vision_config") or {}
    size = vision.get("image_size")
    if isinstance(size, int) and size <= _TINY_IMAGE_PX and config.get("model_type") == "idefics3":
        return TINY
    kind = config.get("model_type")
    return next((recipe for recipe in RECIPES.values() if kind in recipe.model_types), STANDARD)


def model_config(base: Path) -> dict[str, Any]:
    """Returns ``config.json`` of a checkpoint.

    Raises NotFound if there is none, BadSetting if it cannot be read or tells of no vision model.
    """
    path = base / "config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise NotFound(
            f"{base} holds no config.json, so it is no checkpoint to tune. Give the folder of a saved model."
        ) from error
    except (OSError, ValueError) as error:
        raise BadSetting(f"{path} cannot be read: {error}. Fetch the checkpoint again.") from error
    if not isinstance(config, dict) or not _sees(config):
        kind = config.get("model_type") if isinstance(config, dict) else None
        raise BadSetting(
            f"{base} is no vision-language model (model_type {kind!r} without a vision part). Give a "
            "checkpoint that takes pictures, such as Qwen2-VL or SmolVLM."
        )
    return config


def _sees(config: dict[str, Any]) -> bool:
    return any(config.get(part) for part in ("vision_config", "visual", "vision_tower", "auto_map"))
