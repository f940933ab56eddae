"""Which models the embedded engine runs: those of Toytown's kind, whose prompt it knows by heart."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from stumper.errors import BadSetting
from stumper.serving.source import Source
from stumper.toytown.model import CHAT_TEMPLATE

LARGEST_PX: Final = 512
"""Of a picture's side. The graphs are made for one CPU core; larger models are for a server."""


def refuse_model(source: Source) -> None:
    """Raises BadSetting for a model that the engine does not run, with the way out."""
    fault = _fault(source.config, Path(source.base) if source.base else source.folder)
    if fault:
        raise BadSetting(
            f"The embedded engine runs small models of Toytown's kind only; {source.folder} {fault}. Play it "
            f"as hf:{source.folder}, or serve it (--to vllm) and play openai:URL#NAME."
        )


def _fault(config: dict[str, Any], folder: Path) -> str:
    kind, text = config.get("model_type"), (config.get("text_config") or {}).get("model_type")
    if (kind, text) != ("idefics3", "llama"):
        return f"is {kind or 'of an unknown kind'} on {text or 'another text model'}, not idefics3 on llama"
    side = (config.get("vision_config") or {}).get("image_size", 0)
    if side > LARGEST_PX:
        return f"sees {side} pixels, over {LARGEST_PX}"
    images = _read(folder / "processor_config.json").get("image_processor") or {}
    if images.get("do_image_splitting", True):
        return "cuts pictures into squares"
    template = folder / "chat_template.jinja"
    if not template.is_file() or template.read_text(encoding="utf-8").strip() != CHAT_TEMPLATE.strip():
        return "has another chat template than Toytown's"
    return ""


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
