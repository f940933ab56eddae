"""The port to an opponent: one picture and one question in, one answer out.

Adapters: ``onnx`` (shipped, no torch), ``openai`` (any OpenAI-compatible endpoint), ``hf`` (transformers),
``scripted`` (tests and load). ``open_model`` picks one by reference. No adapter knows the game.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from stumper.errors import BadSetting

if TYPE_CHECKING:
    from stumper.vlm.endpoint import Patience


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """Which model of an endpoint answered, and what that took beside the generated tokens."""

    name: str
    """As it was asked for: prices are told by this name."""
    build: str
    """As its server names it, with what that says about its build."""
    prompt_tokens: int = 0
    """Read ones, the picture's included; 0 where the server does not count."""
    fallback: bool = False
    """Another model stood in, because no endpoint of the opponent answered."""
    kept: bool = False
    """The answer had been given before and was kept: nothing was asked."""

    @property
    def label(self) -> str:
        """Who answered, without any address: what is written beside the answer."""
        return f"{self.build} (fallback)" if self.fallback else self.build


@dataclass(frozen=True, slots=True)
class Answer:
    text: str
    latency_ms: float
    """Without the wait in the line in front of the model."""
    tokens: int = 0
    served: Served | None = None
    """None for a model within this process."""


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


@runtime_checkable
class Repeats(Model, Protocol):
    """A model that says the same again when it is asked the same about the same picture."""

    @property
    def build(self) -> str | None:
        """The build that would answer now; None if that is not known, or if answers are drawn by chance."""
        ...

    async def stand_in_line(self) -> None:
        """Waits as long as a question waits until the model turns to it. Raises ModelBusy like ``answer``."""
        ...


async def open_model(
    ref: str, *, secrets: Mapping[str, str] | None = None, patience: Patience | None = None
) -> Model:
    """Opens ``onnx:[DIR]``, ``openai:URL#NAME``, ``hf:DIR`` or ``scripted:[NAME]``.

    ``secrets`` maps an adapter's name to its key (``openai``), ``patience`` is for endpoints. Raises
    BadSetting for any other reference, and the errors of the adapter for a missing folder or package.
    """
    scheme, _, rest = ref.partition(":")
    if scheme == "onnx":
        from stumper.vlm.onnx import open_onnx

        return open_onnx(rest)
    if scheme == "openai":
        from stumper.vlm.openai import open_openai

        return open_openai(rest, key=(secrets or {}).get("openai"), patience=patience)
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
