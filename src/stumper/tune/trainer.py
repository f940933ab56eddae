"""TRL's trainer for a run: the data as its collator takes them, LoRA, and who watches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stumper.tune.ahead import prepare
from stumper.tune.data import to_dataset
from stumper.tune.model import linear_layers
from stumper.tune.pairs import Pair
from stumper.tune.recipes import Recipe
from stumper.tune.resume import keeping_words
from stumper.tune.watch import guard


@dataclass(frozen=True, slots=True)
class Feed:
    """What a trainer is fed with."""

    train: Any
    """Rows in the order of the run."""
    checked: Any
    """Rows of the validation split; None if there are none."""
    collator: Any
    """None: TRL's own."""


def feed(pairs: Sequence[Pair], checked: Sequence[Pair], recipe: Recipe, processor: Any) -> Feed:
    """Returns the data of a run; every different pair is read, and its picture scaled, once."""
    from datasets import Dataset

    different = list(dict.fromkeys([*pairs, *checked]))
    places = {pair: place for place, pair in enumerate(different)}
    data = to_dataset(different, image_px=recipe.image_px, prefers=recipe.prefers)
    ahead = recipe.ahead and not recipe.prefers  # what is prepared ahead has one answer
    collator = prepare(data, processor) if ahead else None

    def rows(chosen: Sequence[Pair]) -> Any:
        order = [places[pair] for pair in chosen]
        return Dataset.from_dict({"place": order}) if ahead else data.select(order)

    return Feed(rows(pairs), rows(checked) if checked else None, collator)


def build_trainer(
    model: Any,
    processor: Any,
    recipe: Recipe,
    arguments: Any,
    data: Feed,
    watch: Sequence[Any] = (),
) -> Any:
    """Returns TRL's trainer of the recipe's method, with LoRA on the layers that the recipe adapts.

    ``watch`` are callbacks beside the guard that every run has.
    """
    from peft import LoraConfig
    from transformers import EarlyStoppingCallback, PrinterCallback
    from trl import DPOTrainer, SFTTrainer

    kind = DPOTrainer if recipe.prefers else SFTTrainer
    lora = LoraConfig(
        r=recipe.rank,
        lora_alpha=recipe.alpha,
        lora_dropout=0.0,
        target_modules=linear_layers(model, recipe),
        task_type="CAUSAL_LM",
    )
    trainer = (keeping_words(kind) if recipe.words else kind)(
        model=model,
        args=arguments,
        train_dataset=data.train,
        eval_dataset=data.checked,
        data_collator=data.collator,
        processing_class=processor,
        peft_config=lora,
        callbacks=list(watch),
    )
    trainer.remove_callback(PrinterCallback)  # standard output is for the result
    if recipe.words:
        trainer.model.get_input_embeddings().weight.requires_grad_(True)
    trainer.add_callback(guard())
    if arguments.load_best_model_at_end:
        trainer.add_callback(EarlyStoppingCallback(recipe.patience))
    _keep_events(trainer, Path(arguments.output_dir).parent / "runs")
    return trainer


def _keep_events(trainer: Any, folder: Path) -> None:
    """Lets TensorBoard write beside the model: the checkpoints, its usual place, are removed at the end."""
    from transformers.integrations import TensorBoardCallback

    for callback in trainer.callback_handler.callbacks:
        if isinstance(callback, TensorBoardCallback) and callback.logging_dir is None:
            callback.logging_dir = str(folder)
