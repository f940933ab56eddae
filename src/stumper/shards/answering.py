"""Asks a model beforehand what an evaluation will ask, by an engine; its answers go where that looks.

So the evaluation is the same code on every engine: it finds the answers and asks only what is missing.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from stumper.evaluate.kept import Kept
from stumper.evaluate.run import Item
from stumper.release.paper import write_whole
from stumper.shards.run import OnProgress, Way, work_file
from stumper.vlm.base import Answer, open_model

Question = tuple[bytes, str]


def ask_ahead(
    ref: str,
    sets: Mapping[Path, Sequence[Item]],
    *,
    folder: Path,
    way: Way,
    secrets: Mapping[str, str],
    on_progress: OnProgress | None = None,
) -> None:
    """Asks the model every item that is not in the set's file of answers yet, and writes it there.

    ``folder`` is for questions, pictures and answers meanwhile; whoever works must see it. What the model
    failed at is left out. Raises the errors of `open_model` and of `work_file`.
    """
    build, missing = asyncio.run(_missing(ref, sets, secrets))
    if not missing:
        return
    questions, answers = folder / "questions.jsonl", folder / "answers.jsonl"
    pictures = folder / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    lines = [_line(image, question, pictures) for image, question in missing]
    write_whole(questions, "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
    options = {"model": ref, "build": build, "pictures": str(pictures.resolve())}
    work_file(questions, answers, "answer", options, way=way, on_bad=_impossible, on_progress=on_progress)
    with answers.open(encoding="utf-8") as file:
        said = dict(zip(missing, map(_answer, file), strict=True))
    asyncio.run(_keep(ref, sets, said, secrets))


async def _missing(
    ref: str, sets: Mapping[Path, Sequence[Item]], secrets: Mapping[str, str]
) -> tuple[str, list[Question]]:
    """Returns the model's build, and each question that some set lacks an answer to, once."""
    model = await open_model(ref, secrets=secrets)
    try:
        build = (await model.check()).build
        found: dict[Question, None] = {}
        for path, items in sets.items():
            known = await Kept.open(path, model)
            for item in items:
                if known.find(item.image, item.question) is None:
                    found[item.image, item.question] = None
        return build, list(found)
    finally:
        await model.close()


async def _keep(
    ref: str,
    sets: Mapping[Path, Sequence[Item]],
    said: Mapping[Question, Answer | None],
    secrets: Mapping[str, str],
) -> None:
    model = await open_model(ref, secrets=secrets)
    try:
        for path, items in sets.items():
            known = await Kept.open(path, model)
            for item in items:
                answer = said.get((item.image, item.question))
                if answer is not None and known.find(item.image, item.question) is None:
                    known.keep(item.image, item.question, answer)
    finally:
        await model.close()


def _line(image: bytes, question: str, pictures: Path) -> dict[str, str]:
    name = hashlib.sha256(image).hexdigest()
    path = pictures / name
    if not path.exists() or path.stat().st_size != len(image):
        path.write_bytes(image)
    return {"question": question, "image": name}


def _answer(line: str) -> Answer | None:
    said: dict[str, Any] = json.loads(line)
    if "answer" not in said:
        return None
    return Answer(said["answer"], said["latency_ms"], said["tokens"])


def _impossible(number: int, fault: str) -> None:
    raise AssertionError(f"question {number}, written here, cannot be used: {fault}")
