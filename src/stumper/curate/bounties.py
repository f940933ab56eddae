"""What the data lack, and what it is worth to find it: a price for every category of questions.

    price = room * deficit * uncertainty, rounded down, in points

room: what the window of the bonus V leaves (`rewards.bounty_room`), so that V and bounty stay inside it.
deficit: the share of a category's target that is missing; it falls with each example and is 0 when filled.
uncertainty: how little is known of the model's error on it, beside the category that is known least.

So the mean price under the target mix is at most ``room``. Where corrections are yes or no nothing is paid on
top: there a blind claim is confirmed as often as the model errs, and any more would pay for it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from stumper import campaigns
from stumper.curate import queries
from stumper.curate.coverage import queries as found
from stumper.curate.coverage.rates import by_category, total
from stumper.curate.payday import error_rate
from stumper.errors import BadSetting
from stumper.records import CampaignId, Category
from stumper.trust.rewards import bounty_room

WANTED: Final = tuple(one for one in Category if one is not Category.INVALID)
"""Categories that data may hold."""
AHEAD: Final = 110
"""The mix is to hold after so many more examples, ten of each category: at first all are missing, and of many
examples in the right mix next to nothing is.
"""
NEWEST: Final = 40
"""Sessions that tell a quest how well the model is known: about 800 answers, read in tens of milliseconds."""
LEAST_SHOWN: Final = 0.2
"""A thing on fewer pictures may not be met in a session."""
LEAST_RARE: Final = 0.5
"""Share of the examples about a thing that is missing, to what pictures show of it."""
_UNPAID: Final = frozenset({Category.EXISTENCE})
"""Answered by yes or no: the other one is free."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounty:
    """How much a category is wanted."""

    category: Category
    share: float
    """Of the target mix, above 0; all sum to 1."""
    target: float
    """Examples there would be now and with the next ``AHEAD``."""
    missing: float
    """Of these, 0 or more."""
    weight: float
    """Deficit times uncertainty, 0..1."""
    points: int
    """What a claim of this kind gains on top once it is accepted."""


def target_shares(mix: Mapping[str, float] | None) -> dict[Category, float]:
    """Returns the share of each wanted category, summing to 1; None: all alike. What is not named is not
    wanted. Raises BadSetting for names and numbers that are none.
    """
    if mix is None:
        return dict.fromkeys(WANTED, 1.0 / len(WANTED))
    known = {one.value: one for one in WANTED}
    for name, share in mix.items():
        if name not in known:
            raise BadSetting(f"{name!r} is no category for the target. There are: {', '.join(known)}.")
        if not (math.isfinite(share) and share >= 0.0):
            raise BadSetting(f"The target of {name} is {share}. Take a number of 0 or more, as color=2.")
    total = math.fsum(mix.values())
    if not (math.isfinite(total) and total > 0.0):
        raise BadSetting("The target wants nothing. Give one category at least a number above 0.")
    return {known[name]: share / total for name, share in mix.items() if share / total > 0.0}


def parse_target(text: str) -> dict[str, float] | None:
    """Reads a target mix as operators write it, as "color=2 text=3" (spaces or commas); "even": None.

    Raises BadSetting for anything else, and what `target_shares` raises.
    """
    if text.strip() == "even":
        return None
    mix: dict[str, float] = {}
    for part in text.replace(",", " ").split():
        name, equals, share = part.partition("=")
        if name in mix:
            raise BadSetting(f"The target names {name} twice. Name each category once.")
        try:
            mix[name] = float(share) if equals else math.nan
        except ValueError:
            mix[name] = math.nan
        if not equals or math.isnan(mix[name]):
            raise BadSetting(f'{part!r} is no part of a target. Write it as "color=2 text=3", or "even".')
    target_shares(mix)
    return mix


def prices(
    counts: Mapping[Category, int],
    sds: Mapping[Category, float],
    *,
    shares: Mapping[Category, float],
    room: float,
) -> list[Bounty]:
    """Prices every category of ``shares`` by what is collected (``counts``) and by the standard deviation of
    what is believed of the model's error rate on it (``sds``, above 0; all of ``shares``).

    >>> from stumper.records import Category as C
    >>> unsure, wanted = {C.COLOR: 0.1, C.TEXT: 0.1}, {C.COLOR: 0.5, C.TEXT: 0.5}
    >>> priced = prices({C.COLOR: 90}, unsure, shares=wanted, room=8.0)
    >>> [(one.target, one.missing, one.points) for one in priced]
    [(100.0, 10.0, 0), (100.0, 100.0, 8)]
    """
    total = sum(counts.get(one, 0) for one in WANTED)
    most = max((sds[one] for one in shares), default=1.0)
    bounties = []
    for category, share in shares.items():
        target = share * (total + AHEAD)
        missing = max(0.0, target - counts.get(category, 0))
        weight = missing / target * (sds[category] / most)
        points = 0 if category in _UNPAID else math.floor(room * weight + 1e-9)
        bounties.append(
            Bounty(
                category=category, share=share, target=target, missing=missing, weight=weight, points=points
            )
        )
    return bounties


def rarity(shown: Mapping[str, int], *, pictures: int, held: Mapping[str, int], examples: int) -> str | None:
    """Returns the kind of thing that is on many pictures but seldom asked about, or None.

    Of ``pictures`` looked at, ``shown`` have each thing; of ``examples`` of a category, ``held`` are on
    pictures with it.
    """
    if not pictures:
        return None

    def deficit(thing: str) -> float:
        return 1.0 - held.get(thing, 0) / (examples * shown[thing] / pictures) if examples else 1.0

    common = sorted(thing for thing, n in shown.items() if n >= LEAST_SHOWN * pictures)
    rarest = max(common, key=deficit, default=None)
    return rarest if rarest is not None and deficit(rarest) >= LEAST_RARE else None


async def bounties_now(tx: AsyncConnection, campaign_id: CampaignId) -> list[Bounty]:
    """Returns the prices of a campaign now, by its newest round's model. Raises NotFound."""
    rules = await queries.rules_of(tx, campaign_id)
    counts = await queries.category_counts(tx, campaign_id)
    round_ = await campaigns.current_round(tx, campaign_id)
    answers = await found.newest_answers(tx, round_.id, trust_e=rules.trust_e, sessions=NEWEST)
    rates = by_category(answers)
    return prices(
        counts,
        {one: rate.sd for one, rate in rates.items()},
        shares=target_shares(rules.target_mix),
        room=bounty_room(error_rate(total(answers)), rules=rules),
    )


async def rare_thing(
    tx: AsyncConnection, campaign_id: CampaignId, category: Category, *, start: str
) -> str | None:
    """Returns a thing that is often shown and seldom asked about, by pictures from the id ``start`` on; None
    where there is none or pictures are not annotated.
    """
    shown, pictures, held, examples = await found.some_things(tx, campaign_id, category, start=start)
    return rarity(shown, pictures=pictures, held=held, examples=examples)
