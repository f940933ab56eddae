"""Known pairs for replay while tuning: what the shipped model was taught, about fresh scenes.

Four of five are ordinary questions, one is an exercise in the invented `tongue`: what tuning builds on is
forgotten too where nobody asks for it (docs/log.md).
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Final

from stumper.toytown import teach, tongue
from stumper.toytown.draw import draw
from stumper.toytown.sample import sample_scene

FIRST_REPLAY_SEED: Final = 5_000_000
_QUESTIONS_A_SCENE: Final = 4


def write_replay(folder: Path, *, pairs: int, seed: int, image_px: int = 96) -> Path:
    """Writes `pairs` known pairs as TRL prompt/completion lines with their pictures; returns the JSONL file.

    The same arguments give the same bytes; a file that is there already is kept.
    """
    lines = folder / "replay.jsonl"
    if lines.is_file():
        return lines
    (folder / "images").mkdir(parents=True, exist_ok=True)
    rng = random.Random(f"replay:{seed}")
    written: list[str] = []
    number = FIRST_REPLAY_SEED + seed * 100_000
    while len(written) < pairs:
        number += 1
        scene = sample_scene(number, style="simple" if number % 2 else "mixed")
        draw(scene, image_px).save(folder / "images" / f"{number}.png")
        exercise = tongue.ask(scene, rng, tongue.LATER)
        for question in (*teach.ask_taught(scene, rng, _QUESTIONS_A_SCENE), exercise):
            row = {
                "images": [f"images/{number}.png"],
                "prompt": [{"role": "user", "content": question.text}],
                "completion": [{"role": "assistant", "content": question.answer}],
            }
            written.append(json.dumps(row))
    # Written last, so that a file that is there is whole.
    lines.write_text("\n".join(written[:pairs]) + "\n", encoding="utf-8")
    return lines
