"""From one record of any known layout to its questions with their references.

Known are conversations (LLaVA, GAP-VQA, ShareGPT, ms-swift, OpenAI messages), prompt/completion and
prompt/chosen (TRL), and flat columns (Hugging Face, VLMEvalKit, plain JSON Lines), with options or without.
Columns are found by name; the caller may name them. Texts come out without image tags and valid as Unicode.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from functools import lru_cache
from typing import Any, Final, NamedTuple

from stumper.release.audit.records import Columns, Sample

CONVERSATIONS: Final = ("conversations", "messages", "conversation", "dialog")
QUESTION: Final = ("question", "query", "problem", "questiontext", "prompt", "instruction", "input", "text")
ANSWER: Final = (
    "answer", "correctanswer", "referenceanswer", "reference", "groundtruth", "gtanswer", "gt",
    "multiplechoiceanswer", "answers", "completion", "chosen", "response", "output", "solution", "target",
    "label",
)  # fmt: skip
IMAGE: Final = (
    "image", "images", "imageid", "imagepath", "imagepaths", "imagefile", "imagename", "imagelink",
    "imageurl", "img", "imgpath", "imgid", "filename", "picture",
)  # fmt: skip
_ID: Final = ("id", "questionid", "qid", "index", "uid")
_SPLIT: Final = ("split",)
_OPTIONS: Final = ("choices", "options")
_ASKS: Final = frozenset(("human", "user", "question"))
_ANSWERS: Final = frozenset(("gpt", "assistant", "model", "bot", "answer"))

_TAG: Final = re.compile(r"<\|?(?:image|img|vision_start|image_pad|vision_end)(?:[ _-]?\d+)?\|?>")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_INLINE: Final = 512
"""A longer image value is the picture itself, as base64."""


class Unfit(Exception):
    """A record in which no question is found; the text says what is there."""


class Layout(NamedTuple):
    """Under which keys a record holds what; empty if it has none."""

    conversation: str
    question: str
    answer: str
    image: str
    id: str
    split: str
    options: str


@lru_cache(maxsize=1024)
def layout(keys: tuple[str, ...], columns: Columns) -> Layout:
    """Returns where to look in records with these keys. Raises Unfit if nothing looks like a question."""
    plain = {re.sub(r"[\s_-]", "", key.casefold()): key for key in reversed(keys)}

    def named(asked: str, usual: tuple[str, ...]) -> str:
        if asked and asked not in keys:
            raise Unfit(f"there is no column {asked!r}, only {_listed(keys)}")
        return asked or next((plain[name] for name in usual if name in plain), "")

    question, answer = named(columns.question, QUESTION), named(columns.answer, ANSWER)
    conversation = "" if columns.question else named("", CONVERSATIONS)
    if not question and not conversation:
        raise Unfit(f"the columns are {_listed(keys)}; none of them is known to hold a question")
    return Layout(
        conversation,
        question,
        answer if answer != question else "",
        named(columns.image, IMAGE),
        named("", _ID),
        named("", _SPLIT),
        named("", _OPTIONS),
    )


def samples(data: dict[str, Any], columns: Columns) -> list[Sample]:
    """Returns the questions of a record, one for each exchange of a conversation. Raises Unfit."""
    where = layout(tuple(map(str, data)), columns)
    turns = data.get(where.conversation)
    pairs = _exchanges(turns) if isinstance(turns, list) else [_flat(data, where)]
    if not pairs:
        raise Unfit(f"{where.conversation!r} holds no question")
    image, name = _image(data.get(where.image)), data.get(where.id)
    split = data.get(where.split)
    return [
        Sample(
            question=question,
            answer=answer,
            image=image,
            id="" if name is None else str(name),
            split=split if isinstance(split, str) else "",
        )
        for question, answer in pairs
    ]


def _exchanges(turns: list[Any]) -> list[tuple[str, str]]:
    """Pairs each question with the answer that follows it; a question without one gets an empty answer."""
    pairs: list[tuple[str, str]] = []
    asked: str | None = None
    for turn in turns:
        if not isinstance(turn, dict):
            raise Unfit("a conversation holds something that is no turn")
        role = str(turn.get("role") or turn.get("from") or "").casefold()
        said = _text(turn.get("content", turn.get("value")))
        if role in _ASKS:
            if asked is not None:
                pairs.append((asked, ""))
            asked = said
        elif role in _ANSWERS and asked is not None:
            pairs.append((asked, said))
            asked = None
    return pairs if asked is None else [*pairs, (asked, "")]


def _flat(data: dict[str, Any], where: Layout) -> tuple[str, str]:
    question = data.get(where.question)
    if question is None:
        raise Unfit(f"{where.question!r} is empty")
    return _text(question), _answer(data, where)


def _answer(data: dict[str, Any], where: Layout) -> str:
    """Returns the reference: of several the most common, of a letter or number the option it stands for."""
    value = data.get(where.answer)
    if isinstance(value, list) and value and not (isinstance(value[0], dict) and "content" in value[0]):
        said = [one.get("answer", "") if isinstance(one, dict) else one for one in value]
        value = Counter(map(str, said)).most_common(1)[0][0]
    options = data.get(where.options)
    if isinstance(value, str) and len(value) == 1 and "A" <= value <= "Z":
        option = data.get(value)
        value = option if isinstance(option, str) and option else _option(options, ord(value) - 65, value)
    elif isinstance(value, int) and not isinstance(value, bool):
        value = _option(options, value, value)
    return _text(value)


def _option(options: Any, place: int, value: Any) -> Any:
    return options[place] if isinstance(options, list) and 0 <= place < len(options) else value


def _text(value: Any) -> str:
    """Returns what is said: of a string itself, of parts and turns the texts in order."""
    if value is None or (isinstance(value, float) and value != value):  # nan is how pandas writes nothing
        return ""
    if isinstance(value, list):
        value = "\n".join(filter(None, (_part(one) for one in value)))
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # a column of counts with a hole in it
    return _SURROGATE.sub("\ufffd", _TAG.sub("", str(value))).strip()


def _part(value: Any) -> str:
    if isinstance(value, dict):
        return _text(value.get("text", value.get("content")))
    return value if isinstance(value, str) else ""


def _image(value: Any) -> str:
    """Returns a name that equal pictures share: the path, or the digest of the picture itself."""
    if isinstance(value, list):
        return " + ".join(filter(None, map(_image, value)))
    if isinstance(value, dict):
        inside = value.get("bytes")
        return digest(inside) if inside else _image(value.get("path") or value.get("url"))
    if isinstance(value, bytes):
        return digest(value)
    if isinstance(value, str):
        if len(value) > _INLINE or value.startswith("data:"):
            return digest(value.encode("utf-8", "replace"))
        return _SURROGATE.sub("\ufffd", value).strip()
    return "" if value is None or (isinstance(value, float) and value != value) else str(value)


def digest(data: bytes) -> str:
    """Returns the name of a picture that has none."""
    return "sha256:" + hashlib.sha256(data).hexdigest()[:20]


def _listed(keys: tuple[str, ...]) -> str:
    shown = ", ".join(key[:40] for key in keys[:12])
    return (shown or "none") + (f" and {len(keys) - 12} more" if len(keys) > 12 else "")
