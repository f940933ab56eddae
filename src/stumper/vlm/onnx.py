"""The shipped opponent, and any like it: onnxruntime without torch.

Questions that wait while the engine works are answered together in its next decoding loop, so a room full of
players costs little more than one. And a picture that was asked about lately is not looked at again.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from stumper.errors import ModelRefused, ModelUnavailable, NotFound
from stumper.vlm.base import Answer, Capabilities
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


class _Waiting(NamedTuple):
    image: bytes
    question: str
    answer: asyncio.Future[Said]


class OnnxModel:
    """An exported checkpoint as an opponent; the graphs are loaded when it is opened."""

    def __init__(self, engine: Engine, *, ref: str, name: str, build: str) -> None:
        self._engine = engine
        self._ref = ref
        self._name = name
        self._build = build
        self._waiting: list[_Waiting] = []
        self._worker: asyncio.Task[None] | None = None
        # One thread: the engine is not to be shared, and the event loop stays free while it works.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="onnx")
        self._closed = False
        self._seen: OrderedDict[bytes, Floats] = OrderedDict()

    @property
    def ref(self) -> str:
        return self._ref

    async def answer(self, image: bytes, question: str) -> Answer:
        """Raises BadImage for bytes that are no picture, and ModelUnavailable once closed."""
        if self._closed:
            raise ModelUnavailable(f"The model {self._ref} is closed. Open it again.")
        started = time.perf_counter()
        waiting = _Waiting(image, question, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        said = await waiting.answer
        return Answer(said.text or _UNSURE, (time.perf_counter() - started) * 1000, said.tokens)

    async def check(self) -> Capabilities:
        """Asks about a generated picture."""
        answer = await self.answer(ball("red"), "What colour is the ball?")
        return Capabilities(
            model=self._name, build=self._build, vision=True, streaming=False, latency_ms=answer.latency_ms
        )

    async def close(self) -> None:
        """Lets the questions that wait be answered, then stops."""
        self._closed = True
        if self._worker is not None:
            await asyncio.gather(self._worker, return_exceptions=True)
        await asyncio.to_thread(self._thread.shutdown)

    async def _work(self) -> None:
        """Answers what waits, batch after batch, until nothing does."""
        loop = asyncio.get_running_loop()
        while self._waiting:
            batch, self._waiting = self._waiting[:_LARGEST_BATCH], self._waiting[_LARGEST_BATCH:]
            results = await loop.run_in_executor(self._thread, self._answer, batch)
            for waiting, result in zip(batch, results, strict=True):
                if waiting.answer.done():  # the player has gone
                    continue
                if isinstance(result, Exception):
                    waiting.answer.set_exception(result)
                else:
                    waiting.answer.set_result(result)

    def _answer(self, batch: list[_Waiting]) -> list[Said | Exception]:
        """One result a question; an error of one leaves the others alone."""
        try:
            seen = [self._look(waiting.image) for waiting in batch]
            good = [
                (tokens, waiting.question)
                for tokens, waiting in zip(seen, batch, strict=True)
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
