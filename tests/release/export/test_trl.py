"""One update of each TRL trainer on its export, with a model of a few thousand weights."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

if importlib.util.find_spec("trl") is None:
    pytest.skip("the extra train (torch, trl, peft) is not installed", allow_module_level=True)

import datasets
import torch
import trl

from stumper.release.export import export
from stumper.toytown import model as tiny

pytestmark = [
    pytest.mark.slow,
    # Libraries warn about each other's future; nothing here can act on it.
    pytest.mark.filterwarnings("ignore"),
]
SHAPE = tiny.Shape(
    vision_layers=1, vision_width=32, text_layers=1, text_width=32, text_inner=64, vocabulary=300
)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkpoint")
    tokenizer = tiny.train_tokenizer(["how many cats are there", "red"] * 20, vocabulary=SHAPE.vocabulary)
    tiny.build_model(tokenizer, SHAPE, seed=1).save_pretrained(folder)
    tiny.build_processor(tokenizer, SHAPE).save_pretrained(folder)
    return folder


@pytest.mark.parametrize("name", ["trl-sft", "trl-dpo", "trl-kto"])
def test_a_trainer_learns_from_its_export(release: Path, checkpoint: Path, tmp_path: Path, name: str) -> None:
    export(release, tmp_path / "data", name=name)
    data = datasets.load_dataset(str(tmp_path / "data"), cache_dir=str(tmp_path / "cache"))
    model, processor = tiny.load(checkpoint)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    kind = name.removeprefix("trl-").upper()
    trainer, settings = getattr(trl, f"{kind}Trainer"), getattr(trl, f"{kind}Config")

    made = trainer(
        model=model,
        args=settings(
            output_dir=str(tmp_path / "out"), max_steps=1, per_device_train_batch_size=4, learning_rate=0.01,
            max_length=None, bf16=False, use_cpu=True, report_to=[], save_strategy="no", disable_tqdm=True,
        ),
        train_dataset=data["train"],
        eval_dataset=data["validation"],
        processing_class=processor,
    )  # fmt: skip
    result = made.train()

    after = made.model.state_dict()
    assert torch.isfinite(torch.tensor(result.training_loss))
    assert any(not torch.equal(before[key], after[key].cpu()) for key in before if key in after)
    batch = next(iter(made.get_train_dataloader()))
    assert {"pixel_values", "input_ids"} <= batch.keys() or {
        "pixel_values",
        "prompt_input_ids",
    } <= batch.keys()
