"""The model of a run: loaded with the recipe's settings, its layers chosen, its change weighed at the end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from stumper.errors import BadSetting
from stumper.tune.recipes import Recipe, model_config
from stumper.vlm.vision_ops import mend_torchvision


def load(base_dir: Path, recipe: Recipe, *, remote_code: bool = False) -> tuple[Any, Any]:
    """Returns the checkpoint's model and its processor with the recipe's picture settings.

    Raises BadSetting for a model that needs Python of its own and may not run it, or that cannot be loaded.
    """
    import torch
    from transformers import AutoModelForImageTextToText, AutoProcessor
    from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES as KNOWN
    from transformers.utils.logging import disable_progress_bar as quiet

    config = model_config(base_dir)
    if config.get("auto_map") and config.get("model_type") not in KNOWN and not remote_code:
        raise BadSetting(
            f"{base_dir} brings Python code of its own, which would run with your rights. Read it, then say "
            "--trust-remote-code."
        )
    mend_torchvision()
    quiet()  # standard error tells progress in our own words
    dtype = torch.bfloat16 if recipe.bf16 and torch.cuda.is_available() else torch.float32
    try:
        processor = AutoProcessor.from_pretrained(
            base_dir, trust_remote_code=remote_code, **dict(recipe.processor)
        )
        model = AutoModelForImageTextToText.from_pretrained(
            base_dir, dtype=dtype, trust_remote_code=remote_code
        )
    except (OSError, ValueError, KeyError, ImportError) as error:
        why = (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
        if any(name in why.lower() for name in ("torchvision", "num2words")):
            why += " (pip install 'stumper[families]')"
        raise BadSetting(
            f"{base_dir} cannot be loaded as a vision-language model: {why} Give a saved checkpoint with its "
            "processor."
        ) from error
    return model, processor


def linear_layers(model: Any, recipe: Recipe) -> list[str]:
    """Names of the layers that the recipe adapts. Raises BadSetting if the model has none of them."""
    from torch import nn

    linear = [name for name, module in model.named_modules() if isinstance(module, nn.Linear)]
    found = [name for name in linear if recipe.adapts(name)]
    if not found:
        raise BadSetting(
            f"The recipe {recipe.name!r} adapts none of the model's {len(linear)} linear layers. Choose the "
            "recipe of its family: --recipe."
        )
    return found


def copy_weights(model: Any) -> dict[str, Any]:
    return {name: weight.detach().clone() for name, weight in model.named_parameters()}


def step_back(tuned: Any, before: dict[str, Any], *, keep: float) -> None:
    """Moves every weight towards what it was, so that `keep` of its change is left."""
    import torch

    with torch.no_grad():
        for name, weight in tuned.named_parameters():
            weight.lerp_(before[name].to(weight), 1.0 - keep)
