"""Stage 6: a release becomes a better model. Needs the extra `train`; torch is imported inside."""

from stumper.tune.lora import TuneResult, tune
from stumper.tune.recipes import STANDARD, TINY, Recipe, recipe_for

__all__ = ["STANDARD", "TINY", "Recipe", "TuneResult", "recipe_for", "tune"]
