"""What a recipe says: the numbers of a run, what it touches, and how pictures are prepared."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

_EYES: Final = r"(?!.*(vision|visual|vpm|connector|projector|merger|resampler|modality))"
LANGUAGE: Final = _EYES + r".*"
"""Every linear layer that does not belong to vision tower or connector."""
ATTENTION: Final = _EYES + r".*attn\.([qkvo]_proj|out_proj|in_proj_qkv)"
"""Of these only attention, as in the paper."""
ALL: Final = r".*"
"""Vision tower and connector too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """The numbers of one tuning run."""

    name: str
    model_types: tuple[str, ...] = ()
    """``model_type`` of the checkpoints it is for; none: it is chosen by name."""
    rank: int = 16
    """Of the LoRA matrices."""
    alpha: int = 32
    rate: float = 1e-4
    """Peak learning rate; it rises over the first 5 % of the steps."""
    cosine: bool = False
    """Whether the rate then falls along a cosine to zero; else in a straight line."""
    epochs: int = 1
    """Passes over the release; each brings known pairs of its own."""
    batch: int = 4
    accumulate: int = 4
    """Batches of one update."""
    replay_share: float = 0.2
    """Of what a run sees is known data, against forgetting; it is drawn from `replay`."""
    layers: str = LANGUAGE
    """Pattern of the linear layers that LoRA adapts; the output head never is one."""
    processor: Mapping[str, Any] = field(default_factory=dict)
    """Settings of the image processor, such as ``max_pixels``; they are saved with the tuned model."""
    picture_tokens: int = 1024
    """Most tokens of a picture with these settings; only the memory is reckoned from them."""
    image_px: int | None = None
    """Pictures are scaled to this square once, before training; None leaves them to the processor."""
    words: bool = False
    """Whether the token embeddings are trained too: a small model has answers that it never said."""
    ahead: bool = False
    """Whether pictures and texts are prepared, and looked at by frozen eyes, once before the first epoch."""
    keep: float = 1.0
    """Share of the change that is kept, 0..1: the result lies so far on the line from base to tuned weights.
    A little less than all gives up little of what was gained for much of what was forgotten (Wortsman et
    al. 2022, https://arxiv.org/abs/2109.01903)."""
    bf16: bool = True
    """On a GPU."""
    remote_code: bool = False
    """Whether the checkpoint brings Python of its own, which runs only with an explicit flag."""
    most_steps: int | None = None
    """Ends a run early; for tests."""

    def with_batch(self, batch: int | None) -> Recipe:
        """Returns the recipe with so many pairs at once and updates of the same size, as near as may be."""
        if batch is None:
            return self
        return replace(self, batch=batch, accumulate=max(1, round(self.batch * self.accumulate / batch)))

    def adapts(self, layer: str) -> bool:
        """Tells whether LoRA adapts the linear layer of this name."""
        return not layer.endswith("lm_head") and re.fullmatch(self.layers, layer) is not None
