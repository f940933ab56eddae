"""Counts over the columns: repeats, contradictions, leaks, what a blind guess gets. Knows no limit."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from stumper.curate.dedup import means_the_same
from stumper.release.audit.near import clusters, same_words
from stumper.release.audit.records import Leak
from stumper.release.audit.tally import Tally
from stumper.release.audit.wording import UNUSABLE

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_ORDER: Final = {"train": 0, "val": 2, "test": 3}
_ANSWERS: Final = 12
"""Different references to one question that are compared with each other."""


class Again(NamedTuple):
    """Rows, and for each the first that it repeats."""

    rows: Ints
    first: Ints


class Repeats(NamedTuple):
    """Rows that say again what others said."""

    wordings: Ints
    """Rows whose question string, letter for letter, is that of another row too."""
    exact: Again
    """Rows whose picture, question and answer were there before."""
    near: Again
    """Rows that ask of their picture nearly what another row asks, in other words, and was there before."""


class Contradictions(NamedTuple):
    groups: int
    """Groups of one picture and one question with more than one usable reference."""
    clashes: list[Ints]
    """The rows of those whose references do not mean the same."""


class Blind(NamedTuple):
    """What someone gets who never sees the picture, as shares of the usable references."""

    by_category: float
    by_words: float
    """Who also knows the references of the same question about other pictures."""


def joined(*columns: Ints) -> Ints:
    """Returns one number for each combination of values, equal where all columns are."""
    whole = np.zeros(len(columns[0]), np.int64)
    for column in columns:
        _, coded = np.unique(column, return_inverse=True)
        whole = whole * (int(coded.max(initial=0)) + 1) + coded
        _, whole = np.unique(whole, return_inverse=True)
    return whole


def again(values: Ints, *, rows: Ints | None = None) -> Again:
    """Returns where a value comes again and where it came first, as numbers of ``rows`` if given."""
    _, index, inverse = np.unique(values, return_index=True, return_inverse=True)
    first, place = index[inverse], np.arange(len(values))
    later = place[first != place]
    numbers = place if rows is None else rows
    return Again(numbers[later], numbers[first[later]])


def repeats(tally: Tally, image: Ints) -> Repeats:
    """Counts repeats; rows without a picture repeat nothing but words."""
    shown = np.flatnonzero(image >= 0)
    question, answer = tally.column("question"), tally.column("answer")
    near_as = clusters(tally.stiff, tally.contents)
    exact = again(joined(image[shown], question[shown], answer[shown]), rows=shown)
    asked = shown[np.unique(joined(image[shown], question[shown]), return_index=True)[1]]
    near = again(joined(image[asked], near_as[question[asked]]), rows=asked)
    wording = tally.column("wording")
    return Repeats(np.flatnonzero(np.bincount(wording)[wording] > 1), exact, near)


def contradictions(tally: Tally, image: Ints) -> Contradictions:
    """Finds groups of one picture and one question, up to small words, whose usable references differ."""
    usable = np.flatnonzero((image >= 0) & (tally.column("flag") & int(UNUSABLE) == 0))
    groups, clashes = 0, []
    sense = same_words(tally.stiff, tally.contents)[tally.column("question")]
    for rows in _groups(usable, joined(image[usable], sense[usable])):
        groups += 1
        if _differ(tally, rows):
            clashes.append(rows)
    return Contradictions(groups, clashes)


def _groups(rows: Ints, key: Ints) -> Iterator[Ints]:
    """Yields the rows of each key that has more than one."""
    order = np.argsort(key, kind="stable")
    cuts = np.flatnonzero(np.diff(key[order])) + 1
    starts, ends = np.concatenate([[0], cuts]), np.concatenate([cuts, [len(order)]])
    for start, end in zip(starts, ends, strict=True):
        if end - start > 1:
            yield rows[order[start:end]]


def _differ(tally: Tally, rows: Ints) -> bool:
    said = {tally.answer[row]: tally.references.shown[tally.reference[row]] for row in rows[::-1]}
    question = tally.questions.shown[tally.question[int(rows[0])]]
    first, *others = list(said.values())[-_ANSWERS:]
    return any(not means_the_same(question, first, other) for other in others)


def blind(tally: Tally) -> Blind:
    """Returns how far guessing gets, every reference left out of what its own guess is made from."""
    usable = np.flatnonzero(tally.column("flag") & int(UNUSABLE) == 0)
    if not len(usable):
        return Blind(math.nan, math.nan)
    answer = tally.column("answer")[usable]
    by_category = _left_out(tally.column("category")[usable], answer)
    question = tally.column("question")[usable]
    alone = np.bincount(question)[question] == 1
    by_words = np.where(alone, by_category, _left_out(question, answer))
    return Blind(float(by_category.mean()), float(by_words.mean()))


def _left_out(group: Ints, answer: Ints) -> npt.NDArray[np.float64]:
    """Returns for each row the chance that the most common answer of the others in its group is its own."""
    cell = joined(group, answer)
    sizes = np.bincount(cell)
    first_rows = np.unique(cell, return_index=True)[1]
    groups = group[first_rows]
    order = np.lexsort((-sizes, groups))
    starts = np.concatenate([[0], np.flatnonzero(np.diff(groups[order])) + 1])
    best, second = np.zeros(group.max() + 1, np.int64), np.zeros(group.max() + 1, np.int64)
    best[groups[order[starts]]] = sizes[order[starts]]
    after = np.setdiff1d(starts + 1, np.append(starts, len(order)))
    second[groups[order[after]]] = sizes[order[after]]
    own = sizes[cell] - 1
    leads = sizes[cell] == best[group]
    rest = np.where(leads, second[group], best[group])
    return np.where(leads & (own > rest), 1.0, np.where(leads & (own == rest) & (own > 0), 0.5, 0.0))


def leaks(tally: Tally, image: Ints) -> list[Leak]:
    """Compares every split with those before it; empty if there is only one."""
    names, split = tally.splits.shown, tally.column("split")
    question = tally.column("question")
    pair = joined(image, question)
    order = sorted(range(len(names)), key=lambda place: (_ORDER.get(names[place], 1), place))
    found = []
    for at, later in enumerate(order):
        for earlier in order[:at]:
            a, b = split == earlier, split == later
            found.append(
                Leak(
                    earlier=names[earlier],
                    later=names[later],
                    images=_shared(image, a & (image >= 0), b & (image >= 0), distinct=True),
                    wordings=_shared(question, a, b),
                    pairs=_shared(pair, a & (image >= 0), b & (image >= 0)),
                )
            )
    return found


def _shared(values: Ints, earlier: Bools, later: Bools, *, distinct: bool = False) -> float:
    """Returns the share of the later values that are among the earlier ones, 0 if there are none."""
    seen = np.unique(values[later]) if distinct else values[later]
    return float(np.isin(seen, values[earlier]).mean()) if len(seen) else 0.0


def leaked_rows(tally: Tally, image: Ints, leak: Leak) -> Ints:
    """Returns the rows of the later split whose picture is in the earlier one."""
    names, split = tally.splits.shown, tally.column("split")
    later = (split == names.index(leak.later)) & (image >= 0)
    return np.flatnonzero(later & np.isin(image, image[split == names.index(leak.earlier)]))


def entropy(counts: Sequence[int], *, of: int) -> float:
    """Returns the entropy of the counts over that of ``of`` equal parts, 0..1; nan if there is nothing."""
    total = sum(counts)
    shares = [count / total for count in counts if count]
    return -sum(share * math.log(share) for share in shares) / math.log(of) if total else math.nan
