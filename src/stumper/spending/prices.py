"""Prices of endpoints (pure): so much per million tokens read, and per million generated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final

from stumper.errors import BadSetting

NANO: Final = 1_000_000_000
"""Money is counted in billionths: whole numbers add up to the same sum in any order, on any database."""
_DEAREST: Final = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Price:
    """Billionths of a unit of money for one token."""

    prompt_nano: int
    token_nano: int

    def of(self, *, prompt_tokens: int, tokens: int) -> int:
        """Returns what a call costs, in billionths."""
        return self.prompt_nano * prompt_tokens + self.token_nano * tokens


Prices = Mapping[str, Price]
"""By the name that a model is asked for, the part of its reference after '#'."""


def read_prices(text: str) -> Prices:
    """Reads ``NAME=READ/GENERATED ...``, each per million tokens in any one currency.

    Raises BadSetting for what cannot be read, negative prices and a name that stands twice.

    >>> read_prices("gpt-4o=2.5/10")
    {'gpt-4o': Price(prompt_nano=2500, token_nano=10000)}
    """
    prices: dict[str, Price] = {}
    for one in text.split():
        name, _, told = one.rpartition("=")
        prompt, _, generated = told.partition("/")
        if not name or name in prices:
            raise _unreadable(one)
        prices[name] = Price(_nano(prompt, of=one), _nano(generated, of=one))
    return prices


def _nano(per_million: str, *, of: str) -> int:
    try:
        price = Decimal(per_million)
    except InvalidOperation:
        raise _unreadable(of) from None
    if not price.is_finite() or not 0 <= price <= _DEAREST:
        raise _unreadable(of)
    return round(price * (NANO // 1_000_000))


def _unreadable(one: str) -> BadSetting:
    return BadSetting(
        f"The price {one!r} in STUMPER_PRICES cannot be read. Write each model once, with what a million "
        "tokens cost, read and generated: gpt-4o=2.5/10"
    )
