"""The byte-level BPE of a small model, read from its ``tokenizer.json``, in plain Python.

The ``tokenizers`` package does the same in Rust, and brings 40 MB with it: too much for a base install that
has one small vocabulary. Special tokens are ids only: one that a player types stays text.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

# GPT-2's way to cut a text into words. It is matched on ASCII only, see `_shadow`.
_WORD: Final = re.compile(
    r"'s|'t|'re|'ve|'m|'ll|'d| ?[A-Za-z]+| ?[0-9]+| ?[^\sA-Za-z0-9]+|\s+(?!\S)|\s+", re.ASCII
)
# What Unicode calls white space; Python's \s has four control characters more.
_SPACE: Final = "\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"


class Bpe:
    """Text to ids and back, as the checkpoint's own tokenizer does it without special tokens."""

    def __init__(self, description: dict[str, Any]) -> None:
        """``description`` is the parsed ``tokenizer.json``. Raises ValueError if it is of another kind."""
        model = description["model"]
        if model["type"] != "BPE" or description["pre_tokenizer"]["type"] != "ByteLevel":
            raise ValueError("its tokenizer is no byte-level BPE")
        self._ids: dict[str, int] = model["vocab"]
        pairs = (merge if isinstance(merge, list) else merge.split(" ") for merge in model["merges"])
        self._ranks = {(left, right): rank for rank, (left, right) in enumerate(pairs)}
        self._special: dict[str, int] = {
            token["content"]: token["id"] for token in description["added_tokens"]
        }
        known = {**self._ids, **self._special}
        self._tokens = {number: token for token, number in known.items()}
        self._prefix_space: bool = description["pre_tokenizer"]["add_prefix_space"]
        self._normalise = _normaliser(description["normalizer"])
        # Players' words repeat: 4,096 are more than a session's vocabulary.
        self._word = lru_cache(maxsize=4096)(self._merge)

    @classmethod
    def from_file(cls, path: Path) -> Bpe:
        return cls(json.loads(path.read_text(encoding="utf-8")))

    def id_of(self, token: str) -> int:
        """The id of one token, special or not. Raises ValueError if there is no such token."""
        found = self._special.get(token, self._ids.get(token))
        if found is None:
            raise ValueError(f"its tokenizer has no token {token!r}")
        return found

    def encode(self, text: str) -> list[int]:
        """The ids of any text; none for an empty one."""
        text = self._normalise(text)
        if self._prefix_space and text and not text.startswith(" "):
            text = " " + text
        shadow = "".join(map(_shadow, text))
        return [number for cut in _WORD.finditer(shadow) for number in self._word(text[slice(*cut.span())])]

    def decode(self, ids: list[int]) -> str:
        """The text of the ids; special ones are left out, broken characters become U+FFFD."""
        letters = "".join(self._tokens[number] for number in ids if self._tokens[number] not in self._special)
        return bytes(_BYTE_OF[letter] for letter in letters).decode("utf-8", errors="replace")

    def _merge(self, word: str) -> tuple[int, ...]:
        """Joins the pair that was learned first, again and again, until none of the pairs was learned."""
        parts = [_LETTER_OF[byte] for byte in word.encode("utf-8", errors="replace")]
        while len(parts) > 1:
            ranks = [self._ranks.get(pair, len(self._ranks)) for pair in pairwise(parts)]
            best = min(ranks)
            if best == len(self._ranks):
                break
            place = ranks.index(best)
            parts[place : place + 2] = [parts[place] + parts[place + 1]]
        return tuple(self._ids[part] for part in parts)


def _letters() -> dict[int, str]:
    """GPT-2's letter for each byte: itself if it can be seen, else one from U+0100 on."""
    seen = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    rest = [byte for byte in range(256) if byte not in seen]
    return {byte: chr(byte) for byte in seen} | {byte: chr(256 + n) for n, byte in enumerate(rest)}


_LETTER_OF: Final = _letters()
_BYTE_OF: Final = {letter: byte for byte, letter in _LETTER_OF.items()}


def _shadow(character: str) -> str:
    """An ASCII character of the same kind, because Python's `re` does not know letters and numbers apart."""
    if character.isascii():
        return character
    if re.match(f"[{_SPACE}]", character):
        return "\n"
    kind = unicodedata.category(character)[0]
    return {"L": "a", "N": "1"}.get(kind, "#")


def _normaliser(step: dict[str, Any] | None) -> Callable[[str], str]:
    """A function for one step of the description. Raises ValueError for a step this file does not know."""
    if step is None:
        return str
    match step["type"]:
        case "Sequence":
            steps = [_normaliser(one) for one in step["normalizers"]]

            def all_of_them(text: str) -> str:
                for one in steps:
                    text = one(text)
                return text

            return all_of_them
        case "NFKC" | "NFC" | "NFKD" | "NFD" as form:
            return lambda text: unicodedata.normalize(form, text)
        case "Lowercase":
            # Letter by letter: Python's lower() of a whole word knows a final sigma, Rust's does not.
            return lambda text: "".join(letter.lower() for letter in text)
        case "Replace":
            pattern = re.compile(step["pattern"]["Regex"].replace(r"\s", f"[{_SPACE}]"))
            return lambda text: pattern.sub(lambda _: step["content"], text)
    raise ValueError(f"its tokenizer normalises by {step['type']}, which is not supported without extras")
