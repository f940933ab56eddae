"""For small models: pictures and texts are prepared, and looked at, once before the first epoch.

TRL's own collator prepares them anew in every epoch, which takes longer than the update itself when the model
has two million parameters. Batches and results are the same (tests/tune/test_ahead.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stumper.errors import BadSetting

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Ready:
    """One pair, prepared."""

    prompt: list[int]
    completion: list[int]
    pixels: torch.Tensor
    """(images, channels, height, width)."""


class Prepared:
    """Makes batches of prepared pairs; a row names its pair by `place`."""

    def __init__(self, pairs: Sequence[Ready], *, pad: int) -> None:
        self._pairs = pairs
        self._pad = pad

    def __call__(self, rows: Sequence[dict[str, Any]]) -> dict[str, torch.Tensor]:
        """Prompt and completion, padded on the right; labels on the completion only."""
        import torch

        chosen = [self._pairs[row["place"]] for row in rows]
        longest = max(len(pair.prompt) + len(pair.completion) for pair in chosen)
        ids = torch.full((len(chosen), longest), self._pad)
        labels = torch.full((len(chosen), longest), -100)
        mask = torch.zeros((len(chosen), longest), dtype=torch.long)
        for number, pair in enumerate(chosen):
            first, end = len(pair.prompt), len(pair.prompt) + len(pair.completion)
            ids[number, :end] = torch.tensor(pair.prompt + pair.completion)
            labels[number, first:end] = torch.tensor(pair.completion)
            mask[number, :end] = 1
        return {
            "input_ids": ids,
            "attention_mask": mask,
            "labels": labels,
            "pixel_values": torch.stack([pair.pixels for pair in chosen]),
        }


def prepare(rows: Iterable[dict[str, Any]], processor: Any) -> Prepared:
    """Prepares rows of one decoded image, prompt and completion with the processor of an Idefics3."""
    from trl.data_utils import apply_chat_template, prepare_multimodal_messages

    ready = []
    for row in rows:
        messages = {
            "prompt": prepare_multimodal_messages(row["prompt"], images=row["images"]),
            "completion": prepare_multimodal_messages(row["completion"]),
        }
        texts = apply_chat_template(messages, processor)
        inputs = processor(
            images=[row["images"]], text=[texts["prompt"]], return_tensors="pt", add_special_tokens=False
        )
        completion = processor.tokenizer(texts["completion"], add_special_tokens=False)["input_ids"]
        ready.append(Ready(inputs["input_ids"][0].tolist(), list(completion), inputs["pixel_values"][0]))
    return Prepared(ready, pad=processor.tokenizer.pad_token_id)


def remember(model: Any) -> Callable[[], None]:
    """Makes the vision tower of an Idefics3 keep what it saw of each picture; returns what undoes that.

    Only for a tower that is not trained: its outputs never change. Raises BadSetting if the model has none.
    """
    import torch
    from transformers.modeling_outputs import BaseModelOutputWithPooling

    tower = getattr(getattr(model, "model", None), "vision_model", None)
    if tower is None:
        raise BadSetting("This model is no Idefics3, so it cannot look ahead. Choose another recipe.")
    look = tower.forward
    seen: dict[bytes, torch.Tensor] = {}

    def forward(pixel_values: torch.Tensor, patch_attention_mask: torch.Tensor, **_: Any) -> Any:
        keys = [hashlib.sha256(one.numpy().tobytes()).digest() for one in pixel_values]
        new = [row for row, key in enumerate(keys) if key not in seen]
        if new:
            with torch.no_grad():
                found = look(pixel_values[new], patch_attention_mask=patch_attention_mask[new])
            seen.update({keys[row]: one for row, one in zip(new, found.last_hidden_state, strict=True)})
        return BaseModelOutputWithPooling(last_hidden_state=torch.stack([seen[key] for key in keys]))

    tower.forward = forward

    def forget() -> None:
        del tower.forward
        seen.clear()

    return forget
