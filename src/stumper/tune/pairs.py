"""Reading what a run trains on: a release's pairs, and known pairs mixed in against forgetting."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stumper.errors import BadRelease


@dataclass(frozen=True, slots=True)
class Pair:
    """One picture with a question and the answer to learn."""

    image: Path
    prompt: str
    completion: str


def fresh_pairs(release: Path) -> list[Pair]:
    """Returns what a release teaches. Raises BadRelease if that cannot be read or is nothing."""
    pairs = read_pairs(release / "train.jsonl")
    if not pairs:
        raise BadRelease(f"{release} has no training pairs. Collect more examples before tuning.")
    return pairs


def read_pairs(path: Path) -> list[Pair]:
    """Reads TRL prompt/completion lines; pictures are relative to the file.

    Raises BadRelease for a missing file or a line that is no such pair.
    """
    if not path.is_file():
        raise BadRelease(f"{path} is missing. Build the release again with `stumper release build`.")
    pairs = []
    # not splitlines(): a question may hold U+2028, which JSON leaves as it is
    lines = path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    for number, line in enumerate(lines if lines != [""] else [], start=1):
        try:
            row = json.loads(line)
            (image,) = row["images"]
            pairs.append(Pair(path.parent / image, _text(row["prompt"]), _text(row["completion"])))
        except (ValueError, KeyError, TypeError) as error:
            raise BadRelease(
                f"{path}:{number} is no pair of prompt and completion with one image. Build it again."
            ) from error
    return pairs


def mix(
    pairs: Sequence[Pair], replay: Sequence[Pair], *, replay_share: float, epochs: int, seed: int
) -> list[Pair]:
    """Returns what a run sees: `epochs` passes over the pairs, `replay_share` of each being known ones.

    Every pass is in a random order of its own and takes the next known pairs, so that few come twice: what is
    repeated is kept, and little beside it (docs/log.md). Too few known pairs are used once a pass.
    """
    rng = random.Random(f"mix:{seed}")
    known = rng.sample(list(replay), len(replay))
    wanted = min(len(known), round(len(pairs) * replay_share / (1 - replay_share)))
    seen: list[Pair] = []
    for number in range(epochs):
        turn = [known[(number * wanted + place) % len(known)] for place in range(wanted)]
        one_pass = [*pairs, *turn]
        rng.shuffle(one_pass)
        seen += one_pass
    return seen


def _text(messages: Any) -> str:
    (message,) = messages
    content = message["content"]
    if isinstance(content, str):
        return content
    return "".join(part["text"] for part in content if part["type"] == "text")
