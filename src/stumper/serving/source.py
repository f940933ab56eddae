"""What is to be exported: a checkpoint or an adapter on this disk, looked at before hours are spent.

Only names and JSON are read here; no weight is loaded.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from stumper.errors import BadSetting, NotFound
from stumper.tune.recipes import model_config
from stumper.vlm.checkpoint import ADAPTER_WEIGHTS, adapter_config, base_of, is_adapter
from stumper.vlm.onnx import SHIPPED

WEIGHTS: Final = "model.safetensors"
_INDEX: Final = f"{WEIGHTS}.index.json"
_NEEDED: Final = {
    "tokenizer": ("tokenizer.json", "tokenizer.model", "vocab.json"),
    "image processor": ("processor_config.json", "preprocessor_config.json"),
}
_TEMPLATES: Final = ("chat_template.jinja", "chat_template.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A model that was found whole."""

    folder: Path
    config: dict[str, Any]
    """Of the model, or of an adapter's base; empty for a base that is only named."""
    base: str | None = None
    """What an adapter lies on, a folder or a name on the hub; None for a whole model."""
    adapter: dict[str, Any] | None = None

    @property
    def weight_bytes(self) -> int:
        """Size of the weights of the whole model, as far as they are on this disk."""
        place = Path(self.base) if self.base else self.folder
        return sum(path.stat().st_size for path in place.glob("*.safetensors"))


def open_source(model: str) -> Source:
    """Returns the model named by a folder or by ``onnx:``, ``onnx:DIR``, ``hf:DIR``.

    Raises NotFound for a folder that holds none, BadSetting for a model whose weights are not here, that does
    not see, or of which a file is missing.
    """
    folder = _folder(model)
    if is_adapter(folder):
        base = base_of(folder)
        _need(folder, (ADAPTER_WEIGHTS,), "adapter's weights")
        here = Path(base).is_dir()
        if here:
            _look_through(Path(base))
        config = model_config(Path(base)) if here else {}
        return Source(folder=folder, config=config, base=base, adapter=adapter_config(folder))
    config = model_config(folder)
    _look_through(folder)
    return Source(folder=folder, config=config)


def _folder(model: str) -> Path:
    scheme, colon, rest = model.partition(":")
    if colon and scheme in ("openai", "scripted"):
        raise BadSetting(
            f"{model} cannot be exported: only its answers are here. Give the folder of its checkpoint."
        )
    named = rest if colon and scheme in ("onnx", "hf") else model
    folder = Path(named).expanduser() if named else SHIPPED
    if not folder.is_dir():
        raise NotFound(
            f"There is no folder {folder}. Give the folder of a tuned model or of an adapter; fetch what "
            "lies on the hub first."
        )
    return folder


def _look_through(folder: Path) -> None:
    """Raises BadSetting for a checkpoint of which something is missing."""
    _need(folder, _shards(folder), "weights")
    for what, names in _NEEDED.items():
        if not any((folder / name).is_file() for name in names):
            raise BadSetting(f"{folder} has no {what} ({' or '.join(names)}). Save it beside the weights.")
    if not any((folder / name).is_file() for name in _TEMPLATES) and not _template_inside(folder):
        raise BadSetting(
            f"{folder} has no chat template, so no server knows where the picture stands. Save the processor "
            "beside the weights."
        )


def _shards(folder: Path) -> tuple[str, ...]:
    index = folder / _INDEX
    if not index.is_file():
        return (WEIGHTS,)
    try:
        return tuple(sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())))
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise BadSetting(f"{index} cannot be read: {error}. Save the model again.") from error


def _need(folder: Path, names: tuple[str, ...], what: str) -> None:
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        raise BadSetting(
            f"{folder} lacks {missing[0]} of its {what}. Save the model again, as safetensors; a run that "
            "was killed goes on with the same stumper tune."
        )


def _template_inside(folder: Path) -> bool:
    """Old checkpoints hold it in the tokenizer's configuration."""
    path = folder / "tokenizer_config.json"
    return path.is_file() and '"chat_template"' in path.read_text(encoding="utf-8")
