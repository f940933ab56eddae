"""What is prepared ahead is what TRL would have prepared; what is remembered is what would have been seen."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

if importlib.util.find_spec("trl") is None:
    pytest.skip("the extra train (torch, trl, peft) is not installed", allow_module_level=True)

from stumper.errors import BadSetting
from stumper.toytown import model as tiny
from stumper.toytown.replay import write_replay
from stumper.tune.ahead import prepare, remember
from stumper.tune.data import to_dataset
from stumper.tune.pairs import read_pairs
from stumper.vlm.onnx import SHIPPED

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


def test_a_batch_is_the_one_that_trl_makes(tmp_path: Path) -> None:
    import torch
    from trl.trainer.sft_trainer import DataCollatorForVisionLanguageModeling

    _, processor = tiny.load(SHIPPED)
    rows = to_dataset(read_pairs(write_replay(tmp_path, pairs=6, seed=1)), image_px=96)

    ours = prepare(rows, processor)([{"place": place} for place in range(6)])
    theirs = DataCollatorForVisionLanguageModeling(processor, completion_only_loss=True)(list(rows))

    for name in ("input_ids", "attention_mask", "labels"):
        assert torch.equal(ours[name], theirs[name]), name
    assert torch.allclose(ours["pixel_values"], theirs["pixel_values"])


def test_a_tower_that_remembers_says_the_same_and_looks_once() -> None:
    import torch

    model, _ = tiny.load(SHIPPED)
    tower = model.model.vision_model
    pixels = torch.rand(3, 3, 96, 96, generator=torch.Generator().manual_seed(1))
    mask = torch.ones(3, 12, 12, dtype=torch.bool)
    expected = tower(pixel_values=pixels, patch_attention_mask=mask).last_hidden_state
    forget = remember(model)

    first = tower(pixel_values=pixels, patch_attention_mask=mask).last_hidden_state
    calls: list[int] = []
    tower.encoder.register_forward_hook(lambda *_: calls.append(1))
    again = tower(pixel_values=pixels[[2, 0]], patch_attention_mask=mask[:2]).last_hidden_state
    forget()

    assert torch.allclose(first, expected, atol=1e-5)
    assert torch.allclose(again, expected[[2, 0]], atol=1e-5)
    assert not calls
    assert "forward" not in vars(tower)


def test_a_model_without_a_known_tower_is_refused() -> None:
    with pytest.raises(BadSetting, match="no Idefics3"):
        remember(object())
