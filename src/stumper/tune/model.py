"""The model of a run: loaded with the recipe's settings, its layers chosen, its change weighed at the end."""

from __future__ import annotations

import importlib.util
import warnings
from pathlib import Path
from typing import Any

from stumper.errors import BadSetting
from stumper.tune.recipes import Recipe, model_config
from stumper.vlm.checkpoint import ADAPTER, base_of, is_adapter, put_on
from stumper.vlm.vision_ops import mend_torchvision


def checkpoint_under(folder: Path) -> Path:
    """Returns the checkpoint that an adapter names as its base; another folder as it is.

    Raises BadSetting for a base that is only a name on the hub, and what `base_of` raises.
    """
    if not is_adapter(folder):
        return folder
    named = base_of(folder)
    if not Path(named).is_dir():
        raise BadSetting(
            f"{folder} is an adapter of {named!r}, and that is no folder on this machine. Fetch it, and "
            f"name its folder as base_model_name_or_path in {folder / ADAPTER}."
        )
    return Path(named)


def hush() -> None:
    """Keeps bars of transformers, and its words to other libraries, off standard error, which is ours."""
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    warnings.filterwarnings("ignore", category=FutureWarning, module=r"transformers\.")


def load(base_dir: Path, recipe: Recipe, *, remote_code: bool = False) -> tuple[Any, Any]:
    """Returns the checkpoint's model and its processor with the recipe's picture settings.

    An adapter is merged into the checkpoint that it names. Raises BadSetting for a model that needs Python of
    its own and may not run it, or that cannot be loaded, and what `checkpoint_under` and `put_on` raise.
    """
    from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES as KNOWN

    root = checkpoint_under(base_dir)
    config = model_config(root)
    if config.get("auto_map") and config.get("model_type") not in KNOWN and not remote_code:
        raise BadSetting(
            f"{root} brings Python code of its own, which would run with your rights. Read it, then say "
            "--trust-remote-code."
        )
    how = _weights(recipe, adapter=root != base_dir)
    mend_torchvision()
    hush()
    try:
        model, processor = _read(root, base_dir, recipe, how, remote_code=remote_code)
    except (OSError, ValueError, KeyError, ImportError) as error:
        why = (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
        if any(name in why.lower() for name in ("torchvision", "num2words")):
            why += " (pip install 'stumper[families]')"
        raise BadSetting(
            f"{root} cannot be loaded as a vision-language model: {why} Give a saved checkpoint with its "
            "processor."
        ) from error
    return model if root == base_dir else put_on(model, base_dir).merge_and_unload(), processor


def _read(
    root: Path, base_dir: Path, recipe: Recipe, how: dict[str, Any], *, remote_code: bool
) -> tuple[Any, Any]:
    from transformers import AutoModelForImageTextToText, AutoProcessor

    own = any((base_dir / name).is_file() for name in ("processor_config.json", "preprocessor_config.json"))
    processor = AutoProcessor.from_pretrained(
        base_dir if own else root, trust_remote_code=remote_code, **dict(recipe.processor)
    )
    model = AutoModelForImageTextToText.from_pretrained(root, trust_remote_code=remote_code, **how)
    return model, processor


def _weights(recipe: Recipe, *, adapter: bool) -> dict[str, Any]:
    """How the weights are held. Raises BadSetting if they cannot be held in 4 bits."""
    import torch

    cuda = torch.cuda.is_available()
    if recipe.quantize is None:
        return {"dtype": torch.bfloat16 if recipe.bf16 and cuda else torch.float32}
    if recipe.words or adapter:
        what = "token embeddings are trained" if recipe.words else "an adapter is to be merged"
        raise BadSetting(f"Weights of 4 bits cannot change, and {what}. Leave --quantize out.")
    if not cuda:
        raise BadSetting(
            "--quantize 4bit needs an NVIDIA GPU, and none was found. Leave it out, or run it where one is."
        )
    if importlib.util.find_spec("bitsandbytes") is None:
        raise BadSetting("--quantize 4bit needs bitsandbytes: pip install 'stumper[qlora]'")
    return {"dtype": torch.bfloat16, "quantization_config": _four_bits(torch.bfloat16)}


def _four_bits(dtype: Any) -> Any:
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=dtype,
    )


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


def weaken(adapted: Any, *, keep: float) -> None:
    """The same for LoRA matrices that stay apart: their product is what they change."""
    import torch

    with torch.no_grad():
        for name, weight in adapted.named_parameters():
            if ".lora_B." in name:
                weight.mul_(keep)
