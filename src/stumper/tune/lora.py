"""LoRA tuning of a vision-language model on a release, with TRL and PEFT (extra `train`).

Every linear layer of the text model gets low-rank matrices, merged at the end: the result is an ordinary
checkpoint. Same release, recipe and seed: same weights. A killed run goes on at its last checkpoint,
or, where the recipe writes none, starts over and ends in the same weights.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from stumper.tune.ahead import prepare, remember
from stumper.tune.data import to_dataset
from stumper.tune.model import copy_weights, linear_layers, load, step_back
from stumper.tune.pairs import Pair, fresh_pairs, mix, read_pairs
from stumper.tune.recipes import Recipe
from stumper.tune.settings import arguments
from stumper.tune.watch import OnProgress, guard, last_checkpoint, teller, train

DONE: Final = "tuned.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class TuneResult:
    """What came of a run."""

    folder: Path
    """The merged checkpoint."""
    pairs: int
    replayed: int
    """Known pairs seen, over all passes."""
    steps: int
    loss: float
    """Mean over the run."""
    seconds: float


def tune(
    base_dir: Path,
    release_dir: Path,
    out_dir: Path,
    *,
    recipe: Recipe,
    seed: int,
    replay: Path | None = None,
    remote_code: bool = False,
    on_progress: OnProgress | None = None,
) -> TuneResult:
    """Tunes the checkpoint in `base_dir` on `release_dir/train.jsonl`; saves the merged model in `out_dir`.

    `replay` is a file of known pairs in the same format. `remote_code` lets Python run that lies beside the
    weights. `on_progress` hears steps done and steps in all. A finished `out_dir` is returned as it is.
    Raises BadRelease if there is nothing to learn from, BadSetting for a model that cannot be tuned so.
    """
    if (out_dir / DONE).is_file():
        return _read_result(out_dir)
    fresh = fresh_pairs(release_dir)
    known = read_pairs(replay) if replay else []
    pairs = mix(fresh, known, replay_share=recipe.replay_share, epochs=recipe.epochs, seed=seed)
    began = time.monotonic()
    out_dir.mkdir(parents=True, exist_ok=True)
    steps, loss = _train(base_dir, pairs, out_dir, recipe, seed, on_progress, remote_code=remote_code)
    result = TuneResult(
        folder=out_dir,
        pairs=len(fresh),
        replayed=len(pairs) - recipe.epochs * len(fresh),
        steps=steps,
        loss=loss,
        seconds=round(time.monotonic() - began, 1),
    )
    # Written last: a folder with this file holds a whole model.
    (out_dir / DONE).write_text(
        json.dumps({**asdict(result), "folder": ".", "recipe": asdict(recipe), "seed": seed})
    )
    shutil.rmtree(out_dir / "checkpoints", ignore_errors=True)
    return result


def _read_result(out_dir: Path) -> TuneResult:
    saved = json.loads((out_dir / DONE).read_text())
    names = ("pairs", "replayed", "steps", "loss", "seconds")
    return TuneResult(folder=out_dir, **{name: saved[name] for name in names})


def _train(
    base_dir: Path,
    pairs: Sequence[Pair],
    out_dir: Path,
    recipe: Recipe,
    seed: int,
    on_progress: OnProgress | None,
    *,
    remote_code: bool,
) -> tuple[int, float]:
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import PrinterCallback, set_seed
    from trl import SFTTrainer

    set_seed(seed)
    model, processor = load(base_dir, recipe, remote_code=remote_code)
    different = list(dict.fromkeys(pairs))
    places = {pair: place for place, pair in enumerate(different)}
    order = [places[pair] for pair in pairs]
    data = to_dataset(different, image_px=recipe.image_px)
    prepared = prepare(data, processor) if recipe.ahead else None
    forget = remember(model) if recipe.ahead else None
    before = copy_weights(model) if recipe.keep < 1.0 else None
    lora = LoraConfig(
        r=recipe.rank,
        lora_alpha=recipe.alpha,
        lora_dropout=0.0,
        target_modules=linear_layers(model, recipe),
        task_type="CAUSAL_LM",
    )
    trainer = SFTTrainer(
        model=model,
        args=arguments(out_dir / "checkpoints", recipe, seed, len(pairs)),
        train_dataset=data.select(order) if prepared is None else Dataset.from_dict({"place": order}),
        data_collator=prepared,
        processing_class=processor,
        peft_config=lora,
        callbacks=[teller(on_progress)] if on_progress else None,
    )
    trainer.remove_callback(PrinterCallback)  # standard output is for the result
    if recipe.words:
        trainer.model.get_input_embeddings().weight.requires_grad_(True)
    trainer.add_callback(guard())
    outcome = train(trainer, last_checkpoint(out_dir / "checkpoints"), recipe)
    merged = trainer.model.merge_and_unload()
    if forget is not None:
        forget()
    if before is not None:
        step_back(merged, before, keep=recipe.keep)
    merged.save_pretrained(out_dir)
    processor.save_pretrained(out_dir)
    return int(outcome.global_step), float(outcome.training_loss)
