"""What goes into a release, into which split and with which weight, decided over columns of numbers (pure).

The same examples in any order give the same plan. What is left out is left out for one reason, and stays in
the database: the next release looks at it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from stumper.errors import BadRelease
from stumper.records import Category, ImageId, Split
from stumper.release.balance import (
    CATEGORIES,
    Bools,
    Ints,
    category_cap,
    entropy,
    question_cap,
    ranks,
    weights,
)
from stumper.release.columns import Examples, Keys, places
from stumper.release.splits import SPLITS, Division, Parties, divide


class Reason(StrEnum):
    """Why an example is not in a release."""

    PLAYER = "player"
    QUESTION = "question"
    CATEGORY = "category"


REASONS: Final = tuple(Reason)
WHY: Final = {
    Reason.PLAYER: "its picture is held out for the test and its player is not, or the other way round",
    Reason.QUESTION: "its question is asked so often that it would make more than 0.5 % of the release",
    Reason.CATEGORY: "its category is so large that the categories would be out of balance",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What the campaign's last release held, as far as splits must be kept."""

    images: Mapping[ImageId, Split]
    keys: Keys
    """(rows,) ids of its rows and of those it left out, sorted."""
    held_out: Bools
    """(rows,) whether the player was held out for the test; empty if players were not kept apart."""


NOTHING: Final = Before(images={}, keys=np.empty(0, np.uint64), held_out=np.empty(0, bool))


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One entry for each of the examples."""

    split: Ints
    """Place in SPLITS, of left out ones too: where their picture is."""
    left_out: Ints
    """Place in REASONS, -1 if it is in the release."""
    weights: dict[Category, float]
    why_not_apart: str
    """Why players of the test are in other splits too; empty if they are not."""

    @property
    def kept(self) -> Bools:
        return self.left_out < 0


def make_plan(
    examples: Examples, *, seed: int, mix: Mapping[str, float] | None = None, before: Before = NOTHING
) -> Plan:
    """Plans the release. Raises BadRelease with too few different pictures."""
    division = divide(_parties(examples, seed=seed, before=before))
    split = division.split[examples.group]
    left_out = _thinned(examples, division, split)
    kept = left_out < 0
    if len(np.unique(split[kept])) < len(SPLITS):
        raise BadRelease(
            "A split would be empty. Play more sessions on fresh images and settle their claims first."
        )
    trained = kept & (split == SPLITS.index(Split.TRAIN))
    return Plan(
        split=split,
        left_out=left_out,
        weights=weights(counted(examples.category[trained]), mix),
        why_not_apart=division.why_not_apart,
    )


def counted(category: Ints) -> Ints:
    """Returns how many rows each of CATEGORIES has."""
    return np.bincount(category, minlength=len(CATEGORIES))


def balance(examples: Examples, rows: Bools) -> float:
    """Returns the normalised entropy of the categories of these rows."""
    return entropy(counted(examples.category[rows]))


def _parties(examples: Examples, *, seed: int, before: Before) -> Parties:
    # of look-alikes that were in two splits before they were known to be alike, the test keeps its own
    known = np.full(len(examples.groups), -1)
    for number, image_id in enumerate(examples.images):
        if (where := before.images.get(image_id)) is not None:
            group = examples.group_of[number]
            known[group] = max(known[group], SPLITS.index(where))
    return Parties(
        group=examples.group,
        player=examples.player,
        group_place=places(examples.groups, seed=seed),
        player_place=places(examples.players, seed=seed),
        group_known=known,
        player_known=_sides(examples, before),
    )


def _sides(examples: Examples, before: Before) -> Ints:
    """Returns for each player 1 if an example of theirs was in the last test, 0 if one was elsewhere, else
    -1.
    """
    found = np.full(len(examples.players), -1)
    if not len(before.held_out):
        return found
    at = np.minimum(np.searchsorted(before.keys, examples.key), len(before.keys) - 1)
    there = before.keys[at] == examples.key
    np.maximum.at(found, examples.player[there], before.held_out[at[there]].astype(np.int64))
    return found


def _thinned(examples: Examples, division: Division, split: Ints) -> Ints:
    """Returns why each example is left out, -1 if it is not.

    Both caps are shares of what is left, so they are applied in turns until neither takes more.
    """
    left_out = np.where(division.conflict, REASONS.index(Reason.PLAYER), -1)
    at_first, before = int((left_out < 0).sum()), -1
    while (now := int((left_out < 0).sum())) != before:
        before = now
        rows = np.flatnonzero(left_out < 0)
        _, question = np.unique(examples.question[rows], return_inverse=True)
        cap = question_cap(np.bincount(question))
        left_out[_beyond(examples, split, rows, question, cap)] = REASONS.index(Reason.QUESTION)
        rows = np.flatnonzero(left_out < 0)
        category = examples.category[rows]
        cap = category_cap(counted(category), of=at_first)
        left_out[_beyond(examples, split, rows, category, cap)] = REASONS.index(Reason.CATEGORY)
    return left_out


def _beyond(examples: Examples, split: Ints, rows: Ints, group: Ints, cap: int) -> Ints:
    """Returns those of the rows that are not among the best ``cap`` of their group."""
    large = np.bincount(group)[group] > cap
    rows, group = rows[large], group[large]
    if not len(rows):
        return rows
    place = ranks(
        group,
        split=split[rows],
        spread=(examples.group[rows], examples.answer[rows]),
        posterior=examples.posterior[rows],
        key=examples.key[rows],
    )
    return rows[place >= cap]
