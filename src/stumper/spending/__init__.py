"""What a campaign's model costs, and its end: prices, budgets, and the till that every question passes.

Only endpoints are counted: a model within this process takes nothing but the machine's time. What is counted
is written in the transaction that stores the answer, so nothing is counted twice or lost. A budget is kept by
setting aside what a question will take before it is asked.
"""

from __future__ import annotations

from stumper.spending.budget import Budget, Spent, Unit
from stumper.spending.prices import Price, Prices, read_prices
from stumper.spending.till import Till, notes

__all__ = ["Budget", "Price", "Prices", "Spent", "Till", "Unit", "notes", "read_prices"]
