"""What a crowd did, as columns, and the kinds of players that `estimator` weighs (numpy, no database).

An *item* is a judged exchange on an untainted picture: a question, the answer shown, and the asker's mark; it
is a claim if that mark is Wrong. Votes belong to items. Controls are only counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stumper.errors import BadInput

Array = NDArray[np.float64]
Whole = NDArray[np.int64]
Marks = NDArray[np.bool_]

MOST_CODES: Final = 10_000_000
"""Categories and pictures are numbered from 0 without large gaps: a number a code is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrowdLog:
    """All marks and votes; make it with `tabulate`. Players are 0..players-1, items 0..n-1, v votes."""

    players: int
    controls: Array
    """(players, 4) counts: hits, misses, false alarms, clean."""
    asker: Whole
    """(n,) the player of each item; the columns down to ``audited`` are of items."""
    claimed: Marks
    """The asker marked the answer Wrong."""
    category: Whole
    image: Whole
    audited: Marks
    """Drawn at random to be voted on, whatever its posterior was."""
    item: Whole
    """(v,) the item of each vote; the columns from here are of votes."""
    voter: Whole
    says_wrong: Marks
    says_right: Marks
    """The voter found the correction right."""
    share: Array
    """How much each vote tells about its item, 0..1: its log-ratio is multiplied by it (`trust.jury`)."""


def tabulate(
    *,
    players: int,
    control_player: ArrayLike = (),
    control_poisoned: ArrayLike = (),
    control_wrong: ArrayLike = (),
    asker: ArrayLike = (),
    claimed: ArrayLike = (),
    category: ArrayLike = (),
    image: ArrayLike = (),
    audited: ArrayLike | None = None,
    item: ArrayLike = (),
    voter: ArrayLike = (),
    says_wrong: ArrayLike = (),
    says_right: ArrayLike = (),
    share: ArrayLike | None = None,
) -> CrowdLog:
    """Returns the checked columns of a log; any table may be empty. Without ``share`` every vote tells all.

    Raises BadInput for columns of unequal length, for NaN, for anything but whole numbers (0 and 1 in marks),
    for a player or item that is not there, and for a share outside 0 to 1.
    """
    who = column("control_player", control_player, below=players)
    poisoned = column("control_poisoned", control_poisoned, below=2, length=len(who))
    wrong = column("control_wrong", control_wrong, below=2, length=len(who))
    asking = column("asker", asker, below=players)
    n = len(asking)
    on = column("item", item, below=n)
    v = len(on)
    return CrowdLog(
        players=players,
        controls=np.bincount(4 * who + 3 - 2 * poisoned - wrong, minlength=4 * players)
        .reshape(players, 4)
        .astype(float),
        asker=asking,
        claimed=column("claimed", claimed, below=2, length=n).astype(bool),
        category=column("category", category, below=MOST_CODES, length=n),
        image=column("image", image, below=MOST_CODES, length=n),
        audited=column("audited", np.zeros(n) if audited is None else audited, below=2, length=n).astype(
            bool
        ),
        item=on,
        voter=column("voter", voter, below=players, length=v),
        says_wrong=column("says_wrong", says_wrong, below=2, length=v).astype(bool),
        says_right=column("says_right", says_right, below=2, length=v).astype(bool),
        share=_shares(np.ones(v) if share is None else np.asarray(share, dtype=float), length=v),
    )


def _shares(share: Array, *, length: int) -> Array:
    if share.shape != (length,):
        raise BadInput(f"The column 'share' has the shape {share.shape}; it needs {length} values.")
    if not ((share >= 0.0) & (share <= 1.0)).all():
        raise BadInput("The column 'share' holds something outside 0 to 1. Leave such rows out.")
    return share


