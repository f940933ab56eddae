"""What is refused before anything is written: no model, half a model, a model whose weights are elsewhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stumper.errors import BadSetting, NotFound
from stumper.serving import open_source
from stumper.vlm.onnx import SHIPPED
from tests.serving.folders import adapter, checkpoint


def test_a_model_is_found_by_folder_and_by_reference(tmp_path: Path) -> None:
    folder = checkpoint(tmp_path / "m")

    assert open_source(str(folder)).folder == folder
    assert open_source(f"hf:{folder}").folder == folder
    assert open_source("onnx:").folder == SHIPPED
    assert open_source("onnx:").config["model_type"] == "idefics3"


@pytest.mark.parametrize("ref", ["openai:http://127.0.0.1:8000/v1#x", "scripted:"])
def test_a_model_of_which_only_answers_are_here_is_refused(ref: str) -> None:
    with pytest.raises(BadSetting, match="Give the folder of its checkpoint"):
        open_source(ref)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"owner/name.*fetch what lies on the hub first"):
        open_source("hf:owner/name")
    with pytest.raises(NotFound, match=r"no config\.json"):
        open_source(str(tmp_path))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("model.safetensors", r"lacks model\.safetensors of its weights"),
        ("tokenizer.json", "has no tokenizer"),
        ("processor_config.json", "has no image processor"),
        ("chat_template.jinja", "has no chat template"),
    ],
)
def test_half_a_checkpoint_is_refused_by_what_is_missing(tmp_path: Path, name: str, told: str) -> None:
    with pytest.raises(BadSetting, match=told):
        open_source(str(checkpoint(tmp_path / "m", without=name)))


def test_a_model_that_does_not_see_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="no vision-language model"):
        open_source(str(checkpoint(tmp_path / "m", {"model_type": "llama"})))


def test_a_shard_that_is_missing_is_named(tmp_path: Path) -> None:
    folder = checkpoint(tmp_path / "m", without="model.safetensors")
    index = {"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    (folder / "model-00001-of-00002.safetensors").write_bytes(b"")

    with pytest.raises(BadSetting, match=r"lacks model-00002-of-00002\.safetensors"):
        open_source(str(folder))


@pytest.mark.parametrize("text", ["", "[]", '{"weight_map": 3}'])
def test_a_broken_index_is_refused(tmp_path: Path, text: str) -> None:
    folder = checkpoint(tmp_path / "m")
    (folder / "model.safetensors.index.json").write_text(text)

    with pytest.raises(BadSetting, match="cannot be read"):
        open_source(str(folder))


def test_an_adapter_is_found_with_its_base(tmp_path: Path) -> None:
    base = checkpoint(tmp_path / "base")

    found = open_source(str(adapter(tmp_path / "a", "../base")))

    assert found.base == str(base)
    assert found.config["model_type"] == "qwen2_vl"
    assert found.weight_bytes == (base / "model.safetensors").stat().st_size


def test_an_adapter_whose_base_is_half_there_is_refused(tmp_path: Path) -> None:
    checkpoint(tmp_path / "base", without="tokenizer.json")

    with pytest.raises(BadSetting, match="base has no tokenizer"):
        open_source(str(adapter(tmp_path / "a", "../base")))
