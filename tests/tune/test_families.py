"""Every family that has a recipe trains, is saved, loads again and answers, as a tiny random model."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

if importlib.util.find_spec("trl") is None:
    pytest.skip("the extra train (torch, trl, peft) is not installed", allow_module_level=True)

from safetensors.torch import load_file

from stumper.errors import BadSetting
from stumper.toytown.replay import write_replay
from stumper.tune import tune
from stumper.tune.model import load
from stumper.tune.recipes import GAP, RECIPES, STANDARD
from tests.tune.families import EASY, FAMILIES, build
from tests.tune.family_run import SMALL

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
ROOT = Path(__file__).parents[2]
APART = Path(sys.prefix) / "families"
"""Where `make` puts torchvision and num2words."""


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("release")
    write_replay(folder, pairs=4, seed=1).rename(folder / "train.jsonl")
    return folder


@pytest.fixture(scope="module")
def runs(release: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What came of each family, all tuned in one process with torchvision."""
    paths = [str(ROOT), str(ROOT / "src"), *([str(APART)] if APART.is_dir() else [])]
    names = FAMILIES if APART.is_dir() or importlib.util.find_spec("torchvision") else EASY
    done = subprocess.run(
        [sys.executable, ROOT / "tests/tune/family_run.py", release, tmp_path_factory.mktemp("runs"), *names],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        stdout=subprocess.PIPE,
        timeout=300,
        check=True,
    )
    return {one["family"]: one for one in map(json.loads, done.stdout.splitlines())}


@pytest.fixture
def run(runs: dict[str, dict[str, Any]], request: pytest.FixtureRequest) -> dict[str, Any]:
    name = request.node.callspec.params["name"]
    if name not in runs:
        pytest.skip("no torchvision: pip install 'stumper[families]', or let make build the environment")
    assert "error" not in runs[name], runs[name]["error"]
    return runs[name]


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_trains_is_saved_loads_again_and_answers(name: str, run: dict[str, Any]) -> None:
    assert run["steps"] == 2
    assert run["changed"]
    assert all(RECIPES[name].adapts(key.removesuffix(".weight")) for key in run["changed"])
    assert run["said"]


@pytest.mark.parametrize("name", [name for name in FAMILIES if name != "idefics3"])
def test_its_recipe_is_found_by_its_configuration(name: str, run: dict[str, Any]) -> None:
    assert run["chosen"] == name


@pytest.mark.parametrize(
    ("name", "setting", "value"),
    [
        ("minicpm-v", "max_slice_nums", 9),
        ("internvl", "max_patches", 6),
        ("qwen2-vl", "longest_edge", 768 * 28 * 28),
        ("qwen3-vl", "longest_edge", 768 * 32 * 32),
        ("smolvlm", "longest_edge", 1024),
    ],
)
def test_pictures_are_prepared_as_the_recipe_says(
    name: str, setting: str, value: int, run: dict[str, Any]
) -> None:
    assert run["settings"][setting] == value


def test_the_papers_recipe_fits_any_family(release: Path, tmp_path: Path) -> None:
    base = build("llava", tmp_path / "base")

    result = tune(base, release, tmp_path / "tuned", recipe=replace(GAP, **SMALL), seed=3)

    before, after = (load_file(folder / "model.safetensors") for folder in (base, result.folder))
    changed = {key.split(".")[-2] for key in before if not before[key].equal(after[key])}
    assert changed
    assert changed <= {"q_proj", "k_proj", "v_proj", "o_proj"}


def test_a_recipe_that_fits_no_layer_is_refused(release: Path, tmp_path: Path) -> None:
    base = build("llava", tmp_path / "base")

    with pytest.raises(BadSetting, match="adapts none"):
        tune(base, release, tmp_path / "out", recipe=replace(STANDARD, layers="nothing", patience=0), seed=1)


def test_code_beside_the_weights_runs_only_when_allowed(tmp_path: Path) -> None:
    config = {"model_type": "minicpmv", "auto_map": {"AutoModel": "modeling.Model"}}
    (tmp_path / "config.json").write_text(json.dumps(config))

    with pytest.raises(BadSetting, match="--trust-remote-code"):
        load(tmp_path, RECIPES["minicpm-v"])
