"""LoRA tuning of a vision-language model on a release, with TRL and PEFT (extra `train`).

Every linear layer of the text model gets low-rank matrices, merged at the end: the result is an ordinary
checkpoint. Same release, recipe and seed: same weights. A killed run goes on at its last checkpoint,
or, where the recipe writes none, starts over and ends in the same weights.
"""

from __future__ import annotations

import json
import math
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from stumper.errors import BadRelease, BadSetting
from stumper.tune.ahead import prepare, remember
from stumper.tune.pairs import Pair, fresh_pairs, mix, read_pairs
from stumper.tune.recipes import Recipe, model_config
from stumper.vlm.vision_ops import mend_torchvision

if TYPE_CHECKING:
    from datasets import Dataset

DONE: Final = "tuned.json"
_STOP_POINTS: Final = 4
"""Checkpoints of a run, for going on after a kill."""

OnProgress = Callable[[int, int], None]


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
    before = _copy(model) if recipe.keep < 1.0 else None
    lora = LoraConfig(
        r=recipe.rank,
        lora_alpha=recipe.alpha,
        lora_dropout=0.0,
        target_modules=linear_layers(model, recipe),
        task_type="CAUSAL_LM",
    )
    trainer = SFTTrainer(
        model=model,
        args=_arguments(out_dir / "checkpoints", recipe, seed, len(pairs)),
        train_dataset=data.select(order) if prepared is None else Dataset.from_dict({"place": order}),
        data_collator=prepared,
        processing_class=processor,
        peft_config=lora,
        callbacks=[_teller(on_progress)] if on_progress else None,
    )
    trainer.remove_callback(PrinterCallback)  # standard output is for the result
    if recipe.words:
        trainer.model.get_input_embeddings().weight.requires_grad_(True)
    trainer.add_callback(_guard())
    outcome = _run(trainer, _last_checkpoint(out_dir / "checkpoints"), recipe)
    merged = trainer.model.merge_and_unload()
    if forget is not None:
        forget()
    if before is not None:
        _step_back(merged, before, keep=recipe.keep)
    merged.save_pretrained(out_dir)
    processor.save_pretrained(out_dir)
    return int(outcome.global_step), float(outcome.training_loss)


