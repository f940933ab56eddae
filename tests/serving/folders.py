"""Folders with the names and the JSON of checkpoints and adapters, and weights that are only a header."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from stumper.toytown.model import CHAT_TEMPLATE

TOYTOWN: dict[str, Any] = {
    "model_type": "idefics3",
    "architectures": ["Idefics3ForConditionalGeneration"],
    "use_cache": False,
    "text_config": {"model_type": "llama", "hidden_act": "relu", "eos_token_id": 2},
    "vision_config": {"image_size": 96},
}
QWEN: dict[str, Any] = {
    "model_type": "qwen2_vl",
    "architectures": ["Qwen2VLForConditionalGeneration"],
    "text_config": {"model_type": "qwen2_vl_text", "hidden_act": "silu", "eos_token_id": 2},
    "vision_config": {"depth": 1},
}


def tensors(path: Path, *names: str) -> None:
    """A safetensors file of empty tensors."""
    header = json.dumps({n: {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for n in names}).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header)


def checkpoint(folder: Path, config: dict[str, Any] = QWEN, *, without: str = "") -> Path:
    folder.mkdir(parents=True)
    images = {"image_processor": {"do_image_splitting": False}}
    files = {
        "config.json": json.dumps(config),
        "tokenizer.json": "{}",
        "processor_config.json": json.dumps(images),
        "chat_template.jinja": CHAT_TEMPLATE,
        "tuned.json": json.dumps({"recipe": {"name": "qwen2-vl", "rank": 16}, "seed": 4, "pairs": 971}),
    }
    for name, text in files.items():
        (folder / name).write_text(text)
    tensors(folder / "model.safetensors", "model.embed_tokens.weight")
    (folder / "checkpoints").mkdir()
    if without:
        (folder / without).unlink()
    return folder


def adapter(folder: Path, base: str, *names: str, **config: Any) -> Path:
    folder.mkdir(parents=True)
    told = {"base_model_name_or_path": base, "r": 16, "lora_alpha": 32, "bias": "none", **config}
    (folder / "adapter_config.json").write_text(json.dumps(told))
    layer = "base_model.model.model.language_model.layers.0.self_attn.q_proj"
    weights = names or (f"{layer}.lora_A.weight", f"{layer}.lora_B.weight")
    tensors(folder / "adapter_model.safetensors", *weights)
    return folder
