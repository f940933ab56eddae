"""LoRA matrices saved apart, and given as the model that is tuned next."""

from __future__ import annotations

import importlib.util
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

if importlib.util.find_spec("trl") is None:
    pytest.skip("the extra train (torch, trl, peft) is not installed", allow_module_level=True)

from safetensors.torch import load_file
from torch.testing import assert_close

from stumper.errors import BadSetting, ModelRefused
from stumper.serving import origin_in
from stumper.tune import recipe_for, tune
from stumper.tune.model import checkpoint_under, load
from stumper.vlm.checkpoint import ADAPTER, ADAPTER_WEIGHTS
from stumper.vlm.hf import open_hf
from stumper.vlm.picture import ball
from tests.tune import small

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
PLAIN = small.recipe(words=False, keep=0.5, rate=0.05)


@pytest.fixture(scope="module")
def merged(base: Path, release: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tune(base, release, tmp_path_factory.mktemp("merged"), recipe=PLAIN, seed=5).folder


@pytest.fixture(scope="module")
def adapter(base: Path, release: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("adapter")
    return tune(base, release, out, recipe=PLAIN, seed=5, merge=False).folder


def test_an_adapter_is_the_change_without_the_model(base: Path, adapter: Path, merged: Path) -> None:
    model, _ = load(adapter, PLAIN)

    expected = load_file(merged / "model.safetensors")
    for name, weight in model.state_dict().items():
        if name in expected:
            assert_close(weight, expected[name], atol=1e-6, rtol=1e-5)
    assert json.loads((adapter / ADAPTER).read_text())["base_model_name_or_path"] == str(base)
    assert origin_in(adapter).base == str(base)
    assert not (adapter / "model.safetensors").exists()
    assert (adapter / ADAPTER_WEIGHTS).stat().st_size < (merged / "model.safetensors").stat().st_size


async def test_an_adapter_plays(adapter: Path, merged: Path) -> None:
    said = []
    for folder in (adapter, merged):
        model = open_hf(str(folder))
        said.append((await model.answer(ball("red"), "What colour is the ball?")).text)
        await model.close()

    assert said[0] == said[1]


def test_an_adapter_is_tuned_further_as_the_merged_model_would_be(
    adapter: Path, merged: Path, release: Path, tmp_path: Path
) -> None:
    small_step = replace(PLAIN, most_steps=1)

    first = tune(adapter, release, tmp_path / "1", recipe=small_step, seed=6)
    other = tune(merged, release, tmp_path / "2", recipe=small_step, seed=6)

    assert recipe_for(checkpoint_under(adapter)).name == "tiny"
    assert first.loss == pytest.approx(other.loss, rel=1e-4)


def test_an_adapter_whose_base_is_not_here_is_refused(adapter: Path, tmp_path: Path) -> None:
    config = json.loads((adapter / ADAPTER).read_text()) | {
        "base_model_name_or_path": "HuggingFaceTB/Some-VLM"
    }
    (tmp_path / ADAPTER).write_text(json.dumps(config))

    with pytest.raises(BadSetting, match="adapter of 'HuggingFaceTB/Some-VLM'"):
        load(tmp_path, PLAIN)


@pytest.mark.parametrize("fault", ["other shapes", "other layers"])
def test_an_adapter_of_another_model_is_refused(adapter: Path, tmp_path: Path, fault: str) -> None:
    shutil.copytree(adapter, tmp_path / "adapter")
    path = tmp_path / "adapter" / ADAPTER
    config = json.loads(path.read_text())
    if fault == "other shapes":
        config["base_model_name_or_path"] = str(small.base(tmp_path / "wide", width=64))
    else:
        config["target_modules"] = [name for name in config["target_modules"] if "q_proj" not in name]
    path.write_text(json.dumps(config))

    with pytest.raises(ModelRefused, match="does not fit its base"):
        load(tmp_path / "adapter", PLAIN)


def test_embeddings_have_no_place_in_an_adapter(base: Path, release: Path, tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="--no-merge"):
        tune(base, release, tmp_path / "out", recipe=replace(PLAIN, words=True), seed=5, merge=False)
