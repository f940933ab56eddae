"""DPO on corrections and the answers they correct, on a tiny random LLaVA."""

from __future__ import annotations

import importlib.util
import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

if importlib.util.find_spec("trl") is None:
    pytest.skip("the extra train (torch, trl, peft) is not installed", allow_module_level=True)

from safetensors.torch import load_file

from stumper.errors import BadRelease
from stumper.tune import tune
from stumper.tune.recipes import RECIPES, Method, Recipe
from tests.tune import small
from tests.tune.families import build

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
DPO = replace(
    RECIPES["llava"], method=Method.DPO, rank=4, alpha=8, batch=4, accumulate=1, epochs=4, most_steps=6,
    preference_rate=1e-2, replay_share=0.5, patience=0,
)  # fmt: skip


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("llava", tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small.release(tmp_path_factory.mktemp("release"), train=4, val=2)


def _margins(base: Path, release: Path, out: Path, recipe: Recipe) -> list[float]:
    result = tune(base, release, out, recipe=recipe, seed=3, replay=release / "train.jsonl")
    assert (result.replayed, result.checked) == (0, 2)  # its loss holds on to the base model instead
    return [point.margin for point in result.curve if point.margin is not None]


@pytest.mark.parametrize("method", [Method.DPO, Method.BOTH])
def test_the_correction_comes_to_be_preferred(
    base: Path, release: Path, tmp_path: Path, method: Method
) -> None:
    margins = _margins(base, release, tmp_path, replace(DPO, method=method))

    assert margins[0] == pytest.approx(0.0, abs=1e-4)  # the base model prefers as it does
    assert margins[-1] > 0.02
    before, after = (load_file(folder / "model.safetensors") for folder in (base, tmp_path))
    assert {name for name in before if not before[name].equal(after[name])}


def test_the_wrong_answers_decide_what_is_preferred(base: Path, release: Path, tmp_path: Path) -> None:
    turned = tmp_path / "turned"
    turned.mkdir()
    (turned / "images").symlink_to(release / "images")
    for name in ("train", "val"):
        rows = [json.loads(line) for line in (release / f"{name}.jsonl").read_text().splitlines()]
        for row in rows:
            right = row["completion"][0]["content"]
            row["completion"][0]["content"], row["wrong_answer"] = row["wrong_answer"], right
        (turned / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    short = replace(DPO, most_steps=3)

    one = tune(base, release, tmp_path / "1", recipe=short, seed=3).curve
    other = tune(base, turned, tmp_path / "2", recipe=short, seed=3).curve

    even = math.log(2)  # -log sigmoid(0): neither is preferred more than before
    for points in (one, other):
        assert points[0].loss == pytest.approx(even, rel=1e-4)
        assert points[-1].validation is not None
        assert points[-1].validation < even - 1e-3  # what was rejected in one is chosen in the other


def test_a_release_without_wrong_answers_is_refused(base: Path, release: Path, tmp_path: Path) -> None:
    rows = [json.loads(line) for line in (release / "train.jsonl").read_text().splitlines()]
    same = [row | {"wrong_answer": row["completion"][0]["content"]} for row in rows]
    (tmp_path / "train.jsonl").write_text("\n".join(map(json.dumps, same)))

    with pytest.raises(BadRelease, match="--method sft"):
        tune(base, tmp_path, tmp_path / "out", recipe=DPO, seed=3)


def test_dpo_leaves_the_embeddings_alone_which_its_reference_shares(release: Path, tmp_path: Path) -> None:
    base = small.base(tmp_path / "base")
    recipe = small.recipe(method=Method.DPO, preference_rate=1e-2, keep=1.0)

    result = tune(base, release, tmp_path / "out", recipe=recipe, seed=3)

    before, after = (load_file(folder / "model.safetensors") for folder in (base, result.folder))
    words = [name for name in before if "embed_tokens" in name]
    assert words
    assert all(before[name].equal(after[name]) for name in words)
    assert any(not before[name].equal(after[name]) for name in before)
