"""The examples of a campaign as columns of numbers: some 100 bytes each, so that a million are planned in
memory.

Texts are read once, become codes (hashes of their normal form) and are forgotten; they are read again, a
chunk at a time, when the release is written.
"""

from __future__ import annotations

import hashlib
import re
from array import array
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from stumper.images.reserve import place
from stumper.records import ImageId, PlayerId, PlayerKind
from stumper.release.audit.wording import asked
from stumper.release.balance import CATEGORIES
from stumper.release.formats import row_id
from stumper.release.splits import Floats, Ints

Keys = npt.NDArray[np.uint64]

KINDS: Final = tuple(PlayerKind)
_NUMBERS: Final = {name.value: number for number, name in enumerate(CATEGORIES)}
_KINDS: Final = {name.value: number for number, name in enumerate(KINDS)}


@dataclass(slots=True)
class Columns:
    """Rows in the order in which they were added; `unique` puts them into the order of their ids."""

    leaders: Mapping[ImageId, ImageId]
    """Leader of each picture's group of look-alikes; a picture that is not named is alone."""
    ids: list[str] = field(default_factory=list)
    """Of the example in the database."""
    keys: array[int] = field(default_factory=lambda: array("Q"))
    """Ids of the release's rows, as numbers."""
    image: array[int] = field(default_factory=lambda: array("i"))
    player: array[int] = field(default_factory=lambda: array("i"))
    category: array[int] = field(default_factory=lambda: array("b"))
    posterior: array[float] = field(default_factory=lambda: array("d"))
    round: array[int] = field(default_factory=lambda: array("i"))
    question: array[int] = field(default_factory=lambda: array("q"))
    answer: array[int] = field(default_factory=lambda: array("q"))
    images: dict[ImageId, int] = field(default_factory=dict)
    players: dict[PlayerId, int] = field(default_factory=dict)
    kinds: array[int] = field(default_factory=lambda: array("b"))
    """Kind of each player."""

    def add(self, rows: Sequence[Any]) -> None:
        """Adds rows of `queries.slim`."""
        for row in rows:
            self.ids.append(row.id)
            self.keys.append(int(row_id(row.image_id, row.question, row.answer), 16))
            self.image.append(self.images.setdefault(row.image_id, len(self.images)))
            number = self.players.setdefault(row.player_id, len(self.players))
            if number == len(self.kinds):
                self.kinds.append(_KINDS[row.kind])
            self.player.append(number)
            self.category.append(_NUMBERS[row.category])
            self.posterior.append(row.posterior)
            self.round.append(row.round)
            self.question.append(code(asked(row.question)))
            self.answer.append(code(plain(row.answer)))

    def unique(self) -> Examples:
        """Returns one row for each picture, question and answer, by id: of equal ones the most certain.

        Of equally certain ones the earliest round counts.
        """
        keys = np.asarray(self.keys, np.uint64)
        names = np.array(self.ids, dtype=np.str_)
        order = np.lexsort((names, np.asarray(self.round), -np.asarray(self.posterior, np.float64), keys))
        first = np.ones(len(order), bool)
        first[1:] = keys[order][1:] != keys[order][:-1]
        rows = order[first]
        image, (group_of, groups) = np.asarray(self.image, np.int64)[rows], self._groups()
        return Examples(
            ids=names[rows],
            key=keys[rows],
            image=image,
            group=group_of[image],
            group_of=group_of,
            groups=groups,
            player=np.asarray(self.player, np.int64)[rows],
            category=np.asarray(self.category, np.int64)[rows],
            posterior=np.asarray(self.posterior, np.float64)[rows],
            question=np.asarray(self.question, np.int64)[rows],
            answer=np.asarray(self.answer, np.int64)[rows],
            images=list(self.images),
            players=list(self.players),
            kinds=np.asarray(self.kinds, np.int64),
        )

    def _groups(self) -> tuple[Ints, list[ImageId]]:
        """Returns the group of each picture and the leader of each group."""
        numbers: dict[ImageId, int] = {}
        found = [numbers.setdefault(self.leaders.get(one, one), len(numbers)) for one in self.images]
        return np.array(found, np.int64), list(numbers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """Columns over the examples that a release could hold, by row id."""

    ids: npt.NDArray[np.str_]
    key: Keys
    image: Ints
    group: Ints
    group_of: Ints
    """(images,) group of each picture."""
    groups: list[ImageId]
    """The leader of each."""
    player: Ints
    category: Ints
    """Place in CATEGORIES."""
    posterior: Floats
    question: Ints
    answer: Ints
    images: list[ImageId]
    players: list[PlayerId]
    kinds: Ints
    """(players,) place in KINDS."""

    def __len__(self) -> int:
        return len(self.key)


def places(ids: Collection[str], *, seed: int) -> Floats:
    """Returns the place of each id on the ring that dealing uses."""
    return np.fromiter((place(one, seed=seed) for one in ids), np.float64, len(ids))


def code(text: str) -> int:
    """Returns a number that equal texts share; of a million different texts two share one with P < 1e-7."""
    return int.from_bytes(
        hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), signed=True
    )


def plain(answer: str) -> str:
    """Returns the answer up to case and punctuation."""
    return " ".join(re.findall(r"\w+", answer.casefold())) or answer.strip()
