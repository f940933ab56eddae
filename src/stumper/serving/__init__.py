"""From a tuned model to one that is served: exports for transformers, vLLM, the embedded engine; compared."""

from __future__ import annotations

from stumper.serving.alike import Likeness, alike, drawn_items, picture_items
from stumper.serving.export import Exported, Form, export_model
from stumper.serving.origin import Origin, known_origin, origin_in
from stumper.serving.source import Source, open_source

__all__ = [
    "Exported",
    "Form",
    "Likeness",
    "Origin",
    "Source",
    "alike",
    "drawn_items",
    "export_model",
    "known_origin",
    "open_source",
    "origin_in",
    "picture_items",
]
