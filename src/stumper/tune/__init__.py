"""Stage 6: a release becomes a better model. Needs the extra `train`; torch is imported inside."""

from stumper.tune.crew import ALONE, Crew, Strategy, meeting
from stumper.tune.lora import TuneResult, tune
from stumper.tune.memory import plan
from stumper.tune.model import checkpoint_under
from stumper.tune.pairs import fresh_pairs
from stumper.tune.processes import together
from stumper.tune.recipes import STANDARD, TINY, Recipe, Wishes, recipe_for

__all__ = [
    "ALONE",
    "STANDARD",
    "TINY",
    "Crew",
    "Recipe",
    "Strategy",
    "TuneResult",
    "Wishes",
    "checkpoint_under",
    "fresh_pairs",
    "meeting",
    "plan",
    "recipe_for",
    "together",
    "tune",
]
