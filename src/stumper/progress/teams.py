"""Teams: players who share a weekly score. Whoever has the code may join; a player is in one team at most."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from typing import Final

from stumper.errors import BadInput, Conflict, NotFound
from stumper.play.texts import clean
from stumper.progress import queries
from stumper.records import PlayerId, new_id
from stumper.store.database import Database
from stumper.trust.periods import utc_week, week_period

NAME_CHARS: Final = 40
SIZE: Final = 30
_LETTERS: Final = "BCDFGHJKMNPQRTVWXZ"
"""No vowels, so that no code is a word, and none that is taken for another letter or a digit."""
CODE_LETTERS: Final = 8
"""Eleven thousand million codes: nobody finds one by trying at the pace that is let through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mate:
    player_id: PlayerId
    nickname: str
    points: int
    """Of this week."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    name: str
    code: str
    mates: tuple[Mate, ...]
    """Everybody in it, most points first."""

    @property
    def points(self) -> int:
        return sum(mate.points for mate in self.mates)


async def make_team(
    database: Database, player_id: PlayerId, *, name: str, now: float, rng: random.Random
) -> str:
    """Makes a team and puts the player into it. Returns its code.

    Raises BadInput for a name that cannot be kept, Conflict for who is in a team already.
    """
    name = clean(name)
    if not 1 <= len(name) <= NAME_CHARS:
        raise BadInput(f"A team's name has 1 to {NAME_CHARS} characters, this one {len(name)}.")
    async with database.begin() as tx:
        await queries.lock_player(tx, player_id)
        if (await queries.who(tx, player_id)).team_id is not None:
            raise Conflict("You are in a team already. Leave it first, then make another one.")
        code = _code(rng)
        while await queries.code_taken(tx, code):
            code = _code(rng)
        id_ = new_id(rng)
        await queries.add_team(tx, id=id_, name=name, code=code, now=now)
        await queries.set_team(tx, player_id, id_)
    return code


async def join_team(database: Database, player_id: PlayerId, *, code: str) -> str:
    """Puts the player into the team of a code, however it is written. Returns the team's name.

    Raises NotFound for a code of no team, Conflict for a full one or for who is in another team.
    """
    plain = normal_code(code)
    async with database.begin() as tx:
        await queries.lock_player(tx, player_id)
        team = await queries.lock_team(tx, plain)
        if team is None:
            raise NotFound(
                f"No team has the code {plain[:12]!r}. Ask for it once more: it has {CODE_LETTERS} letters."
            )
        now_in = (await queries.who(tx, player_id)).team_id
        if now_in not in (None, team.id):
            raise Conflict("You are in a team already. Leave it first, then join this one.")
        mates = await queries.team_members(tx, team.id, period="")
        if now_in is None and len(mates) >= SIZE:
            raise Conflict(f"This team is full: it has {SIZE} players. Make one of your own.")
        await queries.set_team(tx, player_id, team.id)
    return str(team.name)


async def leave_team(database: Database, player_id: PlayerId) -> None:
    """Takes the player out of their team; the points they have stay theirs."""
    async with database.begin() as tx:
        await queries.set_team(tx, player_id, None)


async def my_team(database: Database, player_id: PlayerId, *, now: float) -> Team | None:
    """Returns the player's team with this week's points of everybody in it, or None."""
    async with database.read() as tx:
        who = await queries.who(tx, player_id)
        if who.team_id is None or who.team is None or who.code is None:
            return None
        rows = await queries.team_members(tx, who.team_id, period=week_period(utc_week(now)))
    mates = tuple(Mate(player_id=id_, nickname=nickname, points=n) for id_, nickname, n in rows)
    return Team(name=who.team, code=who.code, mates=mates)


def normal_code(code: str) -> str:
    """Returns a code as it is kept: capitals without spaces and hyphens.

    >>> normal_code(" bcdf-ghjk ")
    'BCDFGHJK'
    """
    return re.sub(r"[\s\-–]", "", clean(code)).upper()


def _code(rng: random.Random) -> str:
    return "".join(rng.choice(_LETTERS) for _ in range(CODE_LETTERS))
