"""LoRA tuning of a vision-language model on a release, with TRL and PEFT (extra `train`).

Every linear layer of the text model gets low-rank matrices, merged at the end: the result is an ordinary
checkpoint. Same release, recipe and seed: same weights, also of a run that was killed and went on.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Final

from stumper.errors import BadSetting
from stumper.tune.ahead import remember
from stumper.tune.crew import ALONE, Crew
from stumper.tune.disk import ensure_space, save_whole, space_needed, telling_of_a_full_disk
from stumper.tune.model import copy_weights, hush, load, step_back, weaken
from stumper.tune.pairs import Pair, lessons, mix, read_pairs
from stumper.tune.recipes import Recipe
from stumper.tune.resume import (
    FOLDER,
    Trained,
    claim,
    ensure_same,
    identity,
    last_checkpoint,
    note_end,
    read_end,
    restore,
    restore_words,
)
from stumper.tune.settings import arguments, require_reporters
from stumper.tune.trainer import build_trainer, feed
from stumper.tune.watch import OnProgress, Point, curve, mean_loss, teller, train
from stumper.vlm.checkpoint import put_on

DONE: Final = "tuned.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class TuneResult:
    """What came of a run."""

    folder: Path
    """The merged checkpoint, or the adapter."""
    pairs: int
    replayed: int
    """Known pairs seen, over all passes."""
    steps: int
    loss: float
    """Mean over the run."""
    seconds: float
    checked: int = 0
    """Validation pairs that the validation loss is of."""
    kept_step: int | None = None
    """The step whose weights were kept; None for the last one."""
    curve: tuple[Point, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """All that a run needs to know."""

    base_dir: Path
    out_dir: Path
    recipe: Recipe
    seed: int
    pairs: Sequence[Pair]
    """In the order in which they are seen."""
    checked: Sequence[Pair]
    remote_code: bool
    merge: bool
    report_to: Sequence[str]
    on_progress: OnProgress | None
    say: Callable[[str], None]
    crew: Crew


def tune(
    base_dir: Path,
    release_dir: Path,
    out_dir: Path,
    *,
    recipe: Recipe,
    seed: int,
    replay: Path | None = None,
    remote_code: bool = False,
    merge: bool = True,
    report_to: Sequence[str] = (),
    on_progress: OnProgress | None = None,
    say: Callable[[str], None] = lambda _: None,
    crew: Crew = ALONE,
) -> TuneResult:
    """Tunes the checkpoint in `base_dir` on `release_dir/train.jsonl`; saves the merged model in `out_dir`.

    `replay` is a file of known pairs in the same format; DPO takes none, its loss holds on to the base model.
    `remote_code` lets Python run that lies beside the weights. Without `merge` only the adapter is saved.
    `report_to` names trackers (`settings.REPORTERS`), `on_progress` hears steps done and steps in all, `say`
    every loss. `crew` is who trains together: all call this alike, the main process speaks and writes. A
    finished `out_dir` of the same run is returned as it is.

    Raises BadRelease if there is nothing to learn from, BadSetting for a model that cannot be tuned so, too
    little disk or memory, Conflict if `out_dir` holds a model that was tuned otherwise.
    """
    recipe = replace(recipe, words=False, ahead=False) if recipe.prefers else recipe
    _require_fit(recipe, merge=merge)
    require_reporters(report_to)
    taught = lessons(release_dir, recipe, seed=seed)
    known = read_pairs(replay) if replay and not recipe.prefers else []
    run = _Run(
        base_dir=base_dir,
        out_dir=out_dir,
        recipe=recipe,
        seed=seed,
        pairs=mix(taught.fresh, known, replay_share=recipe.replay_share, epochs=recipe.epochs, seed=seed),
        checked=taught.checked,
        remote_code=remote_code,
        merge=merge,
        report_to=report_to,
        on_progress=on_progress,
        say=say,
        crew=crew,
    )
    return _tune(run, fresh=len(taught.fresh))


def _require_fit(recipe: Recipe, *, merge: bool) -> None:
    if recipe.words and not merge:
        raise BadSetting(
            f"The recipe {recipe.name!r} trains token embeddings, which an adapter does not hold. Leave "
            "--no-merge out."
        )


def _tune(run: _Run, *, fresh: int) -> TuneResult:
    hush()
    settings = arguments(
        run.out_dir / FOLDER,
        run.recipe,
        run.seed,
        len(run.pairs),
        run.crew,
        checked=bool(run.checked),
        report_to=run.report_to,
    )
    made_of = identity(run.base_dir, run.pairs, run.checked, run.recipe, run.seed, run.crew)
    made_of |= {"merged": run.merge}
    if (run.out_dir / DONE).is_file():
        return _read_result(run.out_dir, made_of)
    began = time.monotonic()
    with run.crew.main_first():
        if run.crew.main:
            claim(run.out_dir, made_of)
    trained = _train(run, settings)
    result = TuneResult(
        folder=run.out_dir,
        pairs=fresh,
        replayed=len(run.pairs) - run.recipe.epochs * fresh,
        steps=trained.steps,
        loss=mean_loss(trained.curve),
        seconds=round(time.monotonic() - began, 1),
        checked=len(run.checked),
        kept_step=trained.kept_step if run.recipe.patience else None,
        curve=trained.curve,
    )
    if run.crew.main:
        _finish(run, result, made_of)
    return result


def _finish(run: _Run, result: TuneResult, made_of: dict[str, Any]) -> None:
    """Written last: a folder with this file holds a whole model."""
    written = {
        **asdict(result),
        "folder": ".",
        "base": str(run.base_dir.absolute()),
        "recipe": asdict(run.recipe),
        "seed": run.seed,
        "made_of": made_of,
    }
    text = json.dumps(written)
    save_whole(run.out_dir, lambda part: (part / DONE).write_text(text, encoding="utf-8"))
    shutil.rmtree(run.out_dir / FOLDER, ignore_errors=True)


def _read_result(out_dir: Path, made_of: dict[str, Any]) -> TuneResult:
    saved = json.loads((out_dir / DONE).read_text(encoding="utf-8"))
    ensure_same(out_dir, saved.get("made_of", made_of), made_of)
    names = [field.name for field in fields(TuneResult) if field.name in saved]
    found = {name: saved[name] for name in names}
    found["curve"] = tuple(Point(*one) for one in saved.get("curve", ()))
    return TuneResult(**{**found, "folder": out_dir})


def _train(run: _Run, settings: Any) -> Trained:
    """Trains, or finds that training has ended; the main process saves the model."""
    from transformers import set_seed

    set_seed(run.seed)
    model, processor = _load(run)
    data = feed(run.pairs, run.checked, run.recipe, processor)
    forget = remember(model) if run.recipe.ahead else None
    before = copy_weights(model) if run.recipe.keep < 1.0 and run.merge else None
    watch = [teller(run.on_progress, run.say)] if run.crew.main else []
    trainer = build_trainer(model, processor, run.recipe, settings, data, watch)
    learning = [weight.numel() for weight in trainer.model.parameters() if weight.requires_grad]
    quantized = run.recipe.quantize is not None
    ensure_space(run.out_dir, space_needed(model, sum(learning), merge=run.merge, quantized=quantized))
    trained = _learn(trainer, run)
    if forget is not None:
        forget()
    adapted = run.crew.whole(trainer, lambda: _load(run)[0])
    if adapted is not None:
        restore(adapted, run.out_dir / FOLDER / trained.kept, words=run.recipe.words)
        save_whole(run.out_dir, lambda part: _save(part, adapted, processor, before, run))
    return trained


def _load(run: _Run) -> tuple[Any, Any]:
    return load(run.base_dir, run.recipe, remote_code=run.remote_code)


def _learn(trainer: Any, run: _Run) -> Trained:
    """Trains, if that has not ended. What came of it lies in the checkpoint that is kept."""
    folder, words = run.out_dir / FOLDER, run.recipe.words
    if ended := read_end(folder):
        return ended
    checkpoint = last_checkpoint(folder, words=words)
    if checkpoint is not None and words:
        restore_words(trainer.model, checkpoint)
    run.crew.prepare(trainer, run.recipe)
    with telling_of_a_full_disk(run.out_dir):
        train(trainer, checkpoint, run.crew.share(run.recipe))
    state = trainer.state
    best = state.best_model_checkpoint if trainer.args.load_best_model_at_end else None
    kept = Path(best).name if best else f"checkpoint-{state.global_step}"
    ended = Trained(kept=kept, steps=int(state.global_step), curve=curve(state.log_history))
    if run.crew.main:
        note_end(folder, ended)
    return ended


def _save(part: Path, adapted: Any, processor: Any, before: dict[str, Any] | None, run: _Run) -> None:
    """Writes the model into a folder: merged into its base, or the LoRA matrices alone."""
    keep = run.recipe.keep
    if not run.merge or run.recipe.quantize:
        if keep < 1.0:
            weaken(adapted, keep=keep)
        adapted.save_pretrained(part, save_embedding_layers=False)
    if run.merge and run.recipe.quantize:
        merged = _merge_unquantized(part, run)
        for path in part.iterdir():
            path.unlink()
    elif run.merge:
        merged = adapted.merge_and_unload()
        if before is not None:
            step_back(merged, before, keep=keep)
    if run.merge:
        merged.save_pretrained(part)
    processor.save_pretrained(part)


def _merge_unquantized(adapter: Path, run: _Run) -> Any:
    """Puts the adapter on the base as it is: merged into weights of 4 bits it would be rounded to them."""
    whole, _ = load(run.base_dir, replace(run.recipe, quantize=None), remote_code=run.remote_code)
    return put_on(whole, adapter).merge_and_unload()
