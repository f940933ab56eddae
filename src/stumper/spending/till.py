"""The till: a question sets aside what it will take, its answer pays, a failure gives back.

When a budget is spent nobody is cut off: what is open can be judged, skipped and finished; only new questions
and new sessions are refused.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.campaigns import current_round
from stumper.errors import BudgetSpent
from stumper.records import Campaign, CampaignId, ExchangeId, RoundId
from stumper.spending import queries
from stumper.spending.budget import FIRST_CALL_TOKENS, Budget, Spent, Unit
from stumper.spending.prices import Price
from stumper.vlm.base import Answer
from stumper.vlm.openai import places

HOLD_S: Final = 120.0
"""A question whose process died gives back what was set aside after so long; no answer takes as long."""
PARTS: Final = 8
"""Rows that the answers of one day and model are spread over on PostgreSQL; SQLite has one writer."""
NO_QUESTIONS: Final = (
    "The campaign has asked its model as often as it may. Judge what is open and go on; new questions are "
    "possible when its operator allows more."
)
_RESTS: Final = (
    "The campaign {name!r} rests: what was set aside for its model is spent. Come back when its operator "
    "allows more."
)


def counted(model_ref: str) -> bool:
    """Tells whether asking this model is counted: endpoints are, models within this process are not."""
    return model_ref.startswith("openai:")


class Till:
    """Counts what answers take, at the given prices, and keeps budgets."""

    def __init__(
        self, prices: Mapping[str, Price] = MappingProxyType({}), *, rng: random.Random | None = None
    ) -> None:
        self._prices = prices
        self._rng = rng or random.SystemRandom()

    async def reserve(
        self,
        tx: AsyncConnection,
        *,
        campaign_id: CampaignId,
        exchange_id: ExchangeId,
        model_ref: str,
        now: float,
    ) -> None:
        """Sets aside what a question will take. Raises BudgetSpent if that is more than is left.

        Questions of one campaign come here one after the other, so that many at once take no more than one
        after the other would.
        """
        if not counted(model_ref):
            return
        budget = await queries.budget_of(tx, campaign_id, hold=True)
        if budget is None:
            return
        # In this order: an answer that is stored in between is counted in both places, never in none.
        held = await queries.set_aside(tx, campaign_id, but=exchange_id, since=now - HOLD_S)
        spent = await queries.spent_by(tx, campaign_id)
        amount = self._one_more(budget, spent, model_ref)
        if held + amount > budget.left(spent):
            raise BudgetSpent(NO_QUESTIONS)
        await queries.reserve(tx, campaign_id, exchange_id, amount=amount, now=now)

    async def pay(
        self,
        tx: AsyncConnection,
        *,
        campaign_id: CampaignId,
        round_id: RoundId,
        exchange_id: ExchangeId,
        answer: Answer,
        now: float,
    ) -> None:
        """Counts an answer, in the transaction that stores it, and ends what was set aside for it."""
        served = answer.served
        if served is None:
            return
        await queries.release(tx, exchange_id)
        await queries.add(
            tx,
            campaign_id=campaign_id,
            round_id=round_id,
            model=served.name,
            part=self._rng.randrange(PARTS) if tx.dialect.name == "postgresql" else 0,
            spent=cost_of(answer, self._prices),
            now=now,
        )

    async def give_back(self, tx: AsyncConnection, exchange_id: ExchangeId, *, model_ref: str) -> None:
        """Ends what was set aside for a question that got no answer."""
        if counted(model_ref):
            await queries.release(tx, exchange_id)

    async def require_left(self, tx: AsyncConnection, campaign: Campaign) -> None:
        """Raises BudgetSpent if nothing is left for the questions of another session."""
        budget = await queries.budget_of(tx, campaign.id)
        if budget is None:
            return
        model_ref = (await current_round(tx, campaign.id)).model_ref
        spent = await queries.spent_by(tx, campaign.id)
        if counted(model_ref) and self._one_more(budget, spent, model_ref) > budget.left(spent):
            raise BudgetSpent(_RESTS.format(name=campaign.name))

    def _one_more(self, budget: Budget, spent: Spent, model_ref: str) -> int:
        price = self._prices.get(name_in(model_ref))
        first = 0 if price is None else price.of(prompt_tokens=FIRST_CALL_TOKENS, tokens=0)
        return budget.one_more(spent, first_cost_nano=first)


def name_in(model_ref: str) -> str:
    """Returns the model's name in a reference: what stands after the first '#', up to the fallback."""
    return model_ref.partition("#")[2].partition("|http")[0]


def names_in(model_ref: str) -> set[str]:
    """Returns the names of an endpoint's model and of what stands in for it. Raises BadSetting."""
    first, last = places(model_ref.partition(":")[2])
    return {name for _, name in (*first, *last)}


def cost_of(answer: Answer, prices: Mapping[str, Price]) -> Spent:
    """Returns what an answer took; a kept one nothing, one without a price its tokens only.

    A server that counts no tokens is taken to have read as many as a first question is expected to take: no
    budget would ever end there.
    """
    served, tokens = answer.served, answer.tokens
    if served is None or served.kept:
        return Spent(kept=int(served is not None))
    read = served.prompt_tokens or (0 if tokens else FIRST_CALL_TOKENS)
    cost_nano = prices.get(served.name, Price(0, 0)).of(prompt_tokens=read, tokens=tokens)
    return Spent(calls=1, prompt_tokens=read, tokens=tokens, cost_nano=cost_nano)


async def notes(tx: AsyncConnection, campaign: Campaign, prices: Mapping[str, Price]) -> list[str]:
    """Returns what an operator should know when the game opens: of a pause, of the budget; mostly nothing."""
    pause = []
    if campaign.rules.paused:
        pause = [
            f"{campaign.name} is paused, no session begins. Go on: stumper campaign resume {campaign.name}"
        ]
    budget = await queries.budget_of(tx, campaign.id)
    model_ref = (await current_round(tx, campaign.id)).model_ref
    if budget is None or not counted(model_ref):
        return pause
    spent = await queries.spent_by(tx, campaign.id)
    left = budget.left(spent)
    told = f"{campaign.name}: {budget.told(left)} left of {budget.told(budget.most)}."
    if budget.one_more(spent) > left:
        told = (
            f"{campaign.name} rests: its budget of {budget.told(budget.most)} is spent. Allow more with: "
            f"stumper campaign budget --{budget.unit} N"
        )
    unpriced = names_in(model_ref) - prices.keys() if budget.unit is Unit.MONEY else set()
    return [
        *pause,
        told,
        *(
            f"No price of {name!r} is known: it costs the budget nothing. Set STUMPER_PRICES."
            for name in sorted(unpriced)
        ),
    ]
