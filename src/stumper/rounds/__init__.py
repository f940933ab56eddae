"""Closing a round: claims -> release -> tuned model -> evaluation -> gate -> the next round -> lessons.

``closing`` makes each product once, ``work`` runs the whole as a durable job, ``tuning`` and ``examining`` do
the long parts, also for the commands.
"""

from stumper.rounds.closing import Closing, OnProgress
from stumper.rounds.examining import evaluate_on
from stumper.rounds.tuning import Tuned, tune_on
from stumper.rounds.work import CLOSING_PLAN, close_round, run_worker

__all__ = [
    "CLOSING_PLAN",
    "Closing",
    "OnProgress",
    "Tuned",
    "close_round",
    "evaluate_on",
    "run_worker",
    "tune_on",
]
