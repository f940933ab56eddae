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


def mix(pairs: Sequence[Pair], replay: Sequence[Pair], *, replay_share: float, seed: int) -> list[Pair]:
    """Returns the pairs with known ones among them so that these are `replay_share` of all, in random order.

    Too few known pairs are all used, none twice.
    """
    rng = random.Random(f"mix:{seed}")
    wanted = round(len(pairs) * replay_share / (1 - replay_share)) if replay else 0
    mixed = [*pairs, *rng.sample(list(replay), min(wanted, len(replay)))]
    rng.shuffle(mixed)
    return mixed


def _text(messages: Any) -> str:
    (message,) = messages
    content = message["content"]
    if isinstance(content, str):
        return content
    return "".join(part["text"] for part in content if part["type"] == "text")