def column(name: str, values: ArrayLike, *, below: int, length: int | None = None) -> Whole:
    """Returns whole numbers from 0 to ``below`` - 1. Raises BadInput for anything else, and for NaN."""
    found: NDArray[Any] = np.asarray(values)
    if found.ndim != 1 or (length is not None and len(found) != length):
        raise BadInput(
            f"The column {name!r} has the shape {found.shape}; it needs one value a row"
            + (f", {length} in all." if length is not None else ".")
        )
    if found.dtype.kind not in "biuf" or not np.isfinite(found).all():
        raise BadInput(f"The column {name!r} holds something that is not a number. Leave such rows out.")
    whole = found.astype(np.int64)
    if found.dtype.kind == "f" and (whole != found).any():
        raise BadInput(f"The column {name!r} holds fractions. Give whole numbers, and 0 or 1 for marks.")
    if len(whole) and (whole.min() < 0 or whole.max() >= below):
        raise BadInput(
            f"The column {name!r} goes from {whole.min()} to {whole.max()}; "
            f"it must stay within 0 to {below - 1}."
        )
    return whole


SEES: Final = (0.02, 0.12, 0.3, 0.5, 0.62, 0.72, 0.8, 0.87, 0.92, 0.96, 0.99)
ALARMS: Final = (0.005, 0.03, 0.06, 0.1, 0.16, 0.25, 0.38, 0.5, 0.7, 0.87, 0.98)
"""Grid of P(marks Wrong | the answer is wrong) and P(marks Wrong | it is right) on controls."""
TRANSFERS: Final = ((0.0, 0.0), (-0.8, 0.6), (-1.6, 1.2))
"""How much harder busy pictures may be than controls: shifts of both rates in logits."""
FAKES: Final = ((0.98, 0.94), (0.06, 0.03), (0.6, 0.45))
"""What somebody who looks on controls may do elsewhere: say Wrong, say Correct, tap at random."""
LOOKS: Final = 0.15
"""Least gap of the rates on controls of those for whom transfer and faking make a difference."""


@dataclass(frozen=True, slots=True)
class Kinds:
    """The kinds of players, g in all: each column has shape (g,)."""

    s_t: Array
    f_t: Array
    s_u: Array
    f_u: Array
    fake: Marks

    @property
    def g(self) -> int:
        return len(self.s_t)

    def control_logs(self, *, accidental: float) -> Array:
        """Returns (4, g) log P(hit, miss, false alarm, clean); with ``accidental`` a poisoned answer is right
        by chance, or an honest one wrong.
        """
        seen = (1.0 - accidental) * self.s_t + accidental * self.f_t
        alarmed = accidental * self.s_t + (1.0 - accidental) * self.f_t
        return np.log([seen, 1.0 - seen, alarmed, 1.0 - alarmed])


def kinds() -> Kinds:
    """Returns the grid of players, and for those who look every transfer and every way of faking."""
    rows: list[tuple[float, float, float, float, bool]] = []
    for s in SEES:
        for f in (alarm for alarm in ALARMS if alarm <= s):
            looks = s - f > LOOKS
            for shift_s, shift_f in TRANSFERS if looks else TRANSFERS[:1]:
                s_u, f_u = _moved(s, shift_s), _moved(f, shift_f)
                rows.append((s, f, max(s_u, f_u), f_u, False))
            rows += [(s, f, *rates, True) for rates in FAKES if looks]
    s_t, f_t, s_u, f_u, fake = np.array(rows).T
    return Kinds(s_t, f_t, s_u, f_u, fake.astype(bool))


def _moved(p: float, logits: float) -> float:
    return float(1.0 / (1.0 + (1.0 - p) / p * np.exp(-logits)))


LEAST_GAP: Final = 0.35
MOST_FAKE: Final = 0.2
"""Whom to ask for votes: E[s - f] above the one, P(fake) below the other."""


class Players(NamedTuple):
    """What is believed about players on untainted pictures; each has shape (players,), 0..1."""

    sees: Array
    alarms: Array
    fake: Array
    """P(looks on controls only)."""

    @property
    def able(self) -> Marks:
        """Who is worth asking for a vote."""
        return np.asarray((self.sees - self.alarms > LEAST_GAP) & (self.fake < MOST_FAKE))


def sigmoid(x: Array) -> Array:
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * x)))


def logit(p: Array) -> Array:
    return np.asarray(np.log(p) - np.log1p(-p))
