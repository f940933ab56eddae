"""Tuning as `rounds` does it, with the same recipe for every arm."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from stumper.errors import BadSetting
from stumper.experiment.bench import Tell
from stumper.rounds import tune_on
from stumper.tune.recipes import Recipe, Wishes, recipe_for, recipe_named
from stumper.vlm.onnx import SHIPPED


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeTuner:
    """Tunes by LoRA; see `rounds.tune_on`."""

    recipe: str | None = None
    """By name; None: what fits the checkpoint."""
    passes: int | None = None
    """Over the pairs, instead of the recipe's."""
    batch: int | None = None
    remote_code: bool = False

    @property
    def how(self) -> str:
        """Names all that changes what is learned."""
        return f"{self.recipe or 'fitting'}, {self.passes or 'its own'} passes"

    def told(self, base: str) -> str:
        """Says what is done with a model."""
        recipe = self.recipe_of(base)
        return f"{recipe.name}, {recipe.epochs} passes, {recipe.replay_share:.0%} known pairs mixed in"

    def recipe_of(self, base: str) -> Recipe:
        """Returns the recipe for a model. Raises BadSetting for one that cannot be tuned, NotFound."""
        scheme, _, rest = base.partition(":")
        if scheme not in {"onnx", "hf"}:
            raise BadSetting(f"{base} cannot be tuned: only its answers are here. Give onnx: or hf:DIR.")
        chosen = recipe_named(self.recipe) if self.recipe else recipe_for(Path(rest) if rest else SHIPPED)
        return replace(chosen, epochs=self.passes) if self.passes else chosen

    def __call__(self, data: Path, target: Path, *, base: str, seed: int, on_progress: Tell) -> str:
        return tune_on(
            data,
            base_ref=base,
            target=target.resolve(),
            recipe=self.recipe_of(base),
            wishes=Wishes(batch=self.batch, patience=0),  # an arm has no validation pairs
            remote_code=self.remote_code,
            seed=seed,
            on_progress=on_progress,
        ).ref
