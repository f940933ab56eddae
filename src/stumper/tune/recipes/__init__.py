"""How a model is tuned: one readable file of numbers a family, and which fits which checkpoint."""

from stumper.tune.recipes.base import ALL, Method, Quantize, Recipe, Wishes
from stumper.tune.recipes.choose import RECIPES, model_config, recipe_for, recipe_named
from stumper.tune.recipes.gap import GAP
from stumper.tune.recipes.standard import STANDARD
from stumper.tune.recipes.toytown import TINY

__all__ = [
    "ALL",
    "GAP",
    "RECIPES",
    "STANDARD",
    "TINY",
    "Method",
    "Quantize",
    "Recipe",
    "Wishes",
    "model_config",
    "recipe_for",
    "recipe_named",
]
