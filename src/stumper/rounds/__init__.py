"""Closing a round: claims -> release -> tuned model -> evaluation -> gate -> the next round -> lessons.

``closing`` makes each product once, ``work`` runs the whole as a durable job, ``tuning`` and ``examining`` do
the long parts, also for the commands; ``champion`` has a person's word about who plays, ``lineage`` what came
of every round, ``side_by_side`` all of them and their models; ``judging`` asks the panel later.
"""

from stumper.rounds.champion import approve, refuse, rollback
from stumper.rounds.closing import Closing, OnProgress
from stumper.rounds.examining import answers_beside, ask_both_ahead, evaluate_on
from stumper.rounds.judging import judge_again
from stumper.rounds.lineage import Chapter, lineage
from stumper.rounds.side_by_side import chronicle
from stumper.rounds.tuning import Tuned, tune_on
from stumper.rounds.work import CLOSING_PLAN, close_round, run_worker

__all__ = [
    "CLOSING_PLAN",
    "Chapter",
    "Closing",
    "OnProgress",
    "Tuned",
    "answers_beside",
    "approve",
    "ask_both_ahead",
    "chronicle",
    "close_round",
    "evaluate_on",
    "judge_again",
    "lineage",
    "refuse",
    "rollback",
    "run_worker",
    "tune_on",
]
