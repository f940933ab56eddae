"""Checkpoints and adapters of a few thousand random weights, of the shipped model's kind (needs torch)."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from stumper.toytown import model as tiny

WORDS = ["what colour is the ball cat dog hat left right how many", "red blue two three yes no"]
SHAPE = tiny.Shape(
    image_px=32, patch_px=8, shuffle=2, vision_layers=1, vision_width=16,
    text_layers=1, text_width=16, text_inner=32, heads=2, vocabulary=300,
)  # fmt: skip


def save_checkpoint(folder: Path, *, seed: int = 1, shape: tiny.Shape = SHAPE) -> Path:
    """A model with fresh weights; another seed, other answers."""
    tokenizer = tiny.train_tokenizer(WORDS * 20, vocabulary=shape.vocabulary)
    tiny.build_model(tokenizer, shape, seed=seed).save_pretrained(folder)
    tiny.build_processor(tokenizer, shape).save_pretrained(folder)
    return folder


def save_adapter(folder: Path, base: Path, *, seed: int = 1, **settings: Any) -> Path:
    """LoRA layers large enough to change what the base says."""
    import torch
    from peft import LoraConfig, get_peft_model

    chosen: dict[str, Any] = {"r": 4, "lora_alpha": 64, "target_modules": ["q_proj", "v_proj", "down_proj"]}
    model, _ = tiny.load(base)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # PEFT calls transformers by names of old
        adapted = get_peft_model(model, LoraConfig(**chosen | settings))
    torch.manual_seed(seed)
    for name, weight in adapted.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=1.0)
    adapted.peft_config["default"].base_model_name_or_path = str(base)
    adapted.save_pretrained(folder)
    return folder
