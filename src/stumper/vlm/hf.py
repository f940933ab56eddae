"""Opponents loaded by transformers from a folder or the hub (extra ``train``); torch is imported inside.

Greedy; questions that wait are answered together, up to eight at a time. The chat template of the checkpoint
decides where the picture stands in the prompt (Toytown's puts the question first), so the parts are always
given picture first. An adapter's folder is played on the base that it names.
"""

from __future__ import annotations

import hashlib
import importlib.util
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from stumper.errors import BadSetting, ModelRefused, ModelUnavailable, NotFound
from stumper.vlm.base import Answer, Capabilities
from stumper.vlm.batching import Asked, Batcher
from stumper.vlm.checkpoint import ADAPTER, CONFIG, base_of, is_adapter, load
from stumper.vlm.picture import ball, decode
from stumper.vlm.question import defused

_ANSWER_TOKENS: Final = 64
_LARGEST_BATCH: Final = 8
"""Questions of one call to `generate`; pictures of large models take memory."""
_Said = tuple[str, int]


class HfModel:
    """A checkpoint that ``AutoModelForImageTextToText`` and ``AutoProcessor`` can load."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._loaded: tuple[Any, Any] | None = None
        self._batches: Batcher[_Said] = Batcher(self._answer, largest=_LARGEST_BATCH, name="hf")

    @property
    def ref(self) -> str:
        return f"hf:{self._source}"

    async def answer(self, image: bytes, question: str) -> Answer:
        """Raises BadImage, ModelRefused (no usable checkpoint) and ModelUnavailable (memory is short)."""
        started = time.perf_counter()
        text, tokens = await self._said(image, question)
        return Answer(text, (time.perf_counter() - started) * 1000, tokens)

    async def check(self) -> Capabilities:
        """Loads the weights and asks one question."""
        await self._batches.alone(self._load)
        answer = await self.answer(ball("red"), "What colour is the ball?")
        build = await self._batches.alone(_digest, Path(self._source))
        return Capabilities(
            model=self._source, build=build, vision=True, streaming=False, latency_ms=answer.latency_ms
        )

    async def close(self) -> None:
        """Lets the questions that wait be answered and frees the weights."""
        await self._batches.close()
        self._loaded = None

    async def _said(self, image: bytes, question: str) -> _Said:
        if self._batches.closed:
            raise ModelUnavailable(f"The model {self._source} is closed. Open it again.")
        try:
            return await self._batches.ask(image, question)
        except RuntimeError as error:
            if "out of memory" in str(error).lower():
                raise ModelUnavailable(
                    f"The model {self._source} does not fit into memory. Use a smaller one or an "
                    "endpoint (openai:)."
                ) from error
            raise

    def _answer(self, batch: Sequence[Asked]) -> list[_Said | Exception]:
        """One result a question; what a batch cannot do is tried one by one."""
        self._load()
        found: list[_Said | Exception] = []
        good: list[tuple[int, Any, str]] = []
        for place, asked in enumerate(batch):
            found.append(ModelRefused(f"The model {self._source} gave an empty answer. Ask in other words."))
            try:
                good.append((place, decode(asked.image), asked.question))
            except Exception as error:  # a broken picture spoils no other answer
                found[place] = error
        for place, said in zip((place for place, *_ in good), self._generated(good), strict=True):
            if isinstance(said, Exception) or said[0]:
                found[place] = said
        return found

    def _generated(self, good: Sequence[tuple[int, Any, str]]) -> list[_Said | Exception]:
        asked = [(picture, question) for _, picture, question in good]
        try:
            return list(self.generate(asked)) if asked else []
        except (RuntimeError, ValueError, IndexError, TypeError) as error:
            # short of memory, or a processor that cannot pad
            if len(asked) == 1:
                return [error]
            return [said for one in good for said in self._generated([one])]

    def generate(self, asked: Sequence[tuple[Any, str]], *, most_tokens: int = _ANSWER_TOKENS) -> list[_Said]:
        """Answers questions about PIL pictures in one call to `generate`: text and tokens of each.

        Loads the weights at the first call, which raises ModelRefused for what cannot be loaded.
        """
        import torch

        model, processor = self._load()
        inputs = _inputs(processor, asked).to(model.device, dtype=model.dtype)
        with torch.inference_mode():
            output = model.generate(**inputs, max_new_tokens=most_tokens, do_sample=False)
        new = output[:, inputs["input_ids"].shape[1] :]
        texts = processor.batch_decode(new, skip_special_tokens=True)
        pad = processor.tokenizer.pad_token_id
        return [(text.strip(), int((ids != pad).sum())) for text, ids in zip(texts, new, strict=True)]

    def _load(self) -> tuple[Any, Any]:
        if self._loaded is None:
            import torch

            device = "cuda" if torch.cuda.is_available() else "cpu"
            model, processor = load(self._source, dtype="auto" if device == "cuda" else torch.float32)
            self._loaded = (model.to(device), processor)
        return self._loaded


def _inputs(processor: Any, asked: Sequence[tuple[Any, str]]) -> Any:
    tokenizer = processor.tokenizer
    tokens = {*tokenizer.all_special_tokens, *tokenizer.added_tokens_encoder}
    control = sorted(token for token in tokens if not token.isspace())
    chats = [
        [
            {
                "role": "user",
                "content": [
                    {"type": "image", "image": picture},
                    {"type": "text", "text": defused(question, tokens=control)},
                ],
            }
        ]
        for picture, question in asked
    ]
    padding = {"processor_kwargs": {"padding": True, "padding_side": "left"}} if len(chats) > 1 else {}
    return processor.apply_chat_template(
        chats if len(chats) > 1 else chats[0],
        add_generation_prompt=True, tokenize=True, return_dict=True, return_tensors="pt", **padding,
    )  # fmt: skip


def _digest(folder: Path) -> str:
    """Returns a short digest of the weights, or "" for a name on the hub."""
    if not folder.is_dir():
        return ""
    digest = hashlib.sha256()
    for path in sorted([*folder.glob("*.safetensors"), *folder.glob(CONFIG), *folder.glob(ADAPTER)]):
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    if is_adapter(folder):  # other weights may lie in the base's folder another time
        digest.update(_digest(Path(base_of(folder))).encode())
    return digest.hexdigest()[:12]


def open_hf(rest: str) -> HfModel:
    """Opens ``hf:`` followed by a folder or a hub name; the weights are loaded at the first question.

    Raises BadSetting if the extra ``train`` is not installed, and NotFound for a folder that is not there.
    """
    if not rest:
        raise BadSetting("An hf: reference needs a folder or a hub name, such as hf:models/tuned-1.")
    if importlib.util.find_spec("torch") is None or importlib.util.find_spec("transformers") is None:
        raise BadSetting(
            "hf: needs the packages torch and transformers. Install them with: pip install 'stumper[train]'"
        )
    path = Path(rest)
    looks_like_path = path.is_absolute() or rest.startswith((".", "~")) or rest.count("/") > 1
    if path.exists():
        if is_adapter(path):
            base_of(path)
        elif not (path / CONFIG).is_file():
            raise NotFound(
                f"{path} holds no config.json, so it is no checkpoint. Give the folder of a saved model."
            )
    elif looks_like_path:
        raise NotFound(
            f"There is no folder {path}. Give the folder of a saved model, or a hub name such as owner/name."
        )
    return HfModel(rest)
