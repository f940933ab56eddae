"""What a recipe says, in the trainer's own settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from stumper.tune.recipes import Recipe

_STOP_POINTS: Final = 4
"""Checkpoints of a run, for going on after a kill."""


def arguments(folder: Path, recipe: Recipe, seed: int, pairs: int) -> Any:
    import torch
    from trl import SFTConfig

    cuda = torch.cuda.is_available()
    updates = max(1, round(pairs / (recipe.batch * recipe.accumulate)))
    if recipe.most_steps is not None:
        updates = min(updates, recipe.most_steps)
    return SFTConfig(
        output_dir=str(folder),
        max_steps=updates,
        per_device_train_batch_size=recipe.batch,
        gradient_accumulation_steps=recipe.accumulate,
        learning_rate=recipe.rate,
        lr_scheduler_type="cosine" if recipe.cosine else "linear",
        warmup_steps=max(1, updates // 20),
        gradient_checkpointing=recipe.bf16 and cuda,
        logging_steps=max(1, updates // 20),
        # Checkpoints of LoRA hold no embeddings: a run that trains them starts over, to the same weights.
        save_strategy="no" if recipe.words else "steps",
        save_steps=max(1, updates // _STOP_POINTS),
        save_total_limit=1,
        max_length=None,
        bf16=recipe.bf16 and cuda,
        use_cpu=not cuda,
        seed=seed,
        data_seed=seed,
        logging_nan_inf_filter=False,  # it would hide from the guard what it looks for
        report_to=[],
        disable_tqdm=True,
        dataloader_num_workers=0,
        remove_unused_columns=False,
        dataset_kwargs={"skip_prepare_dataset": True},
    )
