"""What a recipe says: the numbers of a run, what it touches, and how pictures are prepared."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

_EYES: Final = r"(?!.*(vision|visual|vpm|connector|projector|merger|resampler|modality))"
LANGUAGE: Final = _EYES + r".*"
"""Every linear layer that does not belong to vision tower or connector."""
ATTENTION: Final = _EYES + r".*attn\.([qkvo]_proj|out_proj|in_proj_qkv)"
"""Of these only attention, as in the paper."""
ALL: Final = r".*"
"""Vision tower and connector too."""


class Method(StrEnum):
    """What is learned from a correction and the answer it corrects."""

    SFT = "sft"
    """To say the correction (supervised fine-tuning)."""
    DPO = "dpo"
    """To prefer it to the wrong answer (Rafailov et al. 2023, https://arxiv.org/abs/2305.18290)."""
    BOTH = "sft+dpo"
    """Both losses in one run: DPO alone may make the correction less likely too, as long as the wrong answer
    falls faster (Pang et al. 2024, https://arxiv.org/abs/2404.19733)."""


class Quantize(StrEnum):
    """How the frozen weights are held while LoRA trains beside them."""

    FOUR_BIT = "4bit"
    """QLoRA: NF4 with double quantisation (Dettmers et al. 2023, https://arxiv.org/abs/2305.14314)."""


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
    method: Method = Method.SFT
    beta: float = 0.1
    """How dearly DPO pays for leaving the base model, > 0; TRL's default."""
    preference_rate: float = 5e-6
    """Peak learning rate of DPO, which breaks a model at the rates of SFT."""
    patience: int = 0
    """Ends a run after so many checks on the validation split without a lower loss, and keeps the best
    weights; 0 keeps the last ones."""
    quantize: Quantize | None = None
    bf16: bool = True
    """On a GPU."""
    remote_code: bool = False
    """Whether the checkpoint brings Python of its own, which runs only with an explicit flag."""
    most_steps: int | None = None
    """Ends a run early; for tests."""

    @property
    def prefers(self) -> bool:
        """Tells whether it learns from wrong answers too."""
        return self.method is not Method.SFT

    @property
    def peak(self) -> float:
        """The learning rate of its method."""
        return self.preference_rate if self.prefers else self.rate

    def adapts(self, layer: str) -> bool:
        """Tells whether LoRA adapts the linear layer of this name."""
        return not layer.endswith("lm_head") and re.fullmatch(self.layers, layer) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What is asked of a run, in place of what its recipe says; None leaves that as it is."""

    batch: int | None = None
    """Pairs at once; an update stays as large, as near as may be."""
    rate: float | None = None
    method: Method | None = None
    patience: int | None = None
    quantize: Quantize | None = None

    def on(self, recipe: Recipe) -> Recipe:
        """Returns the recipe as it is wished."""
        named = ("method", "patience", "quantize")
        changes = {name: getattr(self, name) for name in named if getattr(self, name) is not None}
        if self.batch is not None:
            changes["batch"] = self.batch
            changes["accumulate"] = max(1, round(recipe.batch * recipe.accumulate / self.batch))
        if self.rate is not None:
            learns_both = replace(recipe, **changes).prefers
            changes["preference_rate" if learns_both else "rate"] = self.rate
        return replace(recipe, **changes)
