"""What was spent, and what a campaign may spend (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from stumper.errors import BadInput
from stumper.spending.prices import NANO

FIRST_CALL_TOKENS: Final = 1_000
"""Set aside for a question before anything is known of a campaign's calls: a picture and a short answer."""
MOST: Final = 10**18


class Unit(StrEnum):
    MONEY = "money"
    CALLS = "calls"
    TOKENS = "tokens"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    calls: int = 0
    kept: int = 0
    """Answers that had been given before and cost nothing."""
    prompt_tokens: int = 0
    tokens: int = 0
    cost_nano: int = 0

    def of(self, unit: Unit) -> int:
        """Returns what counts for a budget in ``unit``; money in billionths."""
        if unit is Unit.CALLS:
            return self.calls
        return self.prompt_tokens + self.tokens if unit is Unit.TOKENS else self.cost_nano


@dataclass(frozen=True, slots=True)
class Budget:
    unit: Unit
    most: int
    """In the unit; money in billionths."""

    def __post_init__(self) -> None:
        if not 0 <= self.most <= MOST:
            largest = MOST // NANO if self.unit is Unit.MONEY else MOST
            raise BadInput(
                f"A budget of {self.told(self.most)} cannot be kept. Give a number from 0 to {largest:,}."
            )

    def left(self, spent: Spent) -> int:
        return max(0, self.most - spent.of(self.unit))

    def used(self, spent: Spent) -> float:
        """Returns the spent part, 0 to 1; a budget of nothing is spent."""
        return 1.0 - self.left(spent) / self.most if self.most else 1.0

    def one_more(self, spent: Spent, *, first_cost_nano: int = 0) -> int:
        """Returns what a question is expected to take: one call, or the mean of those so far, at least 1.

        ``first_cost_nano`` is expected of the first one.
        """
        if self.unit is Unit.CALLS:
            return 1
        if spent.calls:
            return max(1, -(-spent.of(self.unit) // spent.calls))
        return max(1, FIRST_CALL_TOKENS if self.unit is Unit.TOKENS else first_cost_nano)

    def told(self, amount: int) -> str:
        """Returns an amount in words: '1,200 calls', '3.5000 in money'."""
        if self.unit is Unit.MONEY:
            return f"{Decimal(amount) / NANO:,.4f} in money"
        return f"{amount:,} {self.unit}"
