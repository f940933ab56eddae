"""`stumper toytown pretrain --out DIR`: trains the tiny model from scratch, in two hours on one CPU core.

Three phases with one optimiser: the eyes alone (labels of `perception`), then questions of the taught skills
with perception and grounding beside them, then the same with a falling learning rate. Deterministic by seed
on one thread; a checkpoint every few hundred steps lets a run go on where it stopped.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from stumper.toytown import model as tiny
from stumper.toytown import perception, shelf, teach

if TYPE_CHECKING:
    import torch

_LOG_EVERY: Final = 100
_WARM_UP: Final = 100
"""Steps over which a learning rate rises."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that decides the outcome of a run, seeds included."""

    seed: int = 20261123
    pictures: int = 60_000
    """Drawn once; every pass asks fresh questions about them."""
    eye_steps: int = 6_000
    """Steps of the vision tower alone."""
    steps: int = 11_000
    """Steps with questions."""
    phases: tuple[teach.Phase, ...] = (
        teach.Phase(0, taught=3, tongue=2, hard=False),
        teach.Phase(3_600, taught=3, tongue=3, hard=True),
        teach.Phase(6_000, taught=4, tongue=2, hard=True),
    )
    """What is asked: the hard features are drilled once places are known; at the end the questions settle."""
    eye_batch: int = 8
    batch: int = 8
    eye_rate: float = 2e-3
    """Learning rate of the vision tower at first: shapes of all colours take a while to stand out."""
    fine_step: int = 2_800
    """From here on the vision tower learns at `fine_rate`: at the high rate it stalled (docs/log.md)."""
    fine_rate: float = 8e-4
    rate: float = 1.5e-3
    """Learning rate of the text model."""
    decay_share: float = 0.4
    """Share of the steps, at the end, over which the learning rate falls to zero."""
    perception_weight: float = 0.5
    grounding_weight: float = 1.0
    save_every: int = 300


@dataclass(slots=True)
class Run:
    """A run under way: what a checkpoint stores."""

    model: Any
    heads: torch.nn.ModuleDict
    optimiser: torch.optim.Optimizer
    step: int = 0


def pretrain(
    out: Path, *, plan: Plan, shape: tiny.Shape, pictures: Path, workers: int = 1, resume: bool = True
) -> Path:
    """Trains and saves a checkpoint (float32, with processor) into `out`; returns `out`.

    `pictures` is the folder of the shelf, filled here if it is not. With `resume`, a checkpoint in `out` is
    continued: same result as an uninterrupted run.
    """
    import torch

    torch.manual_seed(plan.seed)
    out.mkdir(parents=True, exist_ok=True)
    stock = shelf.fill(
        pictures, count=plan.pictures, image_px=shape.image_px, side=shape.side, workers=workers
    )
    tokenizer = tiny.train_tokenizer(teach.corpus(plan.seed), vocabulary=shape.vocabulary)
    processor = tiny.build_processor(tokenizer, shape)
    run = _start(tokenizer, plan, shape)
    if resume and (out / "run.pt").exists():
        _restore(run, out)
    total = plan.eye_steps + plan.steps
    began, first = time.monotonic(), run.step
    seen: list[dict[str, float]] = []
    while run.step < total:
        seen.append(_step(run, plan, shape, stock, tokenizer))
        run.step += 1
        if run.step % _LOG_EVERY == 0:
            _report(out, run.step, total, seen, (time.monotonic() - began) / (run.step - first))
            seen = []
        if run.step % plan.save_every == 0 or run.step == total:
            _save(run, processor, out)
    (out / "plan.json").write_text(json.dumps({"plan": asdict(plan), "shape": asdict(shape)}, indent=1))
    return out


def main(*, out: Path, seed: int = Plan().seed, share: float = 1.0, workers: int = 1) -> Path:
    """Trains into `out/checkpoint` and exports the result into `out`, ready for `onnx:OUT`; returns `out`.

    `share` scales the number of pictures and steps: below about 0.5 the model sees little.
    """
    from stumper.toytown.export import export

    checkpoint = out / "checkpoint"
    plan = scaled(Plan(seed=seed), share)
    pretrain(checkpoint, plan=plan, shape=tiny.Shape(), pictures=out / "pictures", workers=workers)
    return export(checkpoint, out)


