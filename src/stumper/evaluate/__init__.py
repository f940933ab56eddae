"""Stage 7: base and tuned are scored on held-out pictures, beside what guessing earns."""

from __future__ import annotations

from stumper.evaluate.closing import Examination, Figures, examine, examine_fully
from stumper.evaluate.run import Comparison, Figure, Item, Outcome, answers, compare

__all__ = [
    "Comparison",
    "Examination",
    "Figure",
    "Figures",
    "Item",
    "Outcome",
    "answers",
    "compare",
    "examine",
    "examine_fully",
]
