"""A small Idefics3 on onnxruntime: pictures and questions in, greedy answers out, many in one decoding loop.

Knows nothing of the game, of asyncio or of torch. Reads the folder that `toytown/export.py` writes: three
graphs (vision encoder, token embeddings, decoder with its cache) beside a Hugging Face checkpoint's
configuration.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import onnxruntime
from PIL import Image

from stumper.errors import ModelRefused, NotFound
from stumper.vlm.bpe import Bpe

GRAPHS: Final = ("vision_encoder.onnx", "embed_tokens.onnx", "decoder_model_merged.onnx")
MOST_NEW_TOKENS: Final = 24
"""Longer than any answer the model was taught; a loop ends here."""
_MOST_QUESTION_TOKENS: Final = 96
"""The rest of a longer question is not read."""

Floats = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int64]


class Said(NamedTuple):
    """One answer and how many tokens it took."""

    text: str
    tokens: int


class _Prompt(NamedTuple):
    """The fixed token ids around question and picture."""

    start: list[int]
    opening: list[int]
    closing: list[int]
    pad: int
    end: int


class Engine:
    """The three graphs of one folder. Not safe for calls from several threads at a time."""

    def __init__(self, folder: Path, *, threads: int = 1) -> None:
        """Loads the graphs. Raises NotFound for a missing file and ModelRefused for an unusable one."""
        missing = [
            name
            for name in (*_FILES, *(f"onnx/{graph}" for graph in GRAPHS))
            if not (folder / name).is_file()
        ]
        if missing:
            raise NotFound(
                f"{folder} holds no exported model: {missing[0]} is missing. Tune or pretrain one, or use "
                "onnx: for the shipped model."
            )
        try:
            config = json.loads((folder / "config.json").read_text())
            self._tokenizer = Bpe.from_file(folder / "tokenizer.json")
            self._prompt = _read_prompt(self._tokenizer)
            self._see, self._embed, self._decode = (
                onnxruntime.InferenceSession(
                    folder / "onnx" / graph, _options(threads), providers=["CPUExecutionProvider"]
                )
                for graph in GRAPHS
            )
            text = config["text_config"]
            self._layers = int(text["num_hidden_layers"])
            self._heads = int(text["num_key_value_heads"])
            self._head_width = int(text["hidden_size"]) // int(text["num_attention_heads"])
            self._side_px = int(config["vision_config"]["image_size"])
        except (KeyError, ValueError, TypeError, OSError, RuntimeError) as error:
            raise ModelRefused(f"The model in {folder} cannot be used: {error}. Export it again.") from error

    def answer(self, pictures: Sequence[Image.Image], questions: Sequence[str]) -> list[Said]:
        """Answers `questions[i]` about `pictures[i]` (RGB, any size); a picture used twice is seen once.

        An empty question gets an answer too. Each answer is what it would be alone in the batch.
        """
        if not questions:
            return []
        different = {id(picture): picture for picture in pictures}
        seen = dict(zip(different, self.look(list(different.values())), strict=True))
        return self.say([seen[id(picture)] for picture in pictures], questions)

    def look(self, pictures: Sequence[Image.Image]) -> Floats:
        """Image tokens (pictures, cells, width) of at least one picture; they depend on nothing else."""
        pixels = np.stack([prepare(picture, self._side_px) for picture in pictures])
        tokens: Floats = self._see.run(None, {"pixel_values": pixels})[0]
        return tokens

    def say(self, seen: Sequence[Floats], questions: Sequence[str]) -> list[Said]:
        """Answers `questions[i]` (at least one) about the picture whose tokens `look` gave as `seen[i]`."""
        states, visible = self._lay_out(questions, np.stack(seen))
        return self._say(states, visible)

    def _lay_out(self, questions: Sequence[str], seen: Floats) -> tuple[Floats, Ids]:
        """Input states (n, length, width) and their mask; questions are padded on the left."""
        ids = [
            [
                *self._prompt.start,
                *self._tokenizer.encode(question)[:_MOST_QUESTION_TOKENS],
                *self._prompt.opening,
            ]
            for question in questions
        ]
        longest = max(map(len, ids))
        before = np.full((len(ids), longest), self._prompt.pad, dtype=np.int64)
        for row, one in enumerate(ids):
            before[row, longest - len(one) :] = one
        after = np.tile(np.array(self._prompt.closing, dtype=np.int64), (len(ids), 1))
        states = np.concatenate([self._embedded(before), seen, self._embedded(after)], axis=1)
        visible = np.ones(states.shape[:2], dtype=np.int64)
        visible[:, :longest] = before != self._prompt.pad
        return states, visible

    def _say(self, states: Floats, visible: Ids) -> list[Said]:
        """The greedy decoding loop; answers that have ended drop out of the batch."""
        said: list[list[int]] = [[] for _ in states]
        rows = np.arange(len(states))
        past = [
            np.zeros((len(states), self._heads, 0, self._head_width), dtype=np.float32)
            for _ in range(2 * self._layers)
        ]
        places = np.maximum(visible.cumsum(axis=1) - 1, 0)
        for _ in range(MOST_NEW_TOKENS):
            logits, *past = self._decode.run(None, self._feed(states, visible, places, past))
            chosen = logits[:, -1].argmax(axis=-1)
            going = chosen != self._prompt.end
            for row, token in zip(rows[going], chosen[going], strict=True):
                said[row].append(int(token))
            if not going.any():
                break
            rows, past = rows[going], [cache[going] for cache in past]
            visible = np.pad(visible[going], ((0, 0), (0, 1)), constant_values=1)
            places = visible.sum(axis=1, keepdims=True) - 1
            states = self._embedded(chosen[going][:, None])
        return [Said(self._tokenizer.decode(ids).strip(), len(ids)) for ids in said]

    def _feed(self, states: Floats, visible: Ids, places: Ids, past: list[Floats]) -> dict[str, Any]:
        caches = {
            f"past_key_values.{number // 2}.{'value' if number % 2 else 'key'}": cache
            for number, cache in enumerate(past)
        }
        return {"inputs_embeds": states, "attention_mask": visible, "position_ids": places, **caches}

    def _embedded(self, ids: Ids) -> Floats:
        states: Floats = self._embed.run(None, {"input_ids": ids})[0]
        return states


def prepare(picture: Image.Image, side_px: int) -> Floats:
    """The picture as (3, side, side) in -1..1, as the checkpoint's image processor makes it."""
    if picture.size != (side_px, side_px):
        picture = picture.resize((side_px, side_px), Image.Resampling.BOX)
    pixels = np.asarray(picture.convert("RGB"), dtype=np.float32)
    return (pixels / np.float32(127.5) - np.float32(1.0)).transpose(2, 0, 1)


def build_of(folder: Path) -> str:
    """A short digest of the graphs: it changes when the weights do."""
    digest = hashlib.sha256()
    for graph in GRAPHS:
        digest.update((folder / "onnx" / graph).read_bytes())
    return digest.hexdigest()[:12]


_FILES: Final = ("config.json", "tokenizer.json")


def _options(threads: int) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Spinning threads would take a core from the game between two questions.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _read_prompt(tokenizer: Bpe) -> _Prompt:
    """The ids of the special tokens. Raises ValueError if the tokenizer lacks one."""

    def ids(*tokens: str) -> list[int]:
        return [tokenizer.id_of(token) for token in tokens]

    fake = "<fake_token_around_image>"
    return _Prompt(ids("<s>"), ids(fake, "<global-img>"), ids(fake, "<answer>"), *ids("<pad>", "</s>"))
