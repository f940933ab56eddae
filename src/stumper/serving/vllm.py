"""What vLLM needs to serve an export, as far as that can be known without it: names, settings, a command.

vLLM is not a dependency and not called. What is refused here is what its documentation (supported models,
LoRA adapters) and its loaders rule out; that the rest runs is for its first start to show.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from stumper.errors import BadSetting
from stumper.serving.source import Source
from stumper.vlm.checkpoint import ADAPTER_WEIGHTS, tensor_names

PORT: Final = 8000
ARCHITECTURES: Final = frozenset(
    {
        "Idefics3ForConditionalGeneration", "SmolVLMForConditionalGeneration",
        "Qwen2VLForConditionalGeneration", "Qwen2_5_VLForConditionalGeneration",
        "Qwen3VLForConditionalGeneration", "Qwen3VLMoeForConditionalGeneration",
        "LlavaForConditionalGeneration", "LlavaNextForConditionalGeneration",
        "InternVLForConditionalGeneration", "InternVLChatModel", "MiniCPMV",
        "MiniCPMV4_6ForConditionalGeneration",
    }
)  # fmt: skip
"""Of the families that have a recipe, those in https://docs.vllm.ai/en/latest/models/supported_models.html,
each with LoRA."""
RANKS: Final = (1, 8, 16, 32, 64, 128, 256, 320, 512)
"""What --max-lora-rank takes (vllm/config/lora.py)."""
_EYES: Final = re.compile(r"vision|visual|vpm|connector|projector|merger|resampler")


def refuse_model(source: Source) -> None:
    """Raises BadSetting for a model that vLLM does not serve, with the way out."""
    names = source.config.get("architectures") or []
    if source.config and not ARCHITECTURES & set(names):
        raise BadSetting(
            f"vLLM lists no {', '.join(names) or 'architecture'} among its models. Serve it with "
            f"transformers serve, or play {_played(source)}."
        )
    text = source.config.get("text_config") or {}
    if text.get("model_type") == "llama" and text.get("hidden_act", "silu") != "silu":
        raise BadSetting(
            f"vLLM runs Llama's layers with silu only, and this model's have {text['hidden_act']}, as all of "
            f"Toytown's size. Serve it with transformers serve, or play {_played(source)} (--to onnx)."
        )


def refuse_adapter(source: Source) -> None:
    """Raises BadSetting for an adapter that vLLM cannot put on a base while serving; merged it may do."""
    config = source.adapter or {}
    faults = [
        *(["changes modules as a whole (modules_to_save)"] if config.get("modules_to_save") else []),
        *(["is a DoRA"] if config.get("use_dora") else []),
        *(["has biases"] if config.get("bias", "none") != "none" else []),
        *([f"has rank {rank_of(config)}, over {RANKS[-1]}"] if rank_of(config) > RANKS[-1] else []),
        *_odd_weights(source.folder / ADAPTER_WEIGHTS),
    ]
    if faults:
        raise BadSetting(
            f"vLLM cannot serve the adapter in {source.folder} on its base: it {', and it '.join(faults)}. "
            "Merge it: leave out --to adapter."
        )


def _odd_weights(path: Path) -> list[str]:
    names = [name for name in tensor_names(path) if ".lora_A." not in name and ".lora_B." not in name]
    return [f"holds {names[0]}, which is no LoRA matrix"] if names else []


def rank_of(config: Mapping[str, Any]) -> int:
    """The largest rank of an adapter's layers."""
    return max([int(config.get("r", 0)), *map(int, (config.get("rank_pattern") or {}).values())])


def serve_model(name: str) -> str:
    """The command for a whole model, from within its folder."""
    words = ("vllm", "serve", '"$PWD"', "--served-model-name", shlex.quote(name), *_ADDRESS)
    return " ".join(words)


def serve_adapter(name: str, source: Source, *, recipe: Mapping[str, Any]) -> str:
    """The command for a base with the adapter beside it, which a question names by ``name``.

    The base's folder has the base's settings of pictures, so those of the recipe are said.
    """
    config = source.adapter or {}
    most = next(rank for rank in RANKS if rank >= rank_of(config))
    pictures = recipe.get("processor") or {}
    words = [
        "vllm", "serve", shlex.quote(str(source.base)), "--enable-lora", "--max-lora-rank", str(most),
        "--lora-modules", f'{shlex.quote(name)}="$PWD/adapter"',
        *(["--enable-tower-connector-lora"] if _touches_eyes(source) else []),
        *(["--mm-processor-kwargs", shlex.quote(json.dumps(pictures))] if pictures else []),
        *_ADDRESS,
    ]  # fmt: skip
    return " ".join(words)


_ADDRESS: Final = ("--host", "127.0.0.1", "--port", str(PORT))


def _touches_eyes(source: Source) -> bool:
    return any(_EYES.search(name) for name in tensor_names(source.folder / ADAPTER_WEIGHTS))


def script(command: str) -> str:
    """A shell script that runs the command from its own folder; what is said to it is added."""
    return f'#!/bin/sh\n# More options: {_MORE}\ncd "$(dirname "$0")" || exit 1\nexec {command} "$@"\n'


_MORE: Final = "https://docs.vllm.ai/en/latest/cli/serve/"


def ref(name: str) -> str:
    """The reference under which Stumper plays what the command serves."""
    return f"openai:http://127.0.0.1:{PORT}/v1#{name}"


def _played(source: Source) -> str:
    return f"hf:{source.folder}"
