"""python benchmarks/engines.py [--pictures 100] [--batch 8] [--model DIR]

Do the embedded engine and transformers say the same, and how much faster is the engine? Asks both the same
questions about the same drawn scenes, pictures decoded beforehand, one thread each, batches in turns, and
prints how many answers are equal, questions a second of both (the best of the rounds) and their ratio.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import torch
from PIL import Image

from stumper.serving import drawn_items
from stumper.vlm.engine import MOST_NEW_TOKENS, Engine
from stumper.vlm.hf import HfModel
from stumper.vlm.onnx import SHIPPED
from stumper.vlm.picture import decode

Batch = tuple[list[Image.Image], list[str]]


def batches(*, pictures: int, size: int) -> list[Batch]:
    """One question about each of so many scenes, in a player's words; unseen by any training."""
    items = drawn_items(pictures=pictures)
    cut = [items[at : at + size] for at in range(0, pictures, size)]
    return [([decode(item.image) for item in some], [item.question for item in some]) for some in cut]


def timed(say: Callable[[list[Image.Image], list[str]], list[str]], some: Batch) -> tuple[list[str], float]:
    began = time.perf_counter()
    said = say(*some)
    return said, time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=100)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--model", type=Path, default=SHIPPED)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    model = HfModel(str(chosen.model))
    engine = Engine(chosen.model)
    asked = batches(pictures=chosen.pictures, size=chosen.batch)
    ways = {
        "onnxruntime": lambda pictures, texts: [one.text for one in engine.answer(pictures, texts)],
        "transformers": lambda pictures, texts: [
            text
            for text, _ in model.generate(
                list(zip(pictures, texts, strict=True)), most_tokens=MOST_NEW_TOKENS
            )
        ],
    }
    best = dict.fromkeys(ways, float("inf"))
    said: dict[str, list[str]] = {}
    for _ in range(chosen.rounds):
        found = {name: [timed(say, some) for say in [ways[name]] for some in asked] for name in ways}
        for name, timings in found.items():
            best[name] = min(best[name], sum(seconds for _, seconds in timings))
            said[name] = [answer for answers, _ in timings for answer in answers]
    equal = sum(one == other for one, other in zip(*said.values(), strict=True))
    print(f"{equal} of {chosen.pictures} answers are equal, batches of {chosen.batch}, one thread")
    for name, seconds in best.items():
        print(f"{name:13} {chosen.pictures / seconds:7.1f} questions a second")
    print(f"ratio {best['transformers'] / best['onnxruntime']:.2f}")


if __name__ == "__main__":
    main()
