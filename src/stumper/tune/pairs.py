"""Reading what a run trains on: a release's pairs, and known pairs mixed in against forgetting."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from stumper.errors import BadRelease
from stumper.release.manifest import NAME, read_manifest
from stumper.tune.recipes import Recipe

MOST_CHECKED: Final = 256
"""Validation pairs that a check looks at: more would cost a large release hours and tell little more."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One picture with a question and the answer to learn."""

    image: Path
    prompt: str
    completion: str
    rejected: str = ""
    """What the model said instead; empty where that is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lessons:
    """What a release gives a run."""

    fresh: list[Pair]
    checked: list[Pair]
    """Of the validation split, at most `MOST_CHECKED`; may be empty where nothing depends on it."""


def lessons(release: Path, recipe: Recipe, *, seed: int) -> Lessons:
    """Returns what a release teaches by this recipe.

    Raises BadRelease if that cannot be read, is of a format that this version does not know, or is nothing.
    """
    if (release / NAME).is_file():  # what other tools wrote in the same format has no manifest
        read_manifest(release)
    fresh = _usable(fresh_pairs(release), recipe)
    if not fresh:
        raise BadRelease(
            f"{release} has no training pair with a wrong answer beside the right one, which DPO learns "
            "from. Say --method sft, or build the release again."
        )
    path = release / "val.jsonl"
    held = _usable(read_pairs(path), recipe) if path.is_file() else []
    if not held and recipe.patience:
        raise BadRelease(
            f"{release} has no validation pairs, by which the recipe {recipe.name!r} would stop a run. Say "
            "--patience 0 to train to the end, or collect more examples."
        )
    rng = random.Random(f"checked:{seed}")
    return Lessons(fresh=fresh, checked=rng.sample(held, min(len(held), MOST_CHECKED)))


def _usable(pairs: list[Pair], recipe: Recipe) -> list[Pair]:
    if not recipe.prefers:
        return pairs
    return [pair for pair in pairs if pair.rejected.strip() and pair.rejected != pair.completion]


def fresh_pairs(release: Path) -> list[Pair]:
    """Returns the training pairs of a release. Raises BadRelease if they cannot be read or there are none."""
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
            pairs.append(_pair(json.loads(line), path.parent))
        except (ValueError, KeyError, TypeError) as error:
            raise BadRelease(
                f"{path}:{number} is no pair of prompt and completion with one image. Build it again."
            ) from error
    return pairs


def _pair(row: Any, folder: Path) -> Pair:
    (image,) = row["images"]
    said = row.get("wrong_answer") or ""
    if not isinstance(said, str):
        raise TypeError("a wrong answer is text")
    return Pair(folder / image, _text(row["prompt"]), _text(row["completion"]), said)


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
