"""A model of a few thousand weights, made as the shipped one is, and a release of a few pairs."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from stumper.toytown import model as tiny
from stumper.toytown.draw import draw
from stumper.toytown.sample import sample_scene
from stumper.toytown.teach import ask_taught
from stumper.tune import TINY, Recipe

RECIPE: Final = replace(TINY, rank=4, alpha=4, batch=4, replay_share=0.4, most_steps=2)


def base(folder: Path, *, seed: int = 1, width: int = 32) -> Path:
    shape = tiny.Shape(
        vision_layers=1, vision_width=32, text_layers=1, text_width=width, text_inner=64, vocabulary=300
    )
    tokenizer = tiny.train_tokenizer(["what colour is the cat", "red"] * 20, vocabulary=shape.vocabulary)
    tiny.build_model(tokenizer, shape, seed=seed).save_pretrained(folder)
    tiny.build_processor(tokenizer, shape).save_pretrained(folder)
    return folder


def release(folder: Path, *, train: int = 8, val: int = 4) -> Path:
    """Every pair has a wrong answer; no manifest, as of a folder that another tool wrote."""
    rows = _rows(folder, train + val)
    for name, some in (("train", rows[:train]), ("val", rows[train:])):
        lines = [json.dumps(row | {"wrong_answer": f"no {number}"}) for number, row in enumerate(some)]
        (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n")
    return folder


def _rows(folder: Path, pairs: int) -> list[dict[str, Any]]:
    (folder / "images").mkdir()
    rng = random.Random("small")
    rows: list[dict[str, Any]] = []
    for number in range(pairs):
        scene = sample_scene(5_100_001 + number, style="mixed" if number % 2 else "simple")
        draw(scene, 96).save(folder / "images" / f"{number}.png")
        rows += [
            {
                "images": [f"images/{number}.png"],
                "prompt": [{"role": "user", "content": question.text}],
                "completion": [{"role": "assistant", "content": question.answer}],
            }
            for question in ask_taught(scene, rng, 3)
        ]
    return rows[:pairs]


def recipe(**changes: Any) -> Recipe:
    return replace(RECIPE, **changes)


def weights(folder: Path) -> bytes:
    return (folder / "model.safetensors").read_bytes()
