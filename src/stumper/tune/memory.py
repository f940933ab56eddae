"""How much memory a run needs, reckoned from the checkpoint's configuration before anything is loaded.

Activations follow Korthikanti et al. 2022 (https://arxiv.org/abs/2205.05198, equation 2) without the term of
the attention matrix, which fused attention does not keep: 34 bytes a token and unit of width in each layer,
or 2 where layers are computed again on the way back (gradient checkpointing) plus one layer in full.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from stumper.errors import BadSetting
from stumper.tune.recipes import Recipe, model_config
from stumper.vlm.vision_ops import mend_torchvision

_TEXT_TOKENS: Final = 64
"""Question, answer and what the chat template adds."""
_TRAINED: Final = 16
"""Bytes of a trained weight: itself, its gradient and Adam's two means, each in single precision."""
_FOUR_BIT: Final = 0.516
"""Bytes of a weight as NF4: 4 bits, and .127 for its constants, quantised too (QLoRA, section 3)."""
_KEPT: Final = 34
_LOGITS: Final = 8
"""Bytes of a logit and its gradient, in single precision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Bytes that a run needs at its peak; the machine's own libraries come on top (1 to 2 GB on a GPU)."""

    weights: int
    trained: int
    """What is trained, with its gradients and the optimiser's state."""
    activations: int
    parameters: int
    """Of the model, frozen and trained."""
    adapters: int
    """Parameters that LoRA adds."""

    @property
    def total(self) -> int:
        return self.weights + self.trained + self.activations

    def __str__(self) -> str:
        parts = ((self.weights, "weights"), (self.trained, "training"), (self.activations, "activations"))
        told = ", ".join(f"{_size(size)} {name}" for size, name in parts)
        return (
            f"{_count(self.parameters)} parameters, {_count(self.adapters)} trained by LoRA: about "
            f"{_size(self.total)} ({told})"
        )


def plan(base: Path, recipe: Recipe, *, remote_code: bool = False) -> str:
    """Returns a sentence for people: the recipe, and what it needs. Raises what `estimate` raises but for a
    model that only its own code can build, of which nothing is reckoned.
    """
    import torch

    size = f"batches of {recipe.batch}" + (f" x {recipe.accumulate}" if recipe.accumulate > 1 else "")
    how = f"{recipe.method}, " if recipe.prefers else ""
    lora = "QLoRA" if recipe.quantize else "LoRA"
    told = f"Recipe {recipe.name}: {how}{lora} of rank {recipe.rank}, rate {recipe.peak:g}, {size}."
    if remote_code:
        return told
    return f"{told} {estimate(base, recipe, gpu=torch.cuda.is_available())}."


def estimate(base: Path, recipe: Recipe, *, gpu: bool) -> Memory:
    """Returns what tuning this checkpoint by the recipe needs; no weight is read.

    Raises BadSetting for a configuration that transformers cannot build a model from.
    """
    import torch
    from torch import nn

    mend_torchvision()
    from transformers import AutoConfig, AutoModelForImageTextToText

    model_config(base)
    try:
        config = AutoConfig.from_pretrained(base)
        with torch.device("meta"):
            model = AutoModelForImageTextToText.from_config(config)
    except (OSError, ValueError, KeyError) as error:
        why = (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
        raise BadSetting(
            f"{base} is not known to transformers: {why} If it brings code of its own, read it, then say "
            "--trust-remote-code."
        ) from error
    layers = [
        module
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear) and recipe.adapts(name)
    ]
    adapters = sum(recipe.rank * (layer.in_features + layer.out_features) for layer in layers)
    parameters = sum(weight.numel() for weight in model.parameters())
    trained = adapters + (model.get_input_embeddings().weight.numel() if recipe.words else 0)
    half = (gpu and recipe.bf16) or recipe.quantize is not None
    return Memory(
        weights=_weights(model, parameters, half=half, quantized=recipe.quantize is not None),
        trained=trained * _TRAINED,
        activations=_activations(config.get_text_config(), recipe, half=half),
        parameters=parameters,
        adapters=adapters,
    )


def _weights(model: Any, parameters: int, *, half: bool, quantized: bool) -> int:
    """Bytes of the frozen weights; of 4 bits are the linear layers but the output head."""
    from torch import nn

    if not quantized:
        return parameters * (2 if half else 4)
    packed: int = sum(
        module.weight.numel()
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear) and not name.endswith("lm_head")
    )
    return (parameters - packed) * 2 + round(packed * _FOUR_BIT)


def _activations(text: Any, recipe: Recipe, *, half: bool) -> int:
    tokens = recipe.batch * (recipe.picture_tokens + _TEXT_TOKENS)
    width, layers = int(text.hidden_size), int(text.num_hidden_layers)
    # in half precision layers are computed again on the way back
    a_unit = 2 * layers + _KEPT if half else 2 * _KEPT * layers
    return tokens * width * a_unit + tokens * int(text.vocab_size) * _LOGITS


def _size(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


def _count(number: int) -> str:
    return f"{number / 1e9:.2f} billion" if number >= 1e9 else f"{number / 1e6:.2f} million"
