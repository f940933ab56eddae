"""The reckoning counts what PEFT would train, and comes to what such runs are known to need."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path

import pytest

if importlib.util.find_spec("trl") is None:
    pytest.skip("the extra train (torch, trl, peft) is not installed", allow_module_level=True)

from peft import LoraConfig, get_peft_model
from transformers import Qwen2VLConfig

from stumper.tune.memory import estimate
from stumper.tune.model import linear_layers, load
from stumper.tune.recipes import GAP, RECIPES, Quantize
from tests.tune.families import build

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


@pytest.mark.parametrize("name", ["idefics3", "llava"])
@pytest.mark.parametrize("paper", [False, True])
def test_as_many_weights_are_counted_as_peft_trains(name: str, paper: bool, tmp_path: Path) -> None:
    base = build(name, tmp_path)
    recipe = replace(GAP if paper else RECIPES[name], rank=4, processor={})
    model, _ = load(base, recipe)
    layers = linear_layers(model, recipe)
    adapted = get_peft_model(model, LoraConfig(r=4, target_modules=layers))

    found = estimate(base, recipe, gpu=False)

    assert found.adapters == sum(one.numel() for one in adapted.parameters() if one.requires_grad)
    assert found.parameters + found.adapters == sum(one.numel() for one in adapted.parameters())


def test_qwen2_vl_of_seven_billion_fits_a_card_of_24_gb(tmp_path: Path) -> None:
    text = {
        "hidden_size": 3584, "intermediate_size": 18944, "num_hidden_layers": 28, "num_attention_heads": 28,
        "num_key_value_heads": 4, "vocab_size": 152064,
    }  # fmt: skip
    Qwen2VLConfig(text_config=text, vision_config={"hidden_size": 3584}).save_pretrained(tmp_path)

    found = estimate(tmp_path, RECIPES["qwen2-vl"], gpu=True)

    assert 8.2e9 < found.parameters < 8.4e9  # 8.29, eyes included
    assert 17e9 < found.total < 23e9
    assert "8.29 billion" in str(found)


def test_four_bits_hold_seven_billion_on_a_card_of_12_gb(tmp_path: Path) -> None:
    text = {
        "hidden_size": 3584, "intermediate_size": 18944, "num_hidden_layers": 28, "num_attention_heads": 28,
        "num_key_value_heads": 4, "vocab_size": 152064,
    }  # fmt: skip
    Qwen2VLConfig(text_config=text, vision_config={"hidden_size": 3584}).save_pretrained(tmp_path)
    recipe = replace(RECIPES["qwen2-vl"], quantize=Quantize.FOUR_BIT, batch=1)

    found = estimate(tmp_path, recipe, gpu=True)

    # 7.2 billion in linear layers at 4.127 bits; embeddings and output head, 545 million each, at 16
    assert found.weights == pytest.approx(7.2e9 * 4.127 / 8 + 2 * 545e6 * 2, rel=0.02)
    assert found.total < 12e9


def test_half_the_batch_needs_half_the_activations(tmp_path: Path) -> None:
    base, recipe = build("llava", tmp_path), RECIPES["llava"]

    whole, half = (estimate(base, replace(recipe, batch=batch), gpu=True) for batch in (4, 2))

    assert (half.weights, half.trained) == (whole.weights, whole.trained)
    assert half.activations * 2 == whole.activations
