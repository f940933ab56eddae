"""The shipped opponent, and any like it: onnxruntime without torch.

Questions that wait while the engine works are answered together in its next decoding loop, so a room full of
players costs little more than one. And a picture that was asked about lately is not looked at again.
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from stumper.errors import ModelRefused, ModelUnavailable, NotFound
from stumper.vlm.base import Answer, Capabilities
from stumper.vlm.batching import Asked, Batcher
from stumper.vlm.picture import ball, decode

if TYPE_CHECKING:
    from stumper.vlm.engine import Engine, Floats, Said

SHIPPED: Final = Path(__file__).parent.parent / "toytown" / "weights"
_LARGEST_BATCH: Final = 32
"""Questions of one loop; more would keep the first of them waiting."""
_REMEMBERED: Final = 1024
"""Pictures whose image tokens are kept, about 20 KB each: looking is most of an answer's time."""
_UNSURE: Final = "i do not know"
"""Said instead of nothing, should the model end an answer before it began."""


class OnnxModel:
    """An exported checkpoint as an opponent; the graphs are loaded when it is opened."""

    def __init__(self, engine: Engine, *, ref: str, name: str, build: str) -> None:
        self._engine = engine
        self._ref = ref
        self._name = name
        self._build = build
        self._batches = Batcher(self._answer, largest=_LARGEST_BATCH, name="onnx")
        self._seen: OrderedDict[bytes, Floats] = OrderedDict()

    @property
    def ref(self) -> str:
        return self._ref

    @property
    def build(self) -> str:
        """The weights' own: the engine always takes the likeliest word."""
        return self._build

    async def stand_in_line(self) -> None:
        """Returns at once: the time a question waits for a batch is part of the answer's."""

    async def answer(self, image: bytes, question: str) -> Answer:
        """Raises BadImage for bytes that are no picture, and ModelUnavailable once closed."""
        if self._batches.closed:
            raise ModelUnavailable(f"The model {self._ref} is closed. Open it again.")
        started = time.perf_counter()
        said = await self._batches.ask(image, question)
        return Answer(said.text or _UNSURE, (time.perf_counter() - started) * 1000, said.tokens)

    async def check(self) -> Capabilities:
        """Asks about a generated picture."""
        answer = await self.answer(ball("red"), "What colour is the ball?")
        return Capabilities(
            model=self._name, build=self._build, vision=True, streaming=False, latency_ms=answer.latency_ms
        )

    async def close(self) -> None:
        """Lets the questions that wait be answered, then stops."""
        await self._batches.close()

    def _answer(self, batch: Sequence[Asked]) -> list[Said | Exception]:
        """One result a question; an error of one leaves the others alone."""
        try:
            seen = [self._look(asked.image) for asked in batch]
            good = [
                (tokens, asked.question)
                for tokens, asked in zip(seen, batch, strict=True)
                if not isinstance(tokens, Exception)
            ]
            said = iter(self._engine.say(*zip(*good, strict=True)) if good else ())
        except (RuntimeError, ValueError) as error:
            return [ModelRefused(f"The model {self._ref} failed: {error}. Check the folder.")] * len(batch)
        return [tokens if isinstance(tokens, Exception) else next(said) for tokens in seen]

    def _look(self, image: bytes) -> Floats | Exception:
        """The picture's image tokens, from memory if asked about lately, or what is wrong with its bytes."""
        key = hashlib.sha256(image).digest()
        if key not in self._seen:
            try:
                picture = decode(image)
            except Exception as error:
                return error
            self._seen[key] = self._engine.look([picture])[0]
            if len(self._seen) > _REMEMBERED:
                self._seen.popitem(last=False)
        self._seen.move_to_end(key)
        return self._seen[key]


def open_onnx(rest: str) -> OnnxModel:
    """Opens ``onnx:`` (the shipped model) or ``onnx:`` followed by a folder that `toytown/export.py` wrote.

    Raises NotFound for a folder without an exported model, and ModelRefused for one that cannot be used.
    """
    from stumper.vlm.engine import Engine, build_of

    folder = Path(rest).expanduser() if rest else SHIPPED
    if not folder.is_dir():
        raise NotFound(f"There is no folder {folder}. Give the folder of an exported model, or onnx: alone.")
    name = "toytown-tiny" if folder == SHIPPED else folder.name
    return OnnxModel(Engine(folder), ref=f"onnx:{rest}", name=name, build=build_of(folder))
