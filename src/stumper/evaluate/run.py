"""Asks models and scores what they say. A failed question is missing, never wrong; a judge's None likewise.

With a cache file a run that was killed goes on where it was.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from stumper.curate.judges import score
from stumper.errors import ModelError, StumperError
from stumper.evaluate.guess import Asked, guess_scores
from stumper.evaluate.metrics import Interval, Scores, gain_interval, mean, mean_interval, places
from stumper.records import Category
from stumper.vlm.base import Model

AT_ONCE: Final = 32
"""Questions on their way to one model; the adapters batch or throttle them as they can."""

OnProgress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One question about one picture with the right answer."""

    id: str
    image: bytes = field(repr=False)
    question: str
    reference: str
    category: Category
    group: str = ""
    """The gap or skill it belongs to; empty for questions of players."""
    image_id: str = ""
    """Names the picture for the bootstrap; the hash of its bytes if empty."""
    choices: tuple[str, ...] = ()
    """Short answers that would fit, where the world knows them."""

    @property
    def picture(self) -> str:
        return self.image_id or hashlib.sha256(self.image).hexdigest()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What base and tuned said to one item; scores are nan where missing."""

    item: Item
    before: str | None
    after: str | None
    base: float
    tuned: float
    guess: float


@dataclass(frozen=True, slots=True)
class Figure:
    """Base beside tuned over some items. Means are nan where nothing was scored."""

    name: str
    items: int
    base: Interval
    tuned: Interval
    gain: Interval
    guess: float
    missing: int
    """Items that base or tuned did not answer, or that cannot be scored."""

    @property
    def closed(self) -> bool:
        """Tuned is right more often than not, beyond guessing and beyond base, with 95 % certainty."""
        return self.tuned.mean >= 0.5 and self.tuned.low > self.guess and self.gain.low > 0

    def to_json(self) -> dict[str, Any]:
        """Returns plain values; nan becomes None, which JSON knows."""
        return {
            "name": self.name,
            "items": self.items,
            "base": _interval(self.base),
            "tuned": _interval(self.tuned),
            "gain": _interval(self.gain),
            "guess": _number(self.guess),
            "missing": self.missing,
            "closed": self.closed,
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """Base beside tuned, item by item and summed up."""

    base_ref: str
    tuned_ref: str
    outcomes: tuple[Outcome, ...]
    overall: Figure
    categories: tuple[Figure, ...]
    groups: tuple[Figure, ...]
    """One a gap or skill, alphabetical; empty if the items name none."""

    def to_json(self) -> dict[str, Any]:
        """Returns the figures without the items."""
        return {
            "overall": self.overall.to_json(),
            "categories": [figure.to_json() for figure in self.categories],
            "groups": [figure.to_json() for figure in self.groups],
        }


def _quiet(_done: int, _total: int) -> None:
    return


async def answers(
    model: Model,
    items: Sequence[Item],
    on_progress: OnProgress = _quiet,
    *,
    cache: Path | None = None,
) -> list[str | None]:
    """Returns what the model says to each item, in order; None where it failed.

    ``cache`` is a JSON Lines file that grows with every answer and spares the questions already in it;
    failures are asked again. Raises the last ModelError if the model failed at every question.
    """
    known = await _Cache.open(cache, model) if cache else None
    gate = asyncio.Semaphore(AT_ONCE)
    done = 0
    failures: list[ModelError] = []

    async def one(item: Item) -> str | None:
        nonlocal done
        said = known.find(item) if known else None
        if said is None:
            async with gate:
                said = await _ask(model, item, failures)
            if known and said is not None:
                known.keep(item, said)
        done += 1
        on_progress(done, len(items))
        return said

    found = await asyncio.gather(*(one(item) for item in items))
    if failures and not any(found):
        raise failures[-1]
    return found


async def _ask(model: Model, item: Item, failures: list[ModelError]) -> str | None:
    try:
        return (await model.answer(item.image, item.question)).text
    except ModelError as error:
        failures.append(error)
    except StumperError:  # a picture that the model refuses: missing, the others go on
        pass
    return None


async def compare(
    base: Model,
    tuned: Model,
    items: Sequence[Item],
    *,
    seed: int,
    on_progress: OnProgress = _quiet,
    cache: Path | None = None,
) -> Comparison:
    """Asks both models every item and scores them; ``cache`` is a folder with one file a model.

    ``seed`` is that of the bootstrap. Raises ModelError if a model answers nothing at all.
    """
    total = 2 * len(items)
    base_file, tuned_file = (cache / "base.jsonl", cache / "tuned.jsonl") if cache else (None, None)
    before = await answers(base, items, lambda done, _: on_progress(done, total), cache=base_file)
    after = await answers(
        tuned, items, lambda done, _: on_progress(len(items) + done, total), cache=tuned_file
    )
    return compared(items, before, after, base_ref=base.ref, tuned_ref=tuned.ref, seed=seed)


def compared(
    items: Sequence[Item],
    before: Sequence[str | None],
    after: Sequence[str | None],
    *,
    base_ref: str,
    tuned_ref: str,
    seed: int,
) -> Comparison:
    """Scores answers that are there already. Raises ValueError if there are not as many as items."""
    guesses = guess_scores([_asked(item) for item in items])
    outcomes = tuple(
        Outcome(item, one, two, _scored(item, one), _scored(item, two), float(guess))
        for item, one, two, guess in zip(items, before, after, guesses, strict=True)
    )
    return Comparison(
        base_ref=base_ref,
        tuned_ref=tuned_ref,
        outcomes=outcomes,
        overall=figure("all", outcomes, seed=seed),
        categories=_split(outcomes, [str(item.category) for item in items], seed=seed),
        groups=_split(outcomes, [item.group for item in items], seed=seed),
    )


def figure(name: str, outcomes: Sequence[Outcome], *, seed: int) -> Figure:
    """Returns the figures of some outcomes."""
    base, tuned, guess = (_column(outcomes, what) for what in ("base", "tuned", "guess"))
    images = [outcome.item.picture for outcome in outcomes]
    return Figure(
        name=name,
        items=len(outcomes),
        base=mean_interval(base, images, seed=seed),
        tuned=mean_interval(tuned, images, seed=seed),
        gain=gain_interval(base, tuned, images, seed=seed),
        guess=mean(guess),
        missing=int(np.count_nonzero(np.isnan(base) | np.isnan(tuned))),
    )


def _split(outcomes: Sequence[Outcome], names: Sequence[str], *, seed: int) -> tuple[Figure, ...]:
    return tuple(
        figure(name, [outcomes[place] for place in where], seed=seed)
        for name, where in places(names).items()
        if name
    )


def _asked(item: Item) -> Asked:
    return Asked(
        question=item.question,
        reference=item.reference,
        category=item.category,
        group=item.group,
        choices=item.choices,
    )


def _scored(item: Item, answer: str | None) -> float:
    value = score(item.question, item.reference, answer, category=item.category)
    return math.nan if value is None else value


def _column(outcomes: Sequence[Outcome], name: str) -> Scores:
    return np.array([getattr(outcome, name) for outcome in outcomes], dtype=np.float64)


def _interval(interval: Interval) -> dict[str, float | None]:
    return {name: _number(value) for name, value in interval._asdict().items()}


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _known_answers(path: Path) -> dict[str, str]:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    if text and not text.endswith("\n"):  # a killed run may leave half a line
        text = text[: text.rfind("\n") + 1]
        path.write_text(text, encoding="utf-8", newline="\n")
    lines = [json.loads(line) for line in text.split("\n") if line]
    return {line["key"]: line["answer"] for line in lines}


class _Cache:
    """Answers in a JSON Lines file, by model build, picture and question."""

    def __init__(self, path: Path, build: str, known: dict[str, str]) -> None:
        self._path = path
        self._build = build
        self._known = known

    @classmethod
    async def open(cls, path: Path, model: Model) -> _Cache:
        # the build, not the reference: other weights may lie in the same folder
        build = (await model.check()).build
        return cls(path, build, await asyncio.to_thread(_known_answers, path))

    def _key(self, item: Item) -> str:
        picture = hashlib.sha256(item.image).hexdigest()
        return hashlib.sha256(json.dumps([self._build, picture, item.question]).encode()).hexdigest()[:24]

    def find(self, item: Item) -> str | None:
        return self._known.get(self._key(item))

    def keep(self, item: Item, answer: str) -> None:
        key = self._key(item)
        self._known[key] = answer
        with self._path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(json.dumps({"key": key, "answer": answer}, ensure_ascii=False) + "\n")
