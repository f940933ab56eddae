"""Ways to play, honest and other, of the mechanism study: rates, seconds, and what somebody does who believes
to know which pictures are controls. `table` plays them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from stumper.simulate.people import TYPES, Type
from stumper.trust.rewards import Form


class Act(StrEnum):
    """What to do on a picture."""

    PLAY = "play"
    SKIP = "skip"
    WRONG = "wrong"
    """Type anything, say Wrong, go on."""


class Sort(StrEnum):
    """What a strategy stands for in the comparison."""

    HONEST = "honest"
    BLIND = "blind"
    """Marks without looking, or nearly so."""
    SLY = "sly"
    """Recognises controls, or has found a question that pays."""


@dataclass(frozen=True, slots=True)
class Strategy:
    """A type of player, and what it does on pictures that it takes for controls and for others."""

    name: str
    sort: Sort
    type: Type
    detects: float = 0.5
    """P(takes a picture for what it is); 0.5 is a coin, and no matter if it always plays."""
    tainted: Act = Act.PLAY
    untainted: Act = Act.PLAY
    form: Form = Form.OPEN
    easy: bool = False
    """Asks what the model surely knows."""


NEVER: Final = 1e-9
_SKILLED: Final = TYPES["skilled"]
_DETECTS: Final = 0.85

STRATEGIES: Final = (
    Strategy("honest", Sort.HONEST, _SKILLED),
    Strategy("fatigued", Sort.HONEST, TYPES["fatigue"]),
    Strategy("careless", Sort.HONEST, TYPES["careless"]),
    Strategy("always wrong", Sort.BLIND, TYPES["always_wrong"]),
    Strategy(
        "always correct",
        Sort.BLIND,
        replace(TYPES["always_correct"], s_t=NEVER, f_t=NEVER, s_u=NEVER, f_u=NEVER),
    ),
    Strategy("random", Sort.BLIND, TYPES["random"]),
    Strategy("first question, then wrong", Sort.BLIND, TYPES["lazy"]),
    Strategy("blind bot", Sort.BLIND, replace(TYPES["always_wrong"], name="blind_bot", seconds=4)),
    Strategy("seeing bot", Sort.SLY, TYPES["bot"]),
    Strategy("skips what is no control", Sort.SLY, _SKILLED, _DETECTS, untainted=Act.SKIP),
    Strategy("wrong on what is no control", Sort.SLY, _SKILLED, _DETECTS, untainted=Act.WRONG),
    Strategy("skips controls", Sort.SLY, _SKILLED, _DETECTS, tainted=Act.SKIP),
    Strategy(
        "colludes with yes or no",
        Sort.SLY,
        replace(TYPES["colluder"], logit_sd=0.35),
        _DETECTS,
        untainted=Act.WRONG,
        form=Form.YES_NO,
    ),
    Strategy(
        "fast easy questions",
        Sort.SLY,
        replace(_SKILLED, name="easy", s_u=_SKILLED.s_t, f_u=_SKILLED.f_t, seconds=12.5),
        easy=True,
    ),
    Strategy("sees controls, confirms the rest", Sort.SLY, TYPES["faker"]),
)