def scaled(plan: Plan, share: float) -> Plan:
    """The plan with this share of its pictures and steps."""
    names = ("pictures", "eye_steps", "fine_step", "steps")
    sizes = {name: max(1, round(getattr(plan, name) * share)) for name in names}
    phases = tuple(replace(phase, first=round(phase.first * share)) for phase in plan.phases)
    return replace(plan, phases=phases, **sizes)


def _start(tokenizer: Any, plan: Plan, shape: tiny.Shape) -> Run:
    import torch

    model = tiny.build_model(tokenizer, shape, seed=plan.seed)
    model.set_attn_implementation("sdpa")
    heads = perception.build_heads(shape.text_width)
    text = list(model.model.text_model.parameters())  # the output head is tied to its embeddings
    eyes = [*model.model.vision_model.parameters(), *model.model.connector.parameters(), *heads.parameters()]
    optimiser = torch.optim.AdamW(
        [{"params": eyes}, {"params": text}], lr=plan.rate, betas=(0.9, 0.98), weight_decay=0.01, foreach=True
    )
    return Run(model.train(), heads, optimiser)


def _step(run: Run, plan: Plan, shape: tiny.Shape, stock: shelf.Shelf, tokenizer: Any) -> dict[str, float]:
    """One update; returns what the log shows."""
    import torch

    for group, rate in zip(run.optimiser.param_groups, rates_at(plan, run.step), strict=True):
        group["lr"] = rate
    looking = run.step < plan.eye_steps
    numbers = teach.picture_numbers(plan, run.step, len(stock))
    pixels = to_pixels(torch.from_numpy(stock.pictures[numbers]))
    labels = torch.from_numpy(stock.labels[numbers])
    tokens = see(run.model, pixels)
    loss, right = perception.perception_loss(run.heads, tokens, labels)
    shown = {"eye": float(loss.detach()), **right}
    if not looking:
        lesson = teach.lesson(plan, run.step, numbers, tokenizer=tokenizer, side=shape.side)
        said, pointed = read(run.model, run.heads, lesson, tokens)
        shown |= {"say": float(said.detach()), "point": float(pointed.detach())}
        loss = plan.perception_weight * loss + said + plan.grounding_weight * pointed
    run.optimiser.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_([p for g in run.optimiser.param_groups for p in g["params"]], 1.0)
    run.optimiser.step()
    return shown


def rates_at(plan: Plan, step: int) -> tuple[float, float]:
    """Learning rates of eyes and text: a short warm-up each, flat, and a straight line to zero at the end."""
    asked = step - plan.eye_steps
    falling = min(1.0, (plan.steps - asked) / max(1.0, plan.steps * plan.decay_share))
    eyes = plan.eye_rate if step < plan.fine_step else plan.fine_rate
    text = plan.rate * min(1.0, (asked + 1) / _WARM_UP) if asked >= 0 else 0.0
    return eyes * min(1.0, (step + 1) / _WARM_UP) * falling, text * falling


def to_pixels(pictures: torch.Tensor) -> torch.Tensor:
    """(n, height, width, 3) bytes to (n, 3, height, width) in -1..1, as the image processor does."""
    return pictures.permute(0, 3, 1, 2).float().div_(127.5).sub_(1.0)


def see(model: Any, pixels: torch.Tensor) -> torch.Tensor:
    """Image tokens (pictures, cells, width): vision tower and connector without the checks of `forward`."""
    tower = model.model.vision_model
    places = tower.embeddings.position_embedding.weight
    states = tower.embeddings.patch_embedding(pixels).flatten(2).transpose(1, 2) + places
    for layer in tower.encoder.layers:
        states = layer(states, None)
    tokens: torch.Tensor = model.model.connector(tower.post_layernorm(states))
    return tokens


