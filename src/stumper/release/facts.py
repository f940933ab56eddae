"""What the data card tells, counted: over the columns of a plan, and row by row while they are written."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from stumper.records import Category, PlayerKind, Split
from stumper.release.balance import CATEGORIES, Bools, Ints, together
from stumper.release.columns import KINDS, Examples, plain
from stumper.release.plan import REASONS, Plan, Reason, balance, counted
from stumper.release.portable import portable_ref
from stumper.release.queries import Frame, Source
from stumper.release.splits import SPLITS

_COMMON = 5


class Size(NamedTuple):
    """How much a split holds."""

    examples: int
    pictures: int
    players: int


class Prior(NamedTuple):
    """The most common answer to what is asked of a category."""

    answer: int
    """Its code."""
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What is counted over the columns of a plan."""

    examples: int
    pictures: int
    players: Counter[PlayerKind]
    splits: dict[Split, Size]
    categories: dict[Category, tuple[int, ...]]
    """Examples a split, the largest category first."""
    priors: dict[Category, Prior]
    common: list[tuple[int, int]]
    """Code and number of the most common answers."""
    top_question: tuple[int, int]
    """Code and number of the most frequent question."""
    repeated: int
    """Examples whose question another one before them asks."""
    otherwise: int
    """Examples whose picture and question another one before them has, with another answer."""
    entropy: float
    entropy_before: float
    """Of all examples, before anything was left out."""
    left_out: dict[Reason, int]
    least_posterior: float
    mean_posterior: float


@dataclass(slots=True)
class Seen:
    """What is gathered while rows are written; ``wanted`` are codes whose text the card shows."""

    wanted: frozenset[int]
    texts: dict[int, str] = field(default_factory=dict)
    question_words: int = 0
    answer_words: int = 0
    models: set[tuple[int, str]] = field(default_factory=set)
    origins: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Examples by source and licence of their picture."""
    consents: Counter[str] = field(default_factory=Counter)
    """Examples by the licence that their player agreed to."""
    languages: Counter[str] = field(default_factory=Counter)
    """Examples by language of the player (BCP 47)."""
    models_that_play: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Examples by the model that asked, and its method; those of people are not here."""
    suggested: int = 0
    """Examples whose question was made of a suggestion."""

    def add(self, source: Source, *, question: int, answer: int) -> None:
        """Takes in an example; ``question`` and ``answer`` are its codes."""
        for number, text in ((question, source.question), (answer, plain(source.answer))):
            if number in self.wanted:
                self.texts.setdefault(number, text)
        self.question_words += len(source.question.split())
        self.answer_words += len(source.answer.split())
        self.models.add((source.round, portable_ref(source.model_ref)))
        self.origins[re.split(r"[:,]", source.source)[0], source.licence] += 1
        consent = source.provenance.get("consent") or {}
        self.consents[str(consent.get("licence") or "not recorded")] += 1
        self.languages[str(source.provenance.get("language") or "not recorded")] += 1
        asker = source.provenance.get("asked_by") or {}
        if asker.get("model"):
            self.models_that_play[portable_ref(str(asker["model"])), str(asker.get("method"))] += 1
        self.suggested += source.provenance.get("suggested") is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that the card tells about."""

    frame: Frame
    seed: int
    counts: Counts
    seen: Seen
    weights: dict[Category, float]
    why_not_apart: str


def wanted(counts: Counts) -> frozenset[int]:
    """Returns the codes of questions and answers that the card shows."""
    answers = {number for number, _ in counts.common} | {prior.answer for prior in counts.priors.values()}
    return frozenset(answers | {counts.top_question[0]})


def count(examples: Examples, plan: Plan) -> Counts:
    """Counts what is in the release."""
    kept = plan.kept
    rows = np.flatnonzero(kept)
    question, answer = examples.question[rows], examples.answer[rows]
    left_out = np.bincount(plan.left_out[~kept], minlength=len(REASONS))
    kinds = examples.kinds[np.unique(examples.player[rows])]
    return Counts(
        examples=len(rows),
        pictures=_different(examples.image[rows]),
        players=Counter({KINDS[kind]: int(n) for kind, n in enumerate(np.bincount(kinds)) if n}),
        splits={split: _size(examples, kept & (plan.split == at)) for at, split in enumerate(SPLITS)},
        categories=_categories(examples.category[rows], plan.split[rows]),
        priors=_priors(examples.category[rows], answer),
        common=_top(answer, _COMMON),
        top_question=_top(question, 1)[0],
        repeated=len(rows) - _different(question),
        otherwise=len(rows) - _different(together(examples.image[rows], question)),
        entropy=balance(examples, kept),
        entropy_before=balance(examples, np.ones(len(examples), bool)),
        left_out={reason: int(n) for reason, n in zip(REASONS, left_out, strict=True)},
        least_posterior=float(examples.posterior[rows].min()),
        mean_posterior=float(examples.posterior[rows].mean()),
    )


def _size(examples: Examples, rows: Bools) -> Size:
    return Size(int(rows.sum()), _different(examples.image[rows]), _different(examples.player[rows]))


def _different(values: Ints) -> int:
    return len(np.unique(values))


def _categories(category: Ints, split: Ints) -> dict[Category, tuple[int, ...]]:
    by_split = np.stack([counted(category[split == at]) for at in range(len(SPLITS))])
    order = sorted(
        np.flatnonzero(by_split.sum(axis=0)), key=lambda at: (-by_split[:, at].sum(), CATEGORIES[at])
    )
    return {CATEGORIES[at]: tuple(int(n) for n in by_split[:, at]) for at in order}


def _priors(category: Ints, answer: Ints) -> dict[Category, Prior]:
    found = {}
    for at in np.unique(category):
        answers = answer[category == at]
        (top, number), *_ = _top(answers, 1)
        found[CATEGORIES[at]] = Prior(top, number / len(answers))
    return found


def _top(codes: Ints, most: int) -> list[tuple[int, int]]:
    """Returns the most common codes with their numbers; of equally common ones the lower."""
    values, numbers = np.unique(codes, return_counts=True)
    return [(int(values[at]), int(numbers[at])) for at in np.lexsort((values, -numbers))[:most]]
