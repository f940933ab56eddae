"""A clean Hugging Face folder of a model: weights, configuration, processor, chat template, nothing else.

A whole model is copied byte by byte; an adapter is merged into its base (extra ``train``), or copied with the
base's name.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, Final

from stumper.release.export.writing import write_json
from stumper.serving.source import Source
from stumper.tune.lora import DONE
from stumper.vlm.checkpoint import ADAPTER, ADAPTER_WEIGHTS, CONFIG

_KINDS: Final = ("*.json", "*.jinja", "*.model", "*.txt")
_NOT: Final = {DONE, "trainer_state.json", "model_index.json", ADAPTER}
_GENERATION: Final = "generation_config.json"
_SPECIAL: Final = ("bos_token_id", "eos_token_id", "pad_token_id")


def write_whole_model(source: Source, folder: Path) -> None:
    """Writes the model into an empty folder; an adapter is merged.

    Raises OSError, and ModelRefused for an adapter that does not fit its base.
    """
    if source.base is None:
        _copy(source.folder, folder, "*.safetensors", *_KINDS, *_code(source))
    else:
        _merge(source, folder)
    tidy(folder)


def write_adapter(source: Source, folder: Path) -> None:
    """Writes an adapter with its base's name into a folder that is made. Raises OSError."""
    folder.mkdir()
    _copy(source.folder, folder, ADAPTER_WEIGHTS, *_KINDS)
    # a relative path would be another one from here
    write_json(folder / ADAPTER, {**(source.adapter or {}), "base_model_name_or_path": source.base})


def tidy(folder: Path) -> None:
    """Leaves no trace of the training in the configuration, and says how an answer ends.

    Gradient checkpointing switches the cache off, and some trainers save it so: every answer would be slow.
    """
    config = _read(folder / CONFIG)
    text = config.get("text_config") or config
    for part in (config, text):
        if part.get("use_cache") is False:
            part["use_cache"] = True
    write_json(folder / CONFIG, config)
    known = _read(folder / _GENERATION) if (folder / _GENERATION).is_file() else {}
    ends = {key: config.get(key, text.get(key)) for key in _SPECIAL}
    missing = {key: value for key, value in ends.items() if value is not None and known.get(key) is None}
    write_json(folder / _GENERATION, {**known, **missing, "do_sample": False})


def _merge(source: Source, folder: Path) -> None:
    """In single precision, then stored in the base's own: the sum is rounded once."""
    import torch

    from stumper.vlm.checkpoint import load

    adapted, processor = load(str(source.folder), dtype=torch.float32)
    merged = adapted.merge_and_unload()
    stored = source.config.get("dtype") or source.config.get("torch_dtype") or "float32"
    merged.to(getattr(torch, stored)).save_pretrained(folder)
    processor.save_pretrained(folder)


def _code(source: Source) -> tuple[str, ...]:
    """Checkpoints that bring Python of their own are nothing without it."""
    return ("*.py",) if source.config.get("auto_map") else ()


def _copy(source: Path, target: Path, *patterns: str) -> None:
    for pattern in patterns:
        for path in sorted(source.glob(pattern)):
            if path.is_file() and path.name not in _NOT:
                shutil.copyfile(path, target / path.name)


def _read(path: Path) -> dict[str, Any]:
    found = json.loads(path.read_text(encoding="utf-8"))
    return found if isinstance(found, dict) else {}
