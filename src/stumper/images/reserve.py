"""Which pictures and players are held out: by a seeded hash of the id, known before the first is dealt.

A held-out player is dealt held-out pictures first, and everybody else the others. So the test split of a
release can share neither a picture nor a player with the rest and hardly an example is lost for it. Nobody
can tell from what they are dealt: both cohorts hold a random fifth, of players and of pictures alike.
"""

from __future__ import annotations

import hashlib
from typing import Final

HELD_OUT_FROM: Final = 0.8
"""Places from here on are held out: a fifth."""


def place(id: str, *, seed: int) -> float:
    """Returns the place in [0, 1) of a picture or a player, the same on every machine."""
    digest = hashlib.sha256(f"{seed}:{id}".encode()).digest()
    return int.from_bytes(digest[:7]) / 2**56


def held_out(where: float) -> bool:
    """Tells whether what has this place is held out."""
    return where >= HELD_OUT_FROM
