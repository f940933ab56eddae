"""What happened in play, as columns for `skill`: judged answers, how long judging took, and votes (numpy).

A *mark* is a judged exchange. On a control the truth is known but for accidents, on a busy picture it is not,
unless the operator or a gold set said so. Votes belong to marks on busy pictures.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from stumper.errors import BadInput
from stumper.trust.crowd import MOST_CODES, Array, Marks, Whole, column

MOST_TURNS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayLog:
    """Make it with `tabulate_play`. Players are 0..players-1, categories 0..categories-1."""

    players: int
    categories: int
    player: Whole
    """(n,) who asked and marked; the columns down to ``known`` are of marks."""
    busy: Marks
    """Off control."""
    poisoned: Marks
    """The shown answer was falsified; False off control."""
    wrong: Marks
    """The player marked it Wrong."""
    category: Whole
    """Of the question; without meaning on controls."""
    image: Whole
    turn: Whole
    """0-based place in the session."""
    log_seconds: Array
    """Natural logarithm of the seconds from the answer to the mark; NaN where unknown."""
    known: Whole
    """1 the shown answer is known to be wrong, 0 right, 2 unknown; 2 on controls."""
    item: Whole
    """(v,) the mark each vote is about; the columns from here are of votes."""
    voter: Whole
    says_wrong: Marks


def tabulate_play(
    *,
    players: int,
    categories: int,
    player: ArrayLike = (),
    busy: ArrayLike = (),
    poisoned: ArrayLike = (),
    wrong: ArrayLike = (),
    category: ArrayLike = (),
    image: ArrayLike = (),
    turn: ArrayLike = (),
    seconds: ArrayLike | None = None,
    known: ArrayLike | None = None,
    item: ArrayLike = (),
    voter: ArrayLike = (),
    says_wrong: ArrayLike = (),
) -> PlayLog:
    """Returns the checked columns; any table may be empty. ``seconds``: NaN where unknown.

    Raises BadInput as `crowd.tabulate` does, and for seconds that are not above zero.
    """
    who = column("player", player, below=players)
    n = len(who)
    on = column("item", item, below=n)
    return PlayLog(
        players=players,
        categories=categories,
        player=who,
        busy=column("busy", busy, below=2, length=n).astype(bool),
        poisoned=column("poisoned", poisoned, below=2, length=n).astype(bool),
        wrong=column("wrong", wrong, below=2, length=n).astype(bool),
        category=column("category", category, below=max(1, categories), length=n),
        image=column("image", image, below=MOST_CODES, length=n),
        turn=column("turn", turn, below=MOST_TURNS, length=n),
        log_seconds=_log_seconds(np.full(n, np.nan) if seconds is None else seconds, length=n),
        known=column("known", np.full(n, 2) if known is None else known, below=3, length=n),
        item=on,
        voter=column("voter", voter, below=players, length=len(on)),
        says_wrong=column("says_wrong", says_wrong, below=2, length=len(on)).astype(bool),
    )


def _log_seconds(values: ArrayLike, *, length: int) -> Array:
    seconds = np.asarray(values, dtype=float)
    if seconds.shape != (length,):
        raise BadInput(f"The column 'seconds' has the shape {seconds.shape}; it needs one value a row.")
    if np.isinf(seconds).any() or (seconds <= 0).any():
        raise BadInput("The column 'seconds' holds values that are not above zero. Give NaN where unknown.")
    return np.asarray(np.log(seconds))
