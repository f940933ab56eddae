"""Deals a session (pure): which pictures are controls, in which order, and which answers will be falsified.

The coins are drawn before the first question and their hash is shown, so that nobody can choose them
afterwards: the player may check the hash against salt and coins once the session is over.
"""

from __future__ import annotations

import hashlib
import hmac
import math
import random
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from stumper.errors import PoolEmpty
from stumper.records import Image, PlayerId, Round, Rules, Session, SessionId, Turn, TurnId, new_id


class Deal(NamedTuple):
    session: Session
    turns: tuple[Turn, ...]


TRUSTED_SHARE: Final = 0.2
PROVEN_SHARE: Final = 0.1
"""Shares of controls once E has passed the campaign's bar, and at its cap. E is capped, so trust has to be
earned anew all the time: two false alarms in a row, or about three sessions of marking blindly, end it.
"""


def control_share(e_value: float, *, rules: Rules) -> float:
    """Returns the share of controls in a player's next session: the campaign's for strangers, 1/5 for trusted
    players, 1/10 for those at the cap, never more than the campaign's.

    A trusted player who turns bad falls below the bar and gets a stranger's share again.
    """
    if e_value >= rules.cap_e:
        return min(PROVEN_SHARE, rules.control_share)
    return min(TRUSTED_SHARE, rules.control_share) if e_value >= rules.trust_e else rules.control_share


def controls_of(turns: int, *, share: float, rng: random.Random) -> int:
    """Returns how many of the turns are controls: ``share`` of them; a coin settles what is left over."""
    exact = turns * share
    whole = math.floor(exact + 1e-9)
    left_over = max(0.0, exact - whole)
    return whole + (rng.random() < left_over)


def require_enough(*, tainted: int, untainted: int, controls: int, turns: int, campaign: str) -> None:
    """Raises PoolEmpty, saying how many pictures of which kind are missing and how to add some."""
    simple, complex_ = max(0, controls - tainted), max(0, turns - controls - untainted)
    if not simple and not complex_:
        return
    missing = " and ".join(
        f"{number} {name}" for number, name in ((simple, "simple"), (complex_, "complex")) if number
    )
    noun = "picture" if simple + complex_ == 1 else "pictures"
    raise PoolEmpty(
        f"Campaign {campaign!r} lacks {missing} {noun} that you have not seen for a session of {turns}. "
        "More are added with: stumper images add FOLDER, or stumper images toytown -n 600"
    )


def deal(
    *,
    player_id: PlayerId,
    round_: Round,
    rules: Rules,
    controls: Sequence[Image],
    untainted: Sequence[Image],
    rng: random.Random,
    now: float,
) -> Deal:
    """Returns a new session with one turn for each picture, in random order."""
    session_id = SessionId(new_id(rng))
    pictures = [(image, True) for image in controls] + [(image, False) for image in untainted]
    rng.shuffle(pictures)
    turns = tuple(
        Turn(
            id=TurnId(new_id(rng)),
            session_id=session_id,
            position=position,
            image_id=image.id,
            control=control,
            coins=_coins(rules, control=control, rng=rng),
        )
        for position, (image, control) in enumerate(pictures)
    )
    salt = f"{rng.getrandbits(256):064x}"
    session = Session(
        id=session_id,
        player_id=player_id,
        round_id=round_.id,
        campaign_id=round_.campaign_id,
        turns=len(turns),
        started_at=now,
        poison_rate=rules.poison_rate,
        salt=salt,
        commitment=commitment(salt, turns),
    )
    return Deal(session, turns)


def _coins(rules: Rules, *, control: bool, rng: random.Random) -> str:
    if not control:
        return "0" * rules.questions_per_turn
    return "".join("1" if rng.random() < rules.poison_rate else "0" for _ in range(rules.questions_per_turn))


def commitment(salt: str, turns: Iterable[Turn]) -> str:
    """Returns SHA-256 (hex) of the salt and, by position, a line ``turn-id coins`` for each turn."""
    by_position = sorted(turns, key=lambda turn: turn.position)
    lines = [salt, *(f"{turn.id} {turn.coins}" for turn in by_position)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def verify_commitment(session: Session, turns: Iterable[Turn]) -> bool:
    """True if the coins are those that the session's commitment was made of."""
    return hmac.compare_digest(commitment(session.salt, turns), session.commitment)