def load(base_dir: Path, recipe: Recipe, *, remote_code: bool = False) -> tuple[Any, Any]:
    """Returns the checkpoint's model and its processor with the recipe's picture settings.

    Raises BadSetting for a model that needs Python of its own and may not run it, or that cannot be loaded.
    """
    import torch
    from transformers import AutoModelForImageTextToText, AutoProcessor
    from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES as KNOWN
    from transformers.utils.logging import disable_progress_bar as quiet

    config = model_config(base_dir)
    if config.get("auto_map") and config.get("model_type") not in KNOWN and not remote_code:
        raise BadSetting(
            f"{base_dir} brings Python code of its own, which would run with your rights. Read it, then say "
            "--trust-remote-code."
        )
    mend_torchvision()
    quiet()  # standard error tells progress in our own words
    dtype = torch.bfloat16 if recipe.bf16 and torch.cuda.is_available() else torch.float32
    try:
        processor = AutoProcessor.from_pretrained(
            base_dir, trust_remote_code=remote_code, **dict(recipe.processor)
        )
        model = AutoModelForImageTextToText.from_pretrained(
            base_dir, dtype=dtype, trust_remote_code=remote_code
        )
    except (OSError, ValueError, KeyError, ImportError) as error:
        why = (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
        if any(name in why.lower() for name in ("torchvision", "num2words")):
            why += " (pip install 'stumper[families]')"
        raise BadSetting(
            f"{base_dir} cannot be loaded as a vision-language model: {why} Give a saved checkpoint with its "
            "processor."
        ) from error
    return model, processor


def _copy(model: Any) -> dict[str, Any]:
    return {name: weight.detach().clone() for name, weight in model.named_parameters()}


def _step_back(tuned: Any, before: dict[str, Any], *, keep: float) -> None:
    """Moves every weight towards what it was, so that `keep` of its change is left."""
    import torch

    with torch.no_grad():
        for name, weight in tuned.named_parameters():
            weight.lerp_(before[name].to(weight), 1.0 - keep)


def linear_layers(model: Any, recipe: Recipe) -> list[str]:
    """Names of the layers that the recipe adapts. Raises BadSetting if the model has none of them."""
    from torch import nn

    linear = [name for name, module in model.named_modules() if isinstance(module, nn.Linear)]
    found = [name for name in linear if recipe.adapts(name)]
    if not found:
        raise BadSetting(
            f"The recipe {recipe.name!r} adapts none of the model's {len(linear)} linear layers. Choose the "
            "recipe of its family: --recipe."
        )
    return found


def to_dataset(pairs: Sequence[Pair], *, image_px: int | None) -> Dataset:
    """Pairs as TRL's collator takes them. Raises BadRelease for a picture that is missing or broken."""
    from datasets import Dataset, Features, Image, List, Value

    message = [{"role": Value("string"), "content": Value("string")}]
    features = Features({"images": List(Image()), "prompt": message, "completion": message})
    return Dataset.from_list(
        [
            {
                "images": [_picture(pair.image, image_px)],
                "prompt": [{"role": "user", "content": pair.prompt}],
                "completion": [{"role": "assistant", "content": pair.completion}],
            }
            for pair in pairs
        ],
        features=features,
    )


def _picture(path: Path, image_px: int | None) -> dict[str, Any]:
    """The picture as encoded bytes, scaled once here and not again in every epoch."""
    import io

    from PIL import Image

    try:
        if image_px is None:
            return {"bytes": path.read_bytes(), "path": None}
        with Image.open(path) as picture:
            small = picture.convert("RGB").resize((image_px, image_px), Image.Resampling.BOX)
    except OSError as error:
        raise BadRelease(f"The picture {path} cannot be read: {error}. Build the release again.") from error
    buffer = io.BytesIO()
    small.save(buffer, "PNG", compress_level=1)
    return {"bytes": buffer.getvalue(), "path": None}


def _arguments(folder: Path, recipe: Recipe, seed: int, pairs: int) -> Any:
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


def _run(trainer: Any, checkpoint: str | None, recipe: Recipe) -> Any:
    """Trains. Raises BadSetting if the memory of the GPU does not suffice, with the setting to change."""
    import torch

    try:
        return trainer.train(resume_from_checkpoint=checkpoint)
    except torch.OutOfMemoryError as error:
        way_out = (
            f"Look at fewer pairs at once: --batch {recipe.batch // 2}."
            if recipe.batch > 1
            else "Use a smaller model, or fewer pixels a picture (the recipe's processor settings)."
        )
        raise BadSetting(
            f"The GPU's memory does not suffice for batches of {recipe.batch}. {way_out}"
        ) from error


def _last_checkpoint(folder: Path) -> str | None:
    """The newest complete checkpoint: the state file is the last that the trainer writes."""
    found = [path for path in folder.glob("checkpoint-*") if (path / "trainer_state.json").is_file()]
    return str(max(found, key=lambda path: int(path.name.rpartition("-")[2]))) if found else None


def _guard() -> Any:
    """Ends a run whose loss is no number any more: its weights are noise."""
    from transformers import TrainerCallback

    class Guard(TrainerCallback):  # type: ignore[misc]  # untyped
        def on_log(self, _args: Any, state: Any, _control: Any, logs: Any = None, **_: Any) -> None:
            loss = (logs or {}).get("loss")
            if loss is not None and not math.isfinite(loss):
                raise BadSetting(
                    f"The loss is {loss} after {state.global_step} steps. Choose a lower rate, or look for "
                    "broken pictures in the release. Nothing was saved."
                )

    return Guard()


def _teller(on_progress: OnProgress) -> Any:
    from transformers import TrainerCallback

    class Teller(TrainerCallback):  # type: ignore[misc]  # transformers is untyped for mypy here
        def on_step_end(self, _args: Any, state: Any, _control: Any, **_: Any) -> None:
            on_progress(state.global_step, state.max_steps)

    return Teller()