def read(
    model: Any, heads: torch.nn.ModuleDict, lesson: teach.Lesson, tokens: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Losses of the answers and of pointing, for the questions of a lesson about these image tokens.

    The prompts are padded on the left, so the picture starts in one column for all and only the answers'
    columns need the last layer: a fifth less work than `forward`.
    """
    import torch
    from torch.nn import functional

    text = model.model.text_model
    before, after = text.embed_tokens(lesson.prompts), text.embed_tokens(lesson.replies)
    pictures = tokens[lesson.pictures]
    states = torch.cat([before, pictures, after], dim=1)
    length, first = states.shape[1], before.shape[1]
    visible = torch.ones(len(states), length, dtype=torch.bool)
    visible[:, :first] = lesson.visible
    hidden = torch.triu(torch.full((length, length), -1e4), diagonal=1)[None, None]
    mask = hidden + (~visible)[:, None, None, :] * -1e4
    places = torch.arange(length)[None]
    turns = text.rotary_emb(states, places)
    pointed = states.new_zeros(())
    for number, layer in enumerate(text.layers[:-1]):
        states = layer(states, attention_mask=mask, position_embeddings=turns)
        if number == 1:
            seen = states[:, first : first + pictures.shape[1]]
            pointed = perception.grounding_loss(heads, seen[lesson.pointing], lesson.marks)
    last = lesson.answers.shape[1]
    states = _last_layer(text.layers[-1], states, mask, turns, keep=lesson.replies.shape[1])
    logits = model.lm_head(text.norm(states))[:, -last:]
    said = functional.cross_entropy(
        logits.reshape(-1, logits.shape[-1]), lesson.answers.reshape(-1), ignore_index=-100
    )
    return said, pointed


def _last_layer(layer: Any, states: Any, mask: Any, turns: Any, *, keep: int) -> Any:
    """The last text layer for the last `keep` columns only."""
    from torch.nn import functional
    from transformers.models.llama.modeling_llama import rotate_half

    attention = layer.self_attn
    normal = layer.input_layernorm(states)
    shape = (len(states), -1, attention.config.num_attention_heads, attention.head_dim)
    queries = attention.q_proj(normal[:, -keep:]).view(shape).transpose(1, 2)
    keys = attention.k_proj(normal).view(shape).transpose(1, 2)
    values = attention.v_proj(normal).view(shape).transpose(1, 2)
    cosine, sine = (turn[:, None] for turn in turns)
    keys = keys * cosine + rotate_half(keys) * sine
    queries = queries * cosine[:, :, -keep:] + rotate_half(queries) * sine[:, :, -keep:]
    mixed = functional.scaled_dot_product_attention(queries, keys, values, attn_mask=mask[:, :, -keep:])
    states = states[:, -keep:] + attention.o_proj(mixed.transpose(1, 2).reshape(len(states), keep, -1))
    return states + layer.mlp(layer.post_attention_layernorm(states))


def _save(run: Run, processor: Any, out: Path) -> None:
    import torch

    run.model.save_pretrained(out)
    processor.save_pretrained(out)
    state = {"heads": run.heads.state_dict(), "optimiser": run.optimiser.state_dict(), "step": run.step}
    torch.save(state, out / "run.tmp")
    (out / "run.tmp").replace(out / "run.pt")


def _restore(run: Run, out: Path) -> None:
    import torch
    from safetensors.torch import load_model

    load_model(run.model, out / "model.safetensors")
    state = torch.load(out / "run.pt", weights_only=True)
    run.heads.load_state_dict(state["heads"])
    run.optimiser.load_state_dict(state["optimiser"])
    run.step = state["step"]


def _report(out: Path, step: int, total: int, seen: list[dict[str, float]], seconds: float) -> None:
    """Appends the means of the last steps to `log.jsonl` and prints them."""
    names = sorted({name for one in seen for name in one})
    means = {name: round(float(np.mean([one[name] for one in seen if name in one])), 4) for name in names}
    line = {"step": step, "of": total, "minutes_left": round((total - step) * seconds / 60, 1), **means}
    with (out / "log.jsonl").open("a") as file:
        file.write(json.dumps(line) + "\n")
    print(json.dumps(line), flush=True)
