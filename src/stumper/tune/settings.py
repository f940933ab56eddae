"""What a recipe says, in the trainer's own settings."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from stumper.errors import BadSetting
from stumper.tune.crew import Crew
from stumper.tune.recipes import Method, Recipe

CHECKS: Final = 4
"""Times that a run is written down, for going on after a kill, and looked at on the validation split."""
REPORTERS: Final = {"tensorboard": "tensorboard", "wandb": "wandb", "mlflow": "mlflow"}
"""What the trainer's own callbacks report to, and the package that each needs."""
_LOSSES: Final[dict[Method, dict[str, Any]]] = {
    Method.DPO: {"loss_type": ["sigmoid"]},
    Method.BOTH: {"loss_type": ["sigmoid", "sft"], "loss_weights": [1.0, 1.0]},
}


def arguments(
    folder: Path,
    recipe: Recipe,
    seed: int,
    pairs: int,
    crew: Crew,
    *,
    checked: bool = False,
    report_to: Sequence[str] = (),
) -> Any:
    """Returns the trainer's settings in this process of ``crew`` for so many ``pairs`` of all together.

    ``checked`` takes a validation loss too. Raises BadSetting if the crew cannot share an update.
    """
    from trl import DPOConfig, SFTConfig

    share = crew.share(recipe)
    updates = updates_of(recipe, pairs)
    every = max(1, updates // CHECKS)
    settings = {
        **_machine(recipe),
        **_checks(recipe, every, checked=checked),
        "output_dir": str(folder),
        "max_steps": updates,
        "per_device_train_batch_size": share.batch,
        # one by one: a mean over batches would depend on how many look at them together
        "per_device_eval_batch_size": 1,
        "gradient_accumulation_steps": share.accumulate,
        "learning_rate": recipe.peak,
        "lr_scheduler_type": "cosine" if recipe.cosine else "linear",
        "warmup_steps": max(1, updates // 20),
        "logging_steps": max(1, updates // 20),
        "save_steps": every,
        "max_length": None,
        "seed": seed,
        "data_seed": seed,
        "report_to": list(report_to),
    }
    if recipe.prefers:
        return crew.arguments(DPOConfig, **settings, **_LOSSES[recipe.method], beta=recipe.beta)
    return crew.arguments(SFTConfig, **settings, dataset_kwargs={"skip_prepare_dataset": True})


def updates_of(recipe: Recipe, pairs: int) -> int:
    """Returns how many updates it takes to see so many pairs, however many processes share them."""
    updates = max(1, round(pairs / (recipe.batch * recipe.accumulate)))
    return updates if recipe.most_steps is None else min(updates, recipe.most_steps)


def _machine(recipe: Recipe) -> dict[str, Any]:
    import torch

    cuda = torch.cuda.is_available()
    return {
        "bf16": recipe.bf16 and cuda,
        "use_cpu": not cuda,
        "gradient_checkpointing": recipe.bf16 and cuda,
        "logging_nan_inf_filter": False,  # it would hide from the guard what it looks for
        "disable_tqdm": True,
        "dataloader_num_workers": 0,
        "remove_unused_columns": False,
    }


def _checks(recipe: Recipe, every: int, *, checked: bool) -> dict[str, Any]:
    chosen = checked and recipe.patience > 0
    return {
        "eval_strategy": "steps" if checked else "no",
        "eval_steps": every if checked else None,
        "prediction_loss_only": True,
        "save_strategy": "steps",
        "save_total_limit": 1,
        "load_best_model_at_end": chosen,
        "metric_for_best_model": "eval_loss" if chosen else None,
        "greater_is_better": False if chosen else None,
    }


def require_reporters(names: Sequence[str]) -> None:
    """Raises BadSetting for a name that is none, or whose package is missing, before anything is loaded."""
    for name in names:
        if name not in REPORTERS:
            raise BadSetting(f"There is no reporter {name!r}. Choose one of {', '.join(REPORTERS)}.")
        if importlib.util.find_spec(REPORTERS[name]) is None:
            raise BadSetting(
                f"Reporting to {name} needs its package: pip install {REPORTERS[name]}. Or leave "
                f"--report-to {name} out."
            )
