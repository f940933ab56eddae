"""Traces of simulated crowds (`trust.traces`): honest players of many habits, and those who cheat together or
by machine. Nothing here plays the game: times, words and votes are drawn from what each kind does.

Honest people differ in how they ask, how fast they are and when they play; families share a network and an
evening, a school class starts in the same minute. Cheats are rings (one list of questions, one evening, one
network or several, votes for each other), robots, and people who paste.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import numpy as np

from stumper.errors import BadInput
from stumper.trust.crowd import Array, Marks, Whole
from stumper.trust.traces import UNKNOWN, Traces, check


class Role(StrEnum):
    """What a simulated player is."""

    SKILLED = "skilled"
    CARELESS = "careless"
    FAMILY = "family"
    """Four at one table: one network, the same evenings, votes and questions of their own."""
    CLASS = "class"
    """Twenty-five who begin within two minutes, once or twice, from one network."""
    WRITER = "writer"
    """Writes whole sentences and pastes now and then."""
    PASTER = "paster"
    """Pastes what a language model wrote."""
    BOT = "bot"
    """Four seconds an exchange."""
    RING = "ring"
    """Accounts of one hand from one network, on the same evenings, told what to ask about each picture."""
    SCATTERED = "scattered"
    """The same from a network each, at times of their own, with one list of questions for all pictures."""


HONEST: Final = frozenset({Role.SKILLED, Role.CARELESS, Role.FAMILY, Role.CLASS, Role.WRITER})
MIX: Final = {
    Role.SKILLED: 0.36,
    Role.CARELESS: 0.20,
    Role.FAMILY: 0.10,
    Role.CLASS: 0.10,
    Role.WRITER: 0.04,
    Role.PASTER: 0.03,
    Role.BOT: 0.05,
    Role.RING: 0.06,
    Role.SCATTERED: 0.06,
}
GROUP: Final = {Role.FAMILY: 4, Role.CLASS: 25, Role.RING: 6, Role.SCATTERED: 6}
"""Members of one family, class or ring."""
_PACE: Final = {Role.CARELESS: 14.0, Role.BOT: 4.0}
_PACE_ELSE: Final = 26.0
_SEES: Final = {Role.CARELESS: (0.55, 0.20), Role.RING: (0.5, 0.5), Role.SCATTERED: (0.5, 0.5)}
_SEES_ELSE: Final = (0.82, 0.07)
_PASTES: Final = {Role.WRITER: 0.15, Role.PASTER: 0.9}
_MEETS: Final = 2.0
"""Sessions of a family that begin in the same two minutes, of its five."""
TURNS: Final = 10
DAY_S: Final = 86_400.0
_OPENINGS: Final = 12
_LIST: Final = 25
"""Questions on the list of a scattered ring, in words of its own."""
_OWN_WORDS: Final = 0.3
"""Share of questions that nobody else puts into the same words."""
_WORDS: Final = 40
"""Things one may ask about with each opening, on any picture."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """Traces and who is who."""

    traces: Traces
    roles: Whole
    """(players,) place of each player's role in ``list(Role)``."""

    def of(self, role: Role) -> Whole:
        return np.flatnonzero(self.roles == list(Role).index(role))


@dataclass(slots=True)
class _Seats:
    """Who sits where; the columns are of players."""

    role: Whole
    group: Whole
    """Of a family, class or ring; UNKNOWN for others."""
    network: Whole
    pace: Array = field(init=False)

    def are(self, *roles: Role) -> Marks:
        return np.isin(self.role, [list(Role).index(role) for role in roles])

    def each(self, known: dict[Role, float], otherwise: float) -> Array:
        return np.array([known.get(role, otherwise) for role in Role])[self.role]


def crowd(
    *,
    players: int,
    seed: int,
    mix: dict[Role, float] | None = None,
    sessions: int = 5,
    images: int = 0,
    votes: int = 3,
) -> Crowd:
    """Draws a crowd: so many ``sessions`` of ten pictures each at the mean, ``votes`` a claim.

    ``images`` 0: two for each player. Raises BadInput for no players.
    """
    if players < 1:
        raise BadInput(f"{players} players make no crowd. Use 1 or more.")
    rng = np.random.default_rng([seed, players])
    seats = _seated(mix or MIX, players, rng)
    session_player, start = _evenings(seats, sessions, rng)
    asked = _questions(seats, session_player, images or 2 * players, rng)
    voted = _ballots(seats, asked["asker"], votes, rng)
    traces = Traces(
        players=players, network=seats.network, session_player=session_player, session_start=start,
        session_end=start + TURNS * 60.0, **asked, **voted,
    )  # fmt: skip
    return Crowd(check(traces), seats.role)


