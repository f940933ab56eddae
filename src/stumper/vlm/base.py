"""The port to an opponent: one picture and one question in, one answer out.

Adapters: ``onnx`` (shipped, no torch), ``openai`` (any OpenAI-compatible endpoint), ``hf`` (transformers),
``scripted`` (tests and load). ``open_model`` picks one by reference. No adapter knows the game.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from stumper.errors import BadSetting


@dataclass(frozen=True, slots=True)
class Answer:
    text: str
    latency_ms: float
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an opponent can do, as found by one real call."""

    model: str
    build: str
    """Changes when the weights or the served model change."""
    vision: bool
    streaming: bool
    latency_ms: float


class Model(Protocol):
    """An opponent. Safe for concurrent calls on one event loop."""

    @property
    def ref(self) -> str: ...

    async def answer(self, image: bytes, question: str) -> Answer:
        """Answers ``question`` about the encoded picture (JPEG, PNG or WebP).

        Raises ModelUnavailable, ModelTimeout or ModelRefused; never returns an empty text.
        """
        ...

    async def check(self) -> Capabilities:
        """Asks one question about a small generated picture. Raises like ``answer``."""
        ...

    async def close(self) -> None: ...


async def open_model(ref: str, *, secrets: Mapping[str, str] | None = None) -> Model:
    """Opens ``onnx:[DIR]``, ``openai:URL#NAME``, ``hf:DIR`` or ``scripted:[NAME]``.

    ``secrets`` maps an adapter's name to its key (``openai``). Raises BadSetting for any other reference, and
    the errors of the adapter for a missing folder or package.
    """
    scheme, _, rest = ref.partition(":")
    if scheme == "onnx":
        from stumper.vlm.onnx import open_onnx

        return open_onnx(rest)
    if scheme == "openai":
        from stumper.vlm.openai import open_openai

        return open_openai(rest, key=(secrets or {}).get("openai"))
    if scheme == "hf":
        from stumper.vlm.hf import open_hf

        return open_hf(rest)
    if scheme == "scripted":
        from stumper.vlm.scripted import open_scripted

        return open_scripted(rest)
    raise BadSetting(
        f"Unknown model reference {ref!r}. Use onnx: (the shipped model), onnx:DIR, openai:URL#NAME, hf:DIR "
        "or scripted:"
    )
