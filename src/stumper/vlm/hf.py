"""Opponents loaded by transformers from a folder or the hub (extra ``train``); torch is imported inside.

Greedy, one question at a time in a thread of its own. The chat template of the checkpoint decides where the
picture stands in the prompt (Toytown's puts the question first), so the parts are always given picture first.
"""

from __future__ import annotations

import asyncio
import hashlib
import importlib.util
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from stumper.errors import BadSetting, ModelRefused, ModelUnavailable, NotFound
from stumper.vlm.base import Answer, Capabilities
from stumper.vlm.picture import ball, decode
from stumper.vlm.question import defused
from stumper.vlm.vision_ops import mend_torchvision

_ANSWER_TOKENS: Final = 64


class HfModel:
    """A checkpoint that ``AutoModelForImageTextToText`` and ``AutoProcessor`` can load."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._loaded: tuple[Any, Any] | None = None
        # One thread: generation already uses every core, and the weights are loaded exactly once.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="hf")

    @property
    def ref(self) -> str:
        return f"hf:{self._source}"

    async def answer(self, image: bytes, question: str) -> Answer:
        """Raises BadImage, ModelRefused (no usable checkpoint) and ModelUnavailable (memory is short)."""
        started = time.perf_counter()
        text, tokens = await self._in_thread(self._answer, image, question)
        return Answer(text, (time.perf_counter() - started) * 1000, tokens)

    async def check(self) -> Capabilities:
        """Loads the weights and asks one question."""
        await self._in_thread(self._load)
        answer = await self.answer(ball("red"), "What colour is the ball?")
        build = await self._in_thread(_digest, Path(self._source))
        return Capabilities(
            model=self._source, build=build, vision=True, streaming=False, latency_ms=answer.latency_ms
        )

    async def close(self) -> None:
        """Lets a running answer end and frees the weights."""
        await asyncio.to_thread(self._thread.shutdown)
        self._loaded = None

    async def _in_thread(self, work: Any, *arguments: Any) -> Any:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)
        except RuntimeError as error:
            if "shutdown" in str(error):
                raise ModelUnavailable(f"The model {self._source} is closed. Open it again.") from error
            if "out of memory" in str(error).lower():
                raise ModelUnavailable(
                    f"The model {self._source} does not fit into memory. Use a smaller one or an "
                    "endpoint (openai:)."
                ) from error
            raise

    def _answer(self, image: bytes, question: str) -> tuple[str, int]:
        import torch

        picture = decode(image)
        model, processor = self._load()
        tokenizer = processor.tokenizer
        tokens = {*tokenizer.all_special_tokens, *tokenizer.added_tokens_encoder}
        question = defused(question, tokens=sorted(token for token in tokens if not token.isspace()))
        messages = [
            {
                "role": "user",
                "content": [{"type": "image", "image": picture}, {"type": "text", "text": question}],
            }
        ]
        inputs = processor.apply_chat_template(
            messages, add_generation_prompt=True, tokenize=True, return_dict=True, return_tensors="pt"
        ).to(model.device, dtype=model.dtype)
        with torch.inference_mode():
            output = model.generate(**inputs, max_new_tokens=_ANSWER_TOKENS, do_sample=False)
        new = output[0, inputs["input_ids"].shape[1] :]
        text = processor.decode(new, skip_special_tokens=True).strip()
        if not text:
            raise ModelRefused(f"The model {self._source} gave an empty answer. Ask in other words.")
        return text, len(new)

    def _load(self) -> tuple[Any, Any]:
        if self._loaded is None:
            import torch
            from transformers import AutoModelForImageTextToText, AutoProcessor

            mend_torchvision()
            device = "cuda" if torch.cuda.is_available() else "cpu"
            try:
                processor = AutoProcessor.from_pretrained(self._source)
                model = AutoModelForImageTextToText.from_pretrained(
                    self._source, dtype="auto" if device == "cuda" else torch.float32
                )
            except (OSError, ValueError, KeyError, ImportError) as error:
                raise ModelRefused(
                    f"{self._source} cannot be loaded as a vision-language model: {_first_line(error)} Give "
                    "a folder or hub name of an image-text-to-text checkpoint with its processor."
                ) from error
            self._loaded = (model.to(device).eval(), processor)
        return self._loaded


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


def _digest(folder: Path) -> str:
    """Returns a short digest of the weights, or "" for a name on the hub."""
    digest = hashlib.sha256()
    for path in sorted([*folder.glob("*.safetensors"), *folder.glob("config.json")]):
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:12] if folder.is_dir() else ""


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
        if not (path / "config.json").is_file():
            raise NotFound(
                f"{path} holds no config.json, so it is no checkpoint. Give the folder of a saved model."
            )
    elif looks_like_path:
        raise NotFound(
            f"There is no folder {path}. Give the folder of a saved model, or a hub name such as owner/name."
        )
    return HfModel(rest)
