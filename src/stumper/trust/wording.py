"""Who asks in the same words as somebody else, beyond chance: on the same pictures (`Asked`), or from one
list wherever they are (`Listed`). Pure; what is counted and compared is in `pairing`.

Only words that hardly anybody would use by chance count: where the chance is above `RARE` the question is
left out, of what was in common and of what could have been. The two players' own questions are left out of
what others ask.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Final

import numpy as np

from stumper.trust.crowd import Array, Marks, Whole
from stumper.trust.pairing import (
    CHUNK,
    LEAST_COMMON,
    Pairs,
    counted,
    found_in,
    less_surprising,
    pairs_of,
    rows_of,
    rows_together,
    tail,
)
from stumper.trust.traces import Traces

LEAST_MATCH: Final = 0.02
"""Minds meet: no question on a picture is less likely than this to be another's too."""
LEAST_LISTED: Final = 0.01
"""The same for words asked anywhere."""
RARE: Final = 0.2
TELLING: Final = 0.05
"""What the usual player asks with a larger chance makes no two players suspicious of each other."""
_PRIOR: Final = 5.0
"""Pseudo-viewers behind what is asked about a picture."""


class Habits:
    """How often each player begins a question with the same two words."""

    def __init__(self, traces: Traces) -> None:
        self._openings = int(traces.opening.max(initial=-1)) + 1
        key = traces.asker * max(1, self._openings) + traces.opening
        self._keys, times = np.unique(key, return_counts=True)
        asked = np.bincount(traces.asker, minlength=traces.players)
        self._share = times / np.maximum(1, asked[self._keys // max(1, self._openings)])
        self._usual = np.bincount(traces.opening, minlength=self._openings) / max(1, len(traces.asker))

    def share(self, player: Whole, opening: Whole) -> Array:
        """Returns the share of each player's questions that begin so, 0..1."""
        at = found_in(self._keys, player * max(1, self._openings) + opening)
        return np.where(at >= 0, self._share[np.maximum(at, 0)] if len(self._share) else 0.0, 0.0)

    def lift(self, player: Whole, opening: Whole) -> Array:
        """Returns how many times oftener than usual each player begins so, at least 1."""
        return np.maximum(1.0, self.share(player, opening) / self._usual[opening])


class _Table(ABC):
    """Distinct things said, one row each, sorted by player."""

    players: int
    player: Whole
    said: Whole
    """What two players may have in common."""
    start: Whole
    keys: Whole

    def _index(self) -> None:
        self.start = np.searchsorted(self.player, np.arange(self.players + 1))
        self.things = int(self.said.max(initial=-1)) + 1
        self.keys = np.sort(self.player * max(1, self.things) + self.said)

    def pairs(self) -> Pairs:
        """Returns the pairs that said enough in common, judged from the side of the one it surprises less."""
        rows = np.flatnonzero(self._telling())
        left, right = rows_together(self.said[rows])
        a, b, common = counted(self.player[rows[left]], self.player[rows[right]], players=self.players)
        a, b = a[common >= LEAST_COMMON], b[common >= LEAST_COMMON]
        return less_surprising(self._from(a, b), self._from(b, a))

    def _from(self, a: Whole, b: Whole) -> Pairs:
        """Counts what ``a`` said and ``b`` said too, of how much, and how much of it by chance."""
        common, chances, mean = np.zeros(len(a), np.int64), np.zeros(len(a), np.int64), np.zeros(len(a))
        for start in range(0, len(a), CHUNK):
            part = slice(start, start + CHUNK)
            place, row = rows_of(a[part], self.start)
            other = b[part][place]
            said = found_in(self.keys, other * max(1, self.things) + self.said[row]) >= 0
            chance = self._chance(row, other, said)
            counts = chance <= RARE
            size = len(a[part])
            chances[part] = np.bincount(place[counts], minlength=size)
            common[part] = np.bincount(place[counts & said], minlength=size)
            mean[part] = np.bincount(place[counts], chance[counts], minlength=size)
        return tail(a, b, common, chances, mean, tested=pairs_of(len(np.unique(self.player))))

    @abstractmethod
    def _telling(self) -> Marks:
        """Returns which rows may make two players a pair that is looked at; the others count once it is."""

    @abstractmethod
    def _chance(self, row: Whole, other: Whole, said: Marks) -> Array:
        """Returns the chance that ``other`` says what is in ``row``; 2 where they could not have said it."""


class Asked(_Table):
    """Questions on pictures."""

    def __init__(self, traces: Traces, habits: Habits) -> None:
        self.players, self._habits = traces.players, habits
        texts, images = (int(column.max(initial=-1)) + 1 for column in (traces.text, traces.image))
        about, self.said = np.unique(traces.image * max(1, texts) + traces.text, return_inverse=True)
        _, first = np.unique(traces.asker * max(1, len(about)) + self.said, return_index=True)
        self.player, self.said = traces.asker[first], self.said[first]
        self._image, self._opening, text = traces.image[first], traces.opening[first], traces.text[first]
        self._images = max(1, images)
        self._seen = np.unique(self.player * self._images + self._image)
        self._viewers = np.bincount(self._seen % self._images, minlength=images)[self._image]
        self._askers = np.bincount(self.said)[self.said] if len(self.said) else self.said
        self._texts = np.bincount(text)[text] if len(text) else text
        self._index()

    def _telling(self) -> Marks:
        return np.ones(len(self.player), bool)

    def _chance(self, row: Whole, other: Whole, said: Marks) -> Array:
        askers = self._askers[row] - 1 - said
        anywhere = np.maximum(self._texts[row] - 1 - said, 0) / max(1, len(self._seen))
        popular = (askers + _PRIOR * anywhere) / (np.maximum(self._viewers[row] - 2, 0) + _PRIOR)
        habit = self._habits.share(other, self._opening[row]) / 2.0
        chance = np.maximum(np.maximum(popular, habit), LEAST_MATCH)
        seen = found_in(self._seen, other * self._images + self._image[row]) >= 0
        return np.where(seen, np.minimum(chance, 1.0), 2.0)


class Listed(_Table):
    """Questions wherever they were asked."""

    def __init__(self, traces: Traces, habits: Habits) -> None:
        self.players, self._habits = traces.players, habits
        texts = max(1, int(traces.text.max(initial=-1)) + 1)
        key, first, times = np.unique(
            traces.asker * texts + traces.text, return_index=True, return_counts=True
        )
        self.player, self.said, self._times = key // texts, key % texts, times
        self._opening = traces.opening[first]
        self._asked = np.bincount(traces.asker, minlength=traces.players)
        self._anywhere = np.bincount(traces.text, minlength=texts)
        self._index()

    def _telling(self) -> Marks:
        # Else nearly everybody in a crowd of a thousand is paired with everybody by a few common questions.
        usual = float(self._asked.sum()) / max(1, int(np.count_nonzero(self._asked)))
        often = np.maximum(self._anywhere[self.said] - 2, 0) / max(1, int(self._asked.sum()))
        return np.asarray(often * usual <= TELLING)

    def _chance(self, row: Whole, other: Whole, said: Marks) -> Array:
        # The other's own uses are not looked up: as many as this player's, where they said it.
        others = np.maximum(self._anywhere[self.said[row]] - self._times[row] * (1 + said), 0)
        rate = others / max(1, int(self._asked.sum()))
        times = rate * self._asked[other] * self._habits.lift(other, self._opening[row])
        return np.asarray(np.maximum(1.0 - np.exp(-times), LEAST_LISTED))
