"""python tests/tune/family_run.py RELEASE FOLDER FAMILY...: tunes each family; one JSON line each tells how.

A process of its own, because torchvision must be there before transformers looks for it.
"""

from __future__ import annotations

import asyncio
import json
import sys
import traceback
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

from stumper.vlm.vision_ops import mend_torchvision

warnings.simplefilter("ignore")
mend_torchvision()

from safetensors.torch import load_file  # noqa: E402

from stumper.errors import ModelRefused  # noqa: E402
from stumper.tune import tune  # noqa: E402
from stumper.tune.model import load  # noqa: E402
from stumper.tune.recipes import RECIPES, recipe_for  # noqa: E402
from stumper.vlm.hf import open_hf  # noqa: E402
from stumper.vlm.picture import ball  # noqa: E402
from tests.tune.families import build  # noqa: E402

SMALL: dict[str, Any] = {
    "rank": 4, "alpha": 4, "batch": 2, "accumulate": 1, "most_steps": 2, "rate": 1e-2, "replay_share": 0.0,
    "patience": 0,
}  # fmt: skip


def run(name: str, release: Path, folder: Path) -> dict[str, Any]:
    base = build(name, folder / "base")
    _, processor = load(base, RECIPES[name])
    eyes = processor.image_processor
    result = tune(base, release, folder / "tuned", recipe=replace(RECIPES[name], **SMALL), seed=3)
    before, after = (load_file(one / "model.safetensors") for one in (base, result.folder))
    return {
        "family": name,
        "chosen": recipe_for(base).name,
        "steps": result.steps,
        "changed": sorted(key for key in before if not before[key].equal(after[key])),
        "settings": {
            "max_slice_nums": getattr(eyes, "max_slice_nums", None),
            "max_patches": getattr(eyes, "max_patches", None),
            "longest_edge": getattr(getattr(eyes, "size", None), "longest_edge", None),
        },
        "said": asyncio.run(_said(result.folder)),
    }


async def _said(folder: Path) -> str:
    model = open_hf(str(folder))
    try:
        return (await model.answer(ball("red"), "What colour is the ball?")).text
    except ModelRefused as refusal:
        if "empty answer" not in str(refusal):  # random weights may end an answer before it began
            raise
        return str(refusal)
    finally:
        await model.close()


def main() -> None:
    release, folder, *names = sys.argv[1:]
    for name in names:
        try:
            found = run(name, Path(release), Path(folder) / name)
        except Exception:  # one family's failure must not hide the others
            found = {"family": name, "error": traceback.format_exc()}
        sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
