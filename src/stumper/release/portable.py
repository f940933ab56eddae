"""Takes out of provenance what differs between two equal runs: times and folders of the machine."""

from __future__ import annotations

import re
from typing import Any


def portable_ref(model_ref: str) -> str:
    """Returns the reference without the folders of this machine: 'onnx:/home/me/tuned' -> 'onnx:tuned'."""
    return re.sub(r"^(onnx|hf):.*[/\\](?=[^/\\])", r"\1:", model_ref)


def portable(value: Any) -> Any:
    """Returns provenance without times (keys that end in '_at') and without folders in model references."""
    if isinstance(value, dict):
        return {key: portable(item) for key, item in value.items() if not str(key).endswith("_at")}
    if isinstance(value, list | tuple):
        return [portable(item) for item in value]
    return portable_ref(value) if isinstance(value, str) else value
