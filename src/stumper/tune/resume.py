"""Going on after a kill: checkpoints that hold all that was trained, and belong to this very run.

A checkpoint of PEFT holds LoRA matrices only. Where token embeddings are trained too they lie beside them,
written before the trainer's state file, without which a checkpoint does not count.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from stumper.errors import Conflict
from stumper.tune.crew import Crew
from stumper.tune.pairs import Pair
from stumper.tune.recipes import Recipe
from stumper.tune.watch import Point

FOLDER: Final = "checkpoints"
_OF: Final = "run.json"
_ENDED: Final = "trained.json"
_EMBEDDINGS: Final = "embeddings.safetensors"
_OF_PARTS: Final = "pytorch_model_fsdp.bin"
"""accelerate's name for what a model in parts was trained to."""


def identity(
    base_dir: Path, pairs: Sequence[Pair], checked: Sequence[Pair], recipe: Recipe, seed: int, crew: Crew
) -> dict[str, Any]:
    """Returns what makes a run the same run: only then its checkpoints may be gone on with."""
    text = json.dumps(
        [[one.image.name, one.prompt, one.completion, one.rejected] for one in (*pairs, *checked)]
    )
    return {
        "base": str(base_dir.resolve()),
        "pairs": hashlib.sha256(text.encode()).hexdigest(),
        "recipe": json.loads(json.dumps(asdict(recipe))),
        "seed": seed,
        "processes": [crew.size, crew.strategy],
    }


def claim(out_dir: Path, run: dict[str, Any]) -> None:
    """Makes the folder of checkpoints this run's; those of another run are removed."""
    folder = out_dir / FOLDER
    if _read(folder / _OF) != run:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / _OF).write_text(json.dumps(run), encoding="utf-8")


def ensure_same(out_dir: Path, made_of: dict[str, Any], run: dict[str, Any]) -> None:
    """Raises Conflict if a finished model was made otherwise than this run would make it."""
    other = sorted(name for name in run if name != "processes" and made_of.get(name) != run[name])
    if other:
        raise Conflict(
            f"{out_dir} holds a model that was tuned otherwise ({', '.join(other)}). Give another --out, or "
            "delete it."
        )


def last_checkpoint(folder: Path, *, words: bool = False) -> Path | None:
    """The newest complete checkpoint: the state file is the last that the trainer writes."""
    found = [
        path
        for path in folder.glob("checkpoint-*")
        if (path / "trainer_state.json").is_file() and (not words or (path / _EMBEDDINGS).is_file())
    ]
    return max(found, key=lambda path: int(path.name.rpartition("-")[2]), default=None)


def keeping_words(kind: type) -> type:
    """Returns the trainer's class with checkpoints that hold the token embeddings."""

    class Keeping(kind):  # type: ignore[misc]  # untyped
        def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None:
            from safetensors.torch import save_file

            super().save_model(output_dir, _internal_call)
            if self.args.should_save:
                weight = self.model.get_input_embeddings().weight.detach()
                folder = Path(output_dir or self.args.output_dir)
                save_file({"weight": weight.contiguous()}, folder / _EMBEDDINGS)

    return Keeping


def restore(model: Any, checkpoint: Path, *, words: bool) -> None:
    """Puts what was trained, as it was at a checkpoint, into the model."""
    parts = checkpoint / _OF_PARTS
    if parts.is_file():
        _restore_parts(model, parts)
    else:
        model.load_adapter(str(checkpoint), "default", is_trainable=True)
    if words:
        restore_words(model, checkpoint)


def _restore_parts(model: Any, path: Path) -> None:
    """Puts the LoRA matrices that FSDP gathered into the model: beside them PEFT wrote an empty file."""
    import torch

    trained = torch.load(path, map_location="cpu", weights_only=True)
    wrong = model.load_state_dict(trained, strict=False)
    lost = [*wrong.unexpected_keys, *(name for name in wrong.missing_keys if ".lora_" in name)]
    assert not lost, lost  # noqa: S101  (the same model, built in the same way)


def restore_words(model: Any, checkpoint: Path) -> None:
    """Puts the token embeddings of a checkpoint into the model."""
    import torch
    from safetensors.torch import load_file

    weight = model.get_input_embeddings().weight
    with torch.no_grad():
        weight.copy_(load_file(checkpoint / _EMBEDDINGS)["weight"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """A run whose training has ended; its weights lie in a checkpoint until they are saved."""

    kept: str
    """Name of the checkpoint: the last, or the best by the validation loss."""
    steps: int
    curve: tuple[Point, ...]

    @property
    def kept_step(self) -> int:
        return int(self.kept.rpartition("-")[2])


def note_end(folder: Path, trained: Trained) -> None:
    """Keeps that training has ended, so that a failure to save what came of it costs no second training."""
    (folder / _ENDED).write_text(json.dumps(asdict(trained)), encoding="utf-8")


def read_end(folder: Path) -> Trained | None:
    """Returns how training ended, if it did."""
    found = _read(folder / _ENDED)
    if found is None:
        return None
    curve = tuple(Point(*one) for one in found["curve"])
    return Trained(kept=found["kept"], steps=found["steps"], curve=curve)


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
