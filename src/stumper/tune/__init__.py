"""Stage 6: a release becomes a better model. Needs the extra `train`; torch is imported inside."""

from stumper.tune.adapter import checkpoint_under
from stumper.tune.lora import TuneResult, tune
from stumper.tune.memory import plan
from stumper.tune.pairs import fresh_pairs
from stumper.tune.recipes import STANDARD, TINY, Recipe, Wishes, recipe_for

__all__ = [
    "STANDARD",
    "TINY",
    "Recipe",
    "TuneResult",
    "Wishes",
    "checkpoint_under",
    "fresh_pairs",
    "plan",
    "recipe_for",
    "tune",
]
