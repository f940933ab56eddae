"""Runs without a model: a tuner that only counts, and models that answer by a script."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from stumper.errors import BadSetting
from stumper.evaluate.run import Item
from stumper.experiment.arms import Example
from stumper.experiment.bench import Bench, Tell
from stumper.records import Category
from stumper.vlm.picture import ball
from stumper.vlm.scripted import Script, ScriptedModel

PICTURE = ball("red")


def items(name: str, number: int, *, each: int = 2) -> list[Item]:
    """Questions that "yes" answers rightly, ``each`` on a picture."""
    return [
        Item(
            id=f"{name}-{at}",
            image=PICTURE,
            question=f"Is there a {name} {at}?",
            reference="yes",
            category=Category.EXISTENCE,
            image_id=f"{name}-{at // each}",
        )
        for at in range(number)
    ]


def pairs(number: int, *, prefix: str = "q") -> list[Example]:
    return [Example(image_id=f"p{at % 3}", question=f"{prefix} {at}?", answer="yes") for at in range(number)]


@dataclass(slots=True)
class FakeTuner:
    """Writes what a tuning leaves; fails for the runs in ``fails``."""

    fails: frozenset[str] = frozenset()
    tuned: list[str] = field(default_factory=list)
    """Runs it was called for, in order."""

    def __call__(self, data: Path, target: Path, *, base: str, seed: int, on_progress: Tell) -> str:
        assert (data / "train.jsonl").is_file()
        self.tuned.append(data.name)
        if data.name in self.fails:
            raise BadSetting(f"The loss of {data.name} is nan.")
        target.mkdir(parents=True, exist_ok=True)
        (target / "tuned.json").write_text(json.dumps({"seed": seed}))
        (target / "weights").write_bytes(b"0" * 100)
        on_progress(1, 1)
        return f"scripted:{data.name}"


@dataclass(slots=True)
class Models:
    """Opens models that answer "no", but "yes" to the questions that their name has in ``knows``."""

    knows: Mapping[str, Sequence[str]] = field(default_factory=dict)
    fail_every: int = 0
    opened: list[ScriptedModel] = field(default_factory=list)

    async def __call__(self, ref: str) -> ScriptedModel:
        right = self.knows.get(ref.removeprefix("scripted:"), ())
        script = Script(answers=dict.fromkeys(right, "yes"), text="no", fail_every=self.fail_every)
        self.opened.append(ScriptedModel(script, ref=ref))
        return self.opened[-1]

    @property
    def calls(self) -> int:
        """Questions that were asked, of all models, with the one that opening a cache costs."""
        return sum(model.calls for model in self.opened)


def bench(out: Path, tests: Mapping[str, Sequence[Item]], tuner: FakeTuner, models: Models) -> Bench:
    async def picture(_image_id: str) -> bytes:
        return PICTURE

    return Bench(out=out, tuner=tuner, how="fake", open_model=models, read_picture=picture, tests=tests)
