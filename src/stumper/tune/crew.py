"""The processes that train one model together: what each takes, and how the parts become one again.

An update is as large as in one process and made of the same pairs, so the loss is the same. How weights and
gradients are kept is a *strategy*, whose settings for the trainer lie in `configs/`; docs/guide/tune.md
explains them. Who starts the processes does not matter: `together` (processes.py), torchrun, or accelerate.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from importlib.resources import files
from typing import Any, Final

from stumper.errors import BadSetting
from stumper.tune.recipes import Recipe

_PATIENCE: Final = timedelta(hours=1)
"""How long one process waits for another: for the one that prepares, merges and saves."""


class Strategy(StrEnum):
    """What every process keeps of a model whose updates it shares."""

    DDP = "ddp"
    """All of it; only gradients travel (torch's DistributedDataParallel)."""
    FSDP = "fsdp"
    """A part of the weights, gradients and optimiser (torch's fully_shard, FSDP2)."""
    ZERO2 = "zero2"
    """All weights, a part of gradients and optimiser (DeepSpeed's ZeRO stage 2; the paper's)."""

    def settings(self) -> dict[str, Any]:
        """Returns the trainer's settings."""
        path = files("stumper.tune") / "configs" / f"{self}.json"
        settings: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """How many processes train together, and which of them this one is."""

    rank: int = 0
    size: int = 1
    strategy: Strategy = Strategy.DDP

    @property
    def main(self) -> bool:
        """Whether this process speaks and writes for all."""
        return self.rank == 0

    def share(self, recipe: Recipe) -> Recipe:
        """Returns the recipe with this process's part of every update, in batches no larger than before.

        Raises BadSetting if an update cannot be cut into equal parts.
        """
        update = recipe.batch * recipe.accumulate
        part, rest = divmod(update, self.size)
        if rest:
            sizes = ", ".join(str(size) for size in range(1, update + 1) if update % size == 0)
            raise BadSetting(
                f"{self.size} processes cannot share updates of {update} pairs (batches of {recipe.batch} x "
                f"{recipe.accumulate}) evenly. Start one of {sizes} processes."
            )
        batch = max(size for size in range(1, min(recipe.batch, part) + 1) if part % size == 0)
        return replace(recipe, batch=batch, accumulate=part // batch)

    def arguments(self, kind: Callable[..., Any], **own: Any) -> Any:
        """Returns the trainer's arguments of this `kind`: a run's own, and what working together wants."""
        if self.size > 1:
            return kind(**(own | self.strategy.settings()))
        arguments = kind(**own)
        if arguments.n_gpu > 1:
            arguments._n_gpu = 1  # torch's DataParallel would make batches larger than the recipe says
        return arguments

    def told(self) -> str:
        """Returns what people read behind the plan of one process."""
        return f" In each of {self.size} processes ({self.strategy})." if self.size > 1 else ""

    def main_first(self) -> AbstractContextManager[None]:
        """Within it the other processes wait until the main one has left it, and find what it made."""
        if self.size == 1:
            return nullcontext()
        from accelerate import PartialState

        waits: AbstractContextManager[None] = PartialState().main_process_first()
        return waits

    def prepare(self, trainer: Any, recipe: Recipe) -> None:
        """Makes a trainer ready for its strategy, before it trains. Raises BadSetting if that cannot be."""
        if self.size == 1:
            return
        accelerator = trainer.accelerator
        if self.strategy is Strategy.FSDP and not trainer.is_fsdp_enabled:
            _shard_on_cpu(trainer)
        if trainer.is_fsdp_enabled:
            _refuse_parts(recipe)
            _choose_layers(accelerator.state.fsdp_plugin, trainer.model)
        elif trainer.is_deepspeed_enabled and accelerator.state.deepspeed_plugin.zero_stage == 3:
            raise BadSetting("ZeRO-3 leaves no process a whole model to merge. Use --strategy fsdp.")

    def whole(self, trainer: Any, again: Callable[[], Any]) -> Any | None:
        """Returns a trainer's model with its adapters in one piece, in the main process; else None.

        Where weights lie in parts it is what `again` loads, with adapters that are not trained: put those of
        a checkpoint into it. All must call it; when it returns they have written what they write of a run.
        """
        if self.size > 1:
            from accelerate import PartialState

            PartialState().wait_for_everyone()
        if not self.main or not trainer.is_fsdp_enabled:
            return trainer.model if self.main else None
        from peft import get_peft_model

        return get_peft_model(again(), trainer.model.peft_config["default"])


ALONE: Final = Crew()


@contextmanager
def meeting(strategy: Strategy = Strategy.DDP) -> Iterator[Crew]:
    """Meets the other processes of this run, if a launcher started several; leaves when all are done.

    Raises BadSetting if the strategy wants more processes than there are, or a package that is not there.
    """
    try:
        from accelerate import PartialState
        from accelerate.state import AcceleratorState
    except ModuleNotFoundError as error:
        raise BadSetting(f"Tuning needs {error.name}: pip install 'stumper[train]'") from error
    import torch

    AcceleratorState._reset_state(reset_partial_state=True)  # of a run before, in this process
    state = PartialState(cpu=not torch.cuda.is_available(), timeout=_PATIENCE)
    if state.num_processes == 1:
        if strategy is not Strategy.DDP:
            raise BadSetting(f"--strategy {strategy} is for several processes: say --processes 2, or more.")
        yield ALONE
        return
    crew = Crew(rank=state.process_index, size=state.num_processes, strategy=strategy)
    if strategy is Strategy.ZERO2:
        state = _meet_deepspeed()
    yield crew
    # Not after an error: the others would wait for this process, and it for them.
    state.wait_for_everyone()
    AcceleratorState._reset_state(reset_partial_state=True)
    torch.distributed.destroy_process_group()


def _meet_deepspeed() -> Any:
    from accelerate import PartialState
    from accelerate.state import AcceleratorState
    from accelerate.utils import is_deepspeed_available, patch_environment

    if not is_deepspeed_available():
        raise BadSetting("--strategy zero2 needs deepspeed: pip install deepspeed. Or use --strategy fsdp.")
    import torch

    AcceleratorState._reset_state(reset_partial_state=True)
    backend = torch.distributed.get_backend()
    with patch_environment(accelerate_use_deepspeed="true"):
        return PartialState(backend=backend)


def _refuse_parts(recipe: Recipe) -> None:
    """Raises BadSetting for a recipe whose weights cannot lie in parts."""
    if recipe.ahead or recipe.words:
        raise BadSetting(
            f"The recipe {recipe.name!r} looks at pictures ahead or trains token embeddings, which FSDP "
            "does not do. Use --strategy ddp: the model is small."
        )
    if recipe.quantize:
        raise BadSetting(
            "Weights of 4 bits are not cut into parts here. Use --strategy ddp, or leave --quantize out."
        )


def _shard_on_cpu(trainer: Any) -> None:
    """Turns FSDP on where accelerate does not: it shards on GPUs only and would silently train unsharded."""
    from accelerate import PartialState
    from accelerate.utils import DistributedType, FullyShardedDataParallelPlugin

    state = trainer.accelerator.state
    state.fsdp_plugin = FullyShardedDataParallelPlugin(**trainer.args.fsdp_plugin_args)
    for one in (state, PartialState()):
        one.distributed_type = DistributedType.FSDP
    trainer.is_fsdp_enabled = True


def _choose_layers(plugin: Any, model: Any) -> None:
    """Cuts a model at its own layers: transformers names those of relatives too, which accelerate refuses."""
    there = {type(module).__name__ for module in model.modules()}
    plugin.transformer_cls_names_to_wrap = sorted(there & set(model._no_split_modules))
