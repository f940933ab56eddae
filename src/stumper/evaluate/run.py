"""Asks models and scores what they say. A failed question is missing, never wrong; a judge's None likewise.

With a cache file a run that was killed goes on where it was.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from stumper.curate.forms import Form, form
from stumper.curate.judges import score
from stumper.errors import ModelError, StumperError
from stumper.evaluate.cost import Cost, cost
from stumper.evaluate.guess import Asked, guess_scores
from stumper.evaluate.kept import Kept
from stumper.evaluate.metrics import Interval, Scores, gain_interval, mean, mean_interval, paired_p, places
from stumper.records import Category
from stumper.vlm.base import Answer, Model

AT_ONCE: Final = 32
"""Questions on their way to one model; the adapters batch or throttle them as they can."""

DIMENSIONS: Final = {
    Form.YES_NO: "existence",
    Form.SIDE: "position",
    Form.COUNT: "count",
    Form.COLOUR: "colour",
    Form.TEXT: "text",
}
"""What is asked for, by the form that its answer must have (those of MME, arXiv:2306.13394)."""

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
    p: float = math.nan
    """Of a gain or loss this large by chance alone (two-sided, over whole pictures); nan like the means."""

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
            "p": _number(self.p),
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
    dimensions: tuple[Figure, ...] = ()
    """What is asked for: `DIMENSIONS`, as far as they were asked."""
    costs: tuple[Cost, Cost] | None = None
    """Of base and tuned; None where only the texts of the answers are known."""

    def to_json(self) -> dict[str, Any]:
        """Returns the figures without the items."""
        return {
            "overall": self.overall.to_json(),
            "categories": [figure.to_json() for figure in self.categories],
            "groups": [figure.to_json() for figure in self.groups],
            "dimensions": [figure.to_json() for figure in self.dimensions],
            "cost": self.costs and [one.to_json() for one in self.costs],
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
    """Returns what the model says to each item, in order; None where it failed. See `ask_all`."""
    found = await ask_all(model, items, on_progress, cache=cache)
    return _texts(found)


async def ask_all(
    model: Model,
    items: Sequence[Item],
    on_progress: OnProgress = _quiet,
    *,
    cache: Path | None = None,
) -> list[Answer | None]:
    """Returns the model's answer to each item, in order; None where it failed.

    ``cache`` is a JSON Lines file that grows with every answer and spares the questions already in it;
    failures are asked again. Raises the last ModelError if the model failed at every question.
    """
    known = await Kept.open(cache, model) if cache else None
    gate = asyncio.Semaphore(AT_ONCE)
    done = 0
    failures: list[ModelError] = []

    async def one(item: Item) -> Answer | None:
        nonlocal done
        said = known.find(item.image, item.question) if known else None
        if said is None:
            async with gate:
                said = await _ask(model, item, failures)
            if known and said is not None:
                known.keep(item.image, item.question, said)
        done += 1
        on_progress(done, len(items))
        return said

    found = await asyncio.gather(*(one(item) for item in items))
    if failures and not any(found):
        raise failures[-1]
    return found


async def _ask(model: Model, item: Item, failures: list[ModelError]) -> Answer | None:
    try:
        return await model.answer(item.image, item.question)
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
    before = await ask_all(base, items, lambda done, _: on_progress(done, total), cache=base_file)
    after = await ask_all(
        tuned, items, lambda done, _: on_progress(len(items) + done, total), cache=tuned_file
    )
    found = compared(items, _texts(before), _texts(after), base_ref=base.ref, tuned_ref=tuned.ref, seed=seed)
    return replace(found, costs=(cost(before), cost(after)))


def _texts(found: Sequence[Answer | None]) -> list[str | None]:
    return [None if one is None else one.text for one in found]


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
    guesses = guessed(items)
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
        dimensions=_split(outcomes, [_dimension(item) for item in items], seed=seed),
    )


def scores(items: Sequence[Item], said: Sequence[str | None]) -> Scores:
    """Returns what each answer is worth, 0..1, nan where it is missing.

    Raises ValueError if there are not as many as items.
    """
    return np.array([_scored(item, one) for item, one in zip(items, said, strict=True)], dtype=np.float64)


def guessed(items: Sequence[Item]) -> Scores:
    """Returns what guessing earns at each item, 0..1, nan where that cannot be told."""
    return guess_scores([_asked(item) for item in items])


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
        p=paired_p(base, tuned, images, seed=seed),
    )


def _split(outcomes: Sequence[Outcome], names: Sequence[str], *, seed: int) -> tuple[Figure, ...]:
    return tuple(
        figure(name, [outcomes[place] for place in where], seed=seed)
        for name, where in places(names).items()
        if name
    )


def _dimension(item: Item) -> str:
    return DIMENSIONS.get(form(item.question, item.reference, category=item.category), "")


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
