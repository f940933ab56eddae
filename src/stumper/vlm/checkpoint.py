"""A checkpoint, or an adapter on its base, as transformers loads it (extra ``train``); torch imported inside.

An adapter is a folder with PEFT's ``adapter_config.json``, which names its base: a folder or a name on the
hub. Knows no question and no answer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from stumper.errors import BadSetting, ModelRefused, NotFound
from stumper.vlm.vision_ops import mend_torchvision

ADAPTER: Final = "adapter_config.json"
ADAPTER_WEIGHTS: Final = "adapter_model.safetensors"
CONFIG: Final = "config.json"
_LONGEST_HEADER: Final = 100_000_000
"""Bytes; no safetensors file has a longer one."""


def is_adapter(folder: Path) -> bool:
    """Tells whether a folder holds an adapter and no whole model."""
    return (folder / ADAPTER).is_file() and not (folder / CONFIG).is_file()


def adapter_config(folder: Path) -> dict[str, Any]:
    """Returns what an adapter says of itself. Raises BadSetting if it cannot be read or names no base."""
    path = folder / ADAPTER
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadSetting(f"{path} cannot be read: {error}. Save the adapter again.") from error
    if not isinstance(config, dict) or not config.get("base_model_name_or_path"):
        raise BadSetting(
            f"{path} names no base model. Write the base's folder or hub name into base_model_name_or_path."
        )
    return config


def base_of(folder: Path) -> str:
    """Returns the base that an adapter names: a folder that is there, or a name on the hub.

    A relative folder is looked for beside the adapter, then in the working folder. Raises BadSetting, and
    NotFound for a folder that is gone.
    """
    named = str(adapter_config(folder)["base_model_name_or_path"])
    for place in (folder / named, Path(named)):
        if (place / CONFIG).is_file():
            return str(place.resolve())
    if Path(named).is_absolute() or named.startswith((".", "~")) or named.count("/") != 1:
        raise NotFound(
            f"The adapter in {folder} is for the base {named}, which is not there. Put it back, or write its "
            f"folder into {folder / ADAPTER}."
        )
    return named


def tensor_names(path: Path) -> list[str]:
    """Returns the names in a safetensors file: its header is JSON, after eight bytes of length.

    Raises BadSetting if it cannot be read.
    """
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(min(length, _LONGEST_HEADER)))
        return [name for name in header if name != "__metadata__"]
    except (OSError, ValueError) as error:
        raise BadSetting(f"{path} cannot be read: {error}. Save the adapter again.") from error


def load(source: str, *, dtype: Any) -> tuple[Any, Any]:
    """Returns model (in evaluation mode, on the CPU) and processor of a checkpoint or an adapter.

    The adapter lies on its base and is not merged. Raises ModelRefused for what cannot be loaded, and what
    `base_of` raises.
    """
    from transformers import AutoModelForImageTextToText, AutoProcessor
    from transformers.utils.logging import disable_progress_bar

    mend_torchvision()
    disable_progress_bar()  # standard error is for our own words
    adapter = Path(source) if is_adapter(Path(source)) else None
    weights = source if adapter is None else base_of(adapter)
    try:
        model = AutoModelForImageTextToText.from_pretrained(weights, dtype=dtype)
        processor = AutoProcessor.from_pretrained(weights if _without_processor(adapter) else source)
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise ModelRefused(
            f"{weights} cannot be loaded as a vision-language model: {first_line(error)} Give a folder or "
            "hub name of an image-text-to-text checkpoint with its processor."
        ) from error
    return (model if adapter is None else put_on(model, adapter)).eval(), processor


def _without_processor(adapter: Path | None) -> bool:
    names = ("processor_config.json", "preprocessor_config.json")
    return adapter is not None and not any((adapter / name).is_file() for name in names)


def put_on(model: Any, adapter: Path) -> Any:
    """Returns the base with the adapter's layers. Raises ModelRefused if they are not the base's."""
    import warnings

    from peft import PeftModel, get_peft_model_state_dict

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # PEFT calls transformers by names of old
            warnings.filterwarnings("error", message=".*missing adapter keys.*")
            adapted = PeftModel.from_pretrained(model, adapter)
            placed = get_peft_model_state_dict(adapted, save_embedding_layers=False)
        # PEFT drops what it finds no layer for
        if lost := [name for name in tensor_names(adapter / ADAPTER_WEIGHTS) if _is_lost(name, placed)]:
            raise ValueError(f"it has no layer for {lost[0]}.")
        return adapted
    except (OSError, ValueError, RuntimeError, KeyError, UserWarning) as error:
        named = adapter_config(adapter)["base_model_name_or_path"]
        raise ModelRefused(
            f"The adapter in {adapter} does not fit its base {named}: {first_line(error)} Give the base that "
            "it was trained on."
        ) from error


def _is_lost(name: str, placed: Mapping[str, Any]) -> bool:
    return ".lora_" in name and name not in placed


def first_line(error: BaseException) -> str:
    """Returns the first line of what a library said, at most 200 characters."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
