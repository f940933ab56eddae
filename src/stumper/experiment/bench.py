"""One run of an experiment: tune on some pairs, ask the tests, keep the answers. A killed run goes on.

A run is a folder with its pairs, ``tuned.json`` of the tuning and, written last, ``answers.json``. The tuned
weights are deleted then: an experiment makes dozens of models, and only what they said is looked at.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from stumper.errors import Conflict, StumperError
from stumper.evaluate.run import Item, ask_all
from stumper.experiment.arms import Example
from stumper.release.paper import write_whole
from stumper.vlm.base import Model
from stumper.vlm.question import defused

Texts = dict[str, list[str | None]]
"""Answers by test, in the order of its items; None where the model failed."""
Tell = Callable[[int, int], None]
_ANSWERS: Final = "answers.json"
_TUNED: Final = "tuned.json"
_PICTURES: Final = "images"
_TUNING: Final = 0.8
"""Share of a run's time that is tuning; only the progress is reckoned from it."""


class Tuner(Protocol):
    """Tunes the base model on ``data/train.jsonl``; returns a reference of the tuned one in ``target``."""

    def __call__(self, data: Path, target: Path, *, base: str, seed: int, on_progress: Tell) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One model to tune."""

    name: str
    """Its folder."""
    base: str
    seed: int
    pairs: Sequence[Example]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Where runs are made, and what makes them."""

    out: Path
    tuner: Tuner
    how: str
    """The recipe in words: runs made otherwise are not mixed with these."""
    open_model: Callable[[str], Awaitable[Model]]
    read_picture: Callable[[str], Awaitable[bytes]]
    """The bytes of a picture by its id."""
    tests: Mapping[str, Sequence[Item]]

    def is_done(self, run: Run) -> bool:
        """Tells whether the run's answers are kept. Raises Conflict if they are of another experiment."""
        path = self._folder(run) / _ANSWERS
        if not path.is_file():
            return False
        if json.loads(path.read_text(encoding="utf-8"))["of"] != self._mark(run):
            raise Conflict(
                f"{path.parent} was made with other pairs, questions or settings. Use the same options and "
                "release, or another --out."
            )
        return True

    async def answers(self, run: Run, tell: Tell) -> Texts:
        """Makes the run, or finds it. Raises what tuning raises, and ModelError if nothing was answered."""
        folder = self._folder(run)
        # named after the mark too: what a run with other options left half done is not gone on with
        target = self.out / "tuning" / f"{run.name}-{self._mark(run)}"
        if not self.is_done(run):
            tell(0, 1000)  # loading a model takes a while before its first step
            await self._write_pairs(folder, run.pairs)
            ref = await asyncio.to_thread(
                self.tuner,
                folder,
                target,
                base=run.base,
                seed=run.seed,
                on_progress=lambda done, total: tell(round(1000 * _TUNING * done / max(total, 1)), 1000),
            )
            texts = await self._asked(
                ref, target, lambda done, total: tell(round(1000 * (_TUNING + 0.2 * done / total)), 1000)
            )
            shutil.copyfile(target / _TUNED, folder / _TUNED)
            kept = {"of": self._mark(run), "answers": texts}
            write_whole(folder / _ANSWERS, json.dumps(kept, ensure_ascii=False) + "\n")
        await asyncio.to_thread(shutil.rmtree, target, ignore_errors=True)
        found: Texts = json.loads((folder / _ANSWERS).read_text(encoding="utf-8"))["answers"]
        return found

    async def base_answers(self, ref: str, tell: Tell) -> Texts:
        """What a model says before tuning; kept as it answers. Raises ModelError if it answers nothing."""
        name = hashlib.sha256(ref.encode()).hexdigest()[:12]
        return await self._asked(ref, self.out / "base" / name, tell)

    def _folder(self, run: Run) -> Path:
        return self.out / "runs" / run.name

    async def _asked(self, ref: str, cache: Path, tell: Tell) -> Texts:
        model = await self.open_model(ref)
        total, before = sum(len(items) for items in self.tests.values()), 0
        texts: Texts = {}
        try:
            for name, items in self.tests.items():
                found = await ask_all(
                    model,
                    items,
                    lambda done, _, start=before: tell(start + done, total),  # type: ignore[misc]
                    cache=cache / f"{name}.jsonl",
                )
                texts[name] = [None if one is None else one.text for one in found]
                before += len(items)
        finally:
            await model.close()
        return texts

    async def _write_pairs(self, folder: Path, pairs: Sequence[Example]) -> None:
        pictures = self.out / _PICTURES
        await asyncio.to_thread(pictures.mkdir, parents=True, exist_ok=True)
        for image_id in dict.fromkeys(one.image_id for one in pairs):
            if not (pictures / image_id).is_file():
                await asyncio.to_thread(_put, pictures / image_id, await self.read_picture(image_id))
        write_whole(folder / "train.jsonl", "".join(_line(one) for one in pairs))

    def _mark(self, run: Run) -> str:
        """Names all that the answers depend on."""
        asked = {name: [(one.id, one.question) for one in items] for name, items in self.tests.items()}
        parts = [self.how, run.base, run.seed, [_line(one) for one in run.pairs], asked]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def _put(path: Path, data: bytes) -> None:
    """Writes a picture whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(data)
    part.replace(path)


def _line(one: Example) -> str:
    """One pair as `tune.pairs` reads it, with its picture beside the folders of the runs."""
    pair: dict[str, Any] = {
        "images": [f"../../{_PICTURES}/{one.image_id}"],
        "prompt": [{"role": "user", "content": defused(one.question)}],
        "completion": [{"role": "assistant", "content": defused(one.answer)}],
    }
    return json.dumps(pair, ensure_ascii=False) + "\n"


@dataclass(slots=True)
class Made:
    """What came of runs, by name: answers, or why there are none."""

    texts: dict[str, Texts]
    missing: dict[str, str]


async def make_all(bench: Bench, runs: Sequence[Run], on_progress: Callable[[str, int, int], None]) -> Made:
    """Makes the runs, one after the other; one that fails is missing, and the others go on.

    Raises the last error if all fail, and Conflict for a folder of another experiment, before any is made.
    """
    for run in runs:
        bench.is_done(run)
    made = Made({}, {})
    last: StumperError | None = None
    for run in runs:
        try:
            made.texts[run.name] = await bench.answers(
                run,
                lambda done, total, name=run.name: on_progress(name, done, total),  # type: ignore[misc]
            )
        except StumperError as error:
            made.missing[run.name], last = str(error), error
    if last is not None and not made.texts:
        raise last
    return made
