"""Codes with which players invite others: they name the inviter to this server, and to nobody else.

A code is the player's id, enciphered with the operator's secret by a Feistel network of HMAC-SHA256 (four
rounds: Luby and Rackoff, 1988, doi:10.1137/0217022). So none has to be stored, and nobody finds the id in it
or makes one up that names somebody.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Final

from stumper.records import ID_SIGNS, PlayerId

_CODE: Final = re.compile(f"[{ID_SIGNS}]{{16}}")
_HALF_BITS: Final = 40
_MASK: Final = (1 << _HALF_BITS) - 1
_ROUNDS: Final = range(4)


class Invites:
    """Puts player ids of ``records.new_id`` into codes of 16 letters and digits, and reads them back."""

    def __init__(self, secret: str) -> None:
        self._key = hashlib.sha256(f"invite {secret}".encode()).digest()

    def code(self, player_id: PlayerId) -> str:
        """Raises ValueError for an id of another form (made by hand)."""
        number = _read(player_id)
        left, right = number >> _HALF_BITS, number & _MASK
        for turn in _ROUNDS:
            left, right = right, left ^ self._mix(turn, right)
        return _write(left << _HALF_BITS | right)

    def player(self, code: str) -> PlayerId | None:
        """Returns the id in a code, whether such a player exists or not; None for what is no code."""
        if not _CODE.fullmatch(code):
            return None
        number = _read(code)
        left, right = number >> _HALF_BITS, number & _MASK
        for turn in reversed(_ROUNDS):
            left, right = right ^ self._mix(turn, left), left
        return PlayerId(_write(left << _HALF_BITS | right))

    def _mix(self, turn: int, half: int) -> int:
        digest = hmac.new(self._key, bytes([turn]) + half.to_bytes(5, "big"), hashlib.sha256).digest()
        return int.from_bytes(digest[:5], "big")


def _read(text: str) -> int:
    if not _CODE.fullmatch(text):
        raise ValueError(f"{text[:20]!r} has no 16 signs of 5 bits.")
    number = 0
    for sign in text:
        number = number << 5 | ID_SIGNS.index(sign)
    return number


def _write(number: int) -> str:
    return "".join(ID_SIGNS[number >> shift & 31] for shift in range(75, -1, -5))
