"""LoRA matrices given as the model: the checkpoint that they were made for, and putting them on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from stumper.errors import BadSetting

CONFIG: Final = "adapter_config.json"
WEIGHTS: Final = "adapter_model.safetensors"


def checkpoint_under(folder: Path) -> Path:
    """Returns the checkpoint that an adapter names as its base; another folder as it is.

    Raises BadSetting if that cannot be told, or is not on this machine.
    """
    path = folder / CONFIG
    if not path.is_file() or (folder / "config.json").is_file():
        return folder
    try:
        named = json.loads(path.read_text(encoding="utf-8")).get("base_model_name_or_path")
    except (OSError, ValueError, AttributeError) as error:
        raise BadSetting(f"{path} cannot be read: {error}. Fetch the adapter again.") from error
    for root in (Path(named), folder / named) if named else ():
        if (root / "config.json").is_file():
            return root
    raise BadSetting(
        f"{folder} is an adapter of {named!r}, and that is no folder of a checkpoint on this machine. Fetch "
        f"it, and name its folder as base_model_name_or_path in {path}."
    )


def put_on(model: Any, folder: Path) -> Any:
    """Returns the model with an adapter merged into it. Raises BadSetting for an adapter of another model."""
    from peft import PeftModel, get_peft_model_state_dict
    from safetensors import SafetensorError, safe_open

    try:
        adapted = PeftModel.from_pretrained(model, str(folder))
        path = folder / WEIGHTS
        if path.is_file():
            with safe_open(path, framework="pt") as file:
                saved = set(file.keys())
            if strange := saved ^ set(get_peft_model_state_dict(adapted, save_embedding_layers=False)):
                raise ValueError(f"{len(strange)} of its weights have no place, such as {min(strange)}.")
    except (ValueError, RuntimeError, KeyError, OSError, TypeError, SafetensorError) as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        why = " ".join(lines[:2])[:300] or type(error).__name__
        raise BadSetting(
            f"The adapter {folder} does not fit the checkpoint it names: {why} Give the adapter's own base "
            "model, or a merged checkpoint."
        ) from error
    return adapted.merge_and_unload()
