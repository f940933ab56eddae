"""Answers in a JSON Lines file, by model build, picture and question: a run that was killed goes on."""

from __future__ import annotations

import asyncio
import hashlib
import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Self

from stumper.vlm.base import Answer, Model


class Kept:
    """The answers of one model. The file grows with every one of them."""

    def __init__(self, path: Path, build: str, known: dict[str, Answer]) -> None:
        self._path = path
        self._build = build
        self._known = known

    @classmethod
    async def open(cls, path: Path, model: Model) -> Self:
        # the build, not the reference: other weights may lie in the same folder
        build = (await model.check()).build
        return cls(path, build, await asyncio.to_thread(_read, path))

    def _key(self, image: bytes, question: str) -> str:
        picture = hashlib.sha256(image).hexdigest()
        return hashlib.sha256(json.dumps([self._build, picture, question]).encode()).hexdigest()[:24]

    def find(self, image: bytes, question: str) -> Answer | None:
        return self._known.get(self._key(image, question))

    def keep(self, image: bytes, question: str, answer: Answer) -> None:
        key = self._key(image, question)
        self._known[key] = answer
        said = asdict(answer)
        line = {"key": key, "answer": said.pop("text"), **said}
        with self._path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


def _read(path: Path) -> dict[str, Answer]:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    if text and not text.endswith("\n"):  # a killed run may leave half a line
        text = text[: text.rfind("\n") + 1]
        path.write_text(text, encoding="utf-8", newline="\n")
    lines = [json.loads(line) for line in text.split("\n") if line]
    return {
        # Files of older versions know no latency: it is missing, not zero.
        line["key"]: Answer(line["answer"], line.get("latency_ms", math.nan), line.get("tokens", 0))
        for line in lines
    }
