"""What players leave behind while they play, as columns (numpy, no database): what `signals` reads.

Players are 0..players-1; networks, pictures, texts, openings and claims are numbered from 0 as well. Times
are in seconds. A question nobody judged and a time nobody measured are nan; every table may be empty.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from stumper.errors import BadInput
from stumper.trust.crowd import Array, Marks, Whole

UNKNOWN: Final = -1
LONG_ANSWER_WORDS: Final = 12
"""The right answer to a question about a picture is a few words; a dozen make a sentence of prose."""
_MODEL_LIKE: Final = re.compile(
    r"\b(as an ai|language model|i'm sorry, but|i cannot (?:see|view)|based on the (?:image|picture|photo)"
    r"|the (?:image|picture|photo) (?:shows|depicts|features|appears)|it (?:appears|seems) (?:that|to be)"
    r"|in the (?:foreground|background) of the (?:image|picture|photo))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Traces:
    """All tables of a campaign; see `check`. s sessions, n exchanges, v votes."""

    players: int
    network: Whole
    """(players,) the network each joined from, or UNKNOWN."""
    session_player: Whole
    """(s,); the columns down to ``session_end`` are of sessions."""
    session_start: Array
    session_end: Array
    asker: Whole
    """(n,); the columns down to ``model_like`` are of exchanges."""
    image: Whole
    text: Whole
    """Code of the question's plain words."""
    opening: Whole
    """Code of its first two words: a habit of asking, such as "how many"."""
    write_s: Array
    """From when the player could ask to when they asked."""
    read_s: Array
    """From when the answer was there to its mark."""
    letters: Whole
    answer_words: Whole
    pasted: Whole
    """1: question or correction was pasted; 0: it was typed; UNKNOWN: the phone did not say."""
    model_like: Marks
    """The correction reads as if a language model wrote it; see `reads_like_a_model`."""
    voter: Whole
    """(v,); the columns from here are of votes."""
    author: Whole
    claim: Whole
    yes: Marks
    """The voter confirmed the claim."""
    settled: Whole
    """1: the claim was accepted, 0: rejected, UNKNOWN: it is open or disputed."""


_TABLES: Final = (
    ("network",),
    ("session_player", "session_start", "session_end"),
    (
        "asker", "image", "text", "opening", "write_s", "read_s", "letters", "answer_words", "pasted",
        "model_like",
    ),
    ("voter", "author", "claim", "yes", "settled"),
)  # fmt: skip
_OF_PLAYERS: Final = ("session_player", "asker", "voter", "author")


def check(traces: Traces) -> Traces:
    """Returns the traces. Raises BadInput for columns of unequal length, for session times that are no
    numbers, for a player who is not there, or for a vote on one's own claim.
    """
    for columns in _TABLES:
        lengths = {name: len(getattr(traces, name)) for name in columns}
        if len(set(lengths.values())) > 1:
            raise BadInput(f"Columns of one table differ in length: {lengths}. Give one value a row.")
    if len(traces.network) != traces.players:
        raise BadInput(f"{len(traces.network)} networks for {traces.players} players. Give one each, or -1.")
    for name in _OF_PLAYERS:
        column = getattr(traces, name)
        if len(column) and (column.min() < 0 or column.max() >= traces.players):
            raise BadInput(
                f"The column {name!r} names players {column.min()} to {column.max()} of {traces.players}."
            )
    if (traces.voter == traces.author).any():
        raise BadInput("A vote on one's own claim is none. Leave such rows out.")
    if not (np.isfinite(traces.session_start).all() and np.isfinite(traces.session_end).all()):
        raise BadInput("A session without start or end cannot be compared. Leave unfinished sessions out.")
    return traces


def empty(*, players: int = 0) -> Traces:
    """Returns the traces of players who have done nothing yet."""
    whole, real, marks = np.empty(0, np.int64), np.empty(0), np.empty(0, bool)
    return Traces(
        players=players, network=np.full(players, UNKNOWN),
        session_player=whole, session_start=real, session_end=real,
        asker=whole, image=whole, text=whole, opening=whole, write_s=real, read_s=real, letters=whole,
        answer_words=whole, pasted=whole, model_like=marks,
        voter=whole, author=whole, claim=whole, yes=marks, settled=whole,
    )  # fmt: skip


def codes(values: Iterable[Hashable]) -> Whole:
    """Returns numbers from 0, the same for equal values, in the order of their first appearance."""
    known: dict[Hashable, int] = {}
    return np.fromiter((known.setdefault(value, len(known)) for value in values), np.int64)


def plain(question: str) -> str:
    """Returns the words of a question in order, without case and punctuation."""
    return " ".join(re.findall(r"\w+", question.casefold()))


def opening(question: str) -> str:
    """Returns the first two words of a question."""
    return " ".join(plain(question).split()[:2])


def reads_like_a_model(correction: str | None) -> bool:
    """Whether a correction has a phrase that language models like, or is a long sentence of prose.

    Careful writers do that too: such words are a hint and never more.
    """
    if not correction:
        return False
    return len(correction.split()) >= LONG_ANSWER_WORDS or _MODEL_LIKE.search(correction) is not None
