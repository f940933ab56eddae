"""Codes that let a player go on, on another device: once, for ten minutes, and useless to guess.

Only a keyed hash of a code is stored. There are 32^8 of them (a million million); whoever may try a hundred
an hour finds one of a thousand live codes in about a million years.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Final

from stumper.accounts import queries
from stumper.errors import NotFound, TooMany
from stumper.records import Player, PlayerId
from stumper.store.database import Database

LIFE_S: Final = 600.0
AN_HOUR: Final = 5
"""Codes that one player may make in an hour."""
_HOUR_S: Final = 3600.0
_LETTERS: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""No 0 and O, no 1 and I: they look alike on paper. 32 signs, five bits each."""
_SIZE: Final = 8
_CODE: Final = re.compile(f"[{_LETTERS}]{{{_SIZE}}}")
_GONE: Final = (
    "This code is not known, was used already, or is older than ten minutes. "
    "Make a new one on your other device, under Me."
)

Hash = Callable[[str], str]
"""Hashes a code with the operator's secret."""


def draw(rng: random.Random) -> str:
    """Returns a new code of 40 random bits; give ``random.SystemRandom()`` outside tests."""
    return "".join(_LETTERS[rng.getrandbits(5)] for _ in range(_SIZE))


def shown(code: str) -> str:
    """Returns the code as people read it: ``ABCD-2345``."""
    return f"{code[:4]}-{code[4:]}"


def normal(typed: str) -> str:
    """Returns the code in what was typed, whatever its capitals, blanks and dashes. Raises NotFound."""
    code = re.sub(r"[\s\-\u2010-\u2015]", "", typed[:64]).upper()
    if not _CODE.fullmatch(code):
        raise NotFound("A code has eight letters and digits, such as ABCD-2345. Look at it again.")
    return code


async def make(
    database: Database, player_id: PlayerId, *, hashed: Hash, now: float, rng: random.Random
) -> str:
    """Returns a new code of the player. Raises NotFound for an unknown player, TooMany."""
    code = draw(rng)
    async with database.begin() as tx:
        await queries.lock(tx, player_id)
        if await queries.count_passcodes(tx, player_id, since=now - _HOUR_S) >= AN_HOUR:
            told = f"You have made {AN_HOUR} codes within an hour. Wait a while, or use the last one."
            raise TooMany(told, after_s=_HOUR_S)
        await queries.add_passcode(tx, player_id, code_hash=hashed(code), now=now, expires_at=now + LIFE_S)
    return code


async def peek(database: Database, typed: str, *, hashed: Hash, now: float) -> Player:
    """Returns whose code it is and leaves it usable. Raises NotFound."""
    async with database.read() as tx:
        player_id = await queries.owner_of_passcode(tx, hashed(normal(typed)), now=now)
        player = None if player_id is None else await queries.find(tx, player_id)
    if player is None:
        raise NotFound(_GONE)
    return player


async def use(database: Database, typed: str, *, hashed: Hash, now: float) -> PlayerId:
    """Uses up the code and returns whose it was. Of two at once, one gets it. Raises NotFound."""
    async with database.begin() as tx:
        player_id = await queries.use_passcode(tx, hashed(normal(typed)), now=now)
    if player_id is None:
        raise NotFound(_GONE)
    return player_id