def _seated(mix: dict[Role, float], players: int, rng: np.random.Generator) -> _Seats:
    share = np.array([mix.get(role, 0.0) for role in Role])
    edges = np.round(np.cumsum(share) / share.sum() * players).astype(int)
    role = np.searchsorted(edges, np.arange(players), "right")
    within = np.arange(players) - np.concatenate([[0], edges])[role]
    size = np.array([GROUP.get(one, 0) for one in Role])[role]
    group = np.where(size > 0, role * players + within // np.maximum(size, 1), UNKNOWN)
    one_network = np.isin(role, [list(Role).index(one) for one in (Role.FAMILY, Role.CLASS, Role.RING)])
    alone = len(Role) * players + np.arange(players)
    seats = _Seats(role, group, np.unique(np.where(one_network, group, alone), return_inverse=True)[1])
    seats.pace = seats.each(_PACE, _PACE_ELSE) * np.exp(rng.normal(0.0, 0.25, players))
    return seats


def _evenings(seats: _Seats, sessions: int, rng: np.random.Generator) -> tuple[Whole, Array]:
    """Returns (player, start) of sessions: some evening of a month each, those of a group partly together."""
    n = rng.poisson(sessions - 1, len(seats.role)) + 1
    player = np.repeat(np.arange(len(n)), n)
    number = np.arange(len(player)) - np.repeat(np.cumsum(n) - n, n)
    day, hour = rng.integers(0, 30, len(player)), np.clip(rng.normal(19.0, 3.0, len(player)), 0.0, 23.9)
    start = day * DAY_S + hour * 3_600.0
    code = (np.maximum(seats.group[player], 0) * 50 + number).astype(np.int64)
    shared = (_hashed(code) % 30) * DAY_S + 17.0 * 3_600.0 + _hashed(code + 7) % 18_000
    spread = np.where(seats.are(Role.RING)[player], 30.0, 120.0)
    ends = np.where(
        seats.are(Role.FAMILY)[player], _MEETS, np.where(seats.are(Role.CLASS)[player], 2.0, 99.0)
    )
    meets = seats.are(Role.FAMILY, Role.CLASS, Role.RING)[player] & (number < ends)
    return player, np.where(meets, shared + rng.uniform(0.0, 1.0, len(player)) * spread, start)


def _hashed(code: Whole) -> Whole:
    return (code * 2_654_435_761 + 12_345) % 4_294_967_291


def _questions(seats: _Seats, session_player: Whole, images: int, rng: np.random.Generator) -> dict[str, Any]:
    """Returns the columns of exchanges: 1 to 4 questions a picture.

    Everybody has openings of their own liking, a picture invites some things more than others, and a ring has
    one list that names what to ask about each picture.
    """
    asker = np.repeat(np.repeat(session_player, TURNS), 1)
    image = rng.integers(0, images, len(asker))
    times = rng.integers(1, 4, len(asker))
    asker, image = np.repeat(asker, times), np.repeat(image, times)
    n = len(asker)
    liking = rng.dirichlet(np.full(_OPENINGS, 0.7), len(seats.role)).cumsum(axis=1)
    opening = np.minimum((liking[asker] < rng.random(n)[:, None]).sum(axis=1), _OPENINGS - 1)
    inviting = _hashed(image * 31 + np.minimum(rng.geometric(0.45, n), 6)) % _WORDS
    thing = np.where(rng.random(n) < 0.7, inviting, rng.integers(0, _WORDS, n))
    listed = _hashed(seats.group[asker] * 7_919 + image * 3)
    lists = seats.are(Role.RING)[asker] & (rng.random(n) < 0.85)
    opening = np.where(lists, listed % _OPENINGS, opening)
    text = opening * _WORDS + np.where(lists, listed // _OPENINGS % _WORDS, thing)
    script = _OPENINGS * _WORDS + seats.group[asker] * _LIST + rng.integers(0, _LIST, n)
    text = np.where(seats.are(Role.SCATTERED)[asker] & (rng.random(n) < 0.6), script, text)
    own = (rng.random(n) < _OWN_WORDS) & ~lists
    text = np.where(own, script.max(initial=0) + 1 + np.arange(n), text)
    exchange_s = seats.pace[asker] * np.exp(rng.normal(0.0, 0.25, n))
    marked = rng.random(n) < seats.each(_PASTES, 0.02)[asker]
    return {
        "asker": asker, "image": image, "text": np.unique(text, return_inverse=True)[1], "opening": opening,
        "write_s": exchange_s * 0.6, "read_s": exchange_s * 0.4, "letters": rng.integers(18, 45, n),
        "answer_words": rng.integers(1, 9, n), "pasted": marked.astype(int),
        "model_like": rng.random(n) < seats.each({Role.PASTER: 0.5, Role.WRITER: 0.2}, 0.01)[asker],
    }  # fmt: skip


def _ballots(seats: _Seats, asker: Whole, votes: int, rng: np.random.Generator) -> dict[str, Any]:
    """Returns the columns of votes on a tenth of the questions; a ring confirms its own and is settled by the
    truth, as gold cases are.
    """
    author = asker[rng.random(len(asker)) < 0.1]
    truth = rng.random(len(author)) < np.where(seats.are(Role.RING, Role.SCATTERED)[author], 0.35, 0.65)
    hard = rng.normal(0.0, 0.7, len(author))
    claim = np.repeat(np.arange(len(author)), votes)
    voter = rng.integers(0, len(seats.role), len(claim))
    keep = voter != author[claim]
    claim, voter = claim[keep], voter[keep]
    sees = np.array([_SEES.get(role, _SEES_ELSE) for role in Role])[seats.role[voter]]
    rate = np.clip(np.where(truth[claim], sees[:, 0], sees[:, 1]), 0.01, 0.99)
    way = np.where(truth[claim], -hard[claim], hard[claim])
    yes = rng.random(len(claim)) < 1.0 / (1.0 + (1.0 - rate) / rate * np.exp(-way))
    own = (seats.group[voter] == seats.group[author[claim]]) & seats.are(Role.RING, Role.SCATTERED)[voter]
    settled = np.where(rng.random(len(author)) < 0.85, truth, UNKNOWN)
    return {
        "voter": voter, "author": author[claim], "claim": claim, "yes": yes | own, "settled": settled[claim],
    }  # fmt: skip
