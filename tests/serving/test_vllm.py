"""What is said about vLLM without vLLM: what its documentation rules out, and the command, word by word."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest

from stumper.errors import BadSetting
from stumper.serving import embedded, open_source, vllm
from stumper.serving.export import served_name
from stumper.vlm.openai import open_openai
from tests.serving.folders import QWEN, TOYTOWN, adapter, checkpoint


@pytest.mark.slow
def test_every_family_with_a_recipe_is_served_or_known_not_to_be() -> None:
    names = pytest.importorskip("transformers.models.auto.modeling_auto")
    from stumper.tune.recipes import RECIPES

    known = names.MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES
    kinds = {kind for recipe in RECIPES.values() for kind in recipe.model_types}
    unserved = {kind for kind in kinds & set(known) if known[kind] not in vllm.ARCHITECTURES}

    assert unserved <= {"minicpmv4_7"}


def test_an_architecture_that_is_not_listed_is_refused_with_the_way_out(tmp_path: Path) -> None:
    config = {**QWEN, "architectures": ["MyOwnForConditionalGeneration"]}

    with pytest.raises(BadSetting, match=r"lists no MyOwnForConditionalGeneration.*transformers serve.*hf:"):
        vllm.refuse_model(open_source(str(checkpoint(tmp_path / "m", config))))


def test_toytowns_relu_is_refused_before_vllm_refuses_it() -> None:
    with pytest.raises(BadSetting, match="silu only, and this model's have relu"):
        vllm.refuse_model(open_source("onnx:"))


@pytest.mark.parametrize(
    ("names", "config", "told"),
    [
        ((), {"modules_to_save": ["lm_head"]}, "modules_to_save"),
        ((), {"use_dora": True}, "is a DoRA"),
        ((), {"bias": "all"}, "has biases"),
        ((), {"r": 600}, "has rank 600, over 512"),
        ((), {"rank_pattern": {"q_proj": 1024}}, "has rank 1024"),
        (("base_model.model.embed_tokens.weight",), {}, r"holds base_model\.model\.embed_tokens\.weight"),
    ],
)
def test_an_adapter_that_cannot_be_put_on_while_serving_is_to_be_merged(
    tmp_path: Path, names: tuple[str, ...], config: dict[str, Any], told: str
) -> None:
    checkpoint(tmp_path / "base")
    source = open_source(str(adapter(tmp_path / "a", "../base", *names, **config)))

    with pytest.raises(BadSetting, match=f"{told}.*Merge it"):
        vllm.refuse_adapter(source)


@pytest.mark.parametrize("data", [b"", b"\xff" * 40])
def test_weights_that_are_no_safetensors_are_refused(tmp_path: Path, data: bytes) -> None:
    checkpoint(tmp_path / "base")
    folder = adapter(tmp_path / "a", "../base")
    (folder / "adapter_model.safetensors").write_bytes(data)

    with pytest.raises(BadSetting, match=r"adapter_model\.safetensors cannot be read"):
        vllm.refuse_adapter(open_source(str(folder)))


@pytest.mark.parametrize(("rank", "most"), [(1, "1"), (2, "8"), (16, "16"), (17, "32"), (512, "512")])
def test_the_command_names_the_next_rank_that_vllm_takes(tmp_path: Path, rank: int, most: str) -> None:
    base = checkpoint(tmp_path / "a base")
    source = open_source(str(adapter(tmp_path / "a", "../a base", r=rank)))

    words = shlex.split(vllm.serve_adapter("tuned-1", source, recipe={"processor": {"max_pixels": 9}}))

    assert words[:4] == ["vllm", "serve", str(base), "--enable-lora"]
    assert words[words.index("--max-lora-rank") + 1] == most
    assert words[words.index("--lora-modules") + 1] == "tuned-1=$PWD/adapter"
    assert words[words.index("--mm-processor-kwargs") + 1] == '{"max_pixels": 9}'
    assert "--enable-tower-connector-lora" not in words


def test_an_adapter_of_the_eyes_says_so(tmp_path: Path) -> None:
    checkpoint(tmp_path / "base")
    name = "base_model.model.model.visual.blocks.0.attn.qkv.lora_A.weight"
    source = open_source(str(adapter(tmp_path / "a", "../base", name)))

    assert "--enable-tower-connector-lora" in vllm.serve_adapter("t", source, recipe={})


@pytest.mark.parametrize("folder", ["tuned", "my model; rm -rf", "modèle", "..x", "#1", "---"])
def test_a_served_name_can_stand_in_a_reference_and_in_a_shell(tmp_path: Path, folder: str) -> None:
    name = served_name(tmp_path / folder)

    assert shlex.split(vllm.serve_model(name))[4] == name
    assert open_openai(vllm.ref(name).removeprefix("openai:"), key=None).ref == vllm.ref(name)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"model_type": "smolvlm"}, "is smolvlm on llama"),
        ({"text_config": {"model_type": "qwen2"}}, "is idefics3 on qwen2"),
        ({"vision_config": {"image_size": 980}}, "sees 980 pixels, over 512"),
    ],
)
def test_what_the_embedded_engine_does_not_run_is_said(
    tmp_path: Path, change: dict[str, Any], told: str
) -> None:
    source = open_source(str(checkpoint(tmp_path / "m", {**TOYTOWN, **change})))

    with pytest.raises(BadSetting, match=f"{told}.*hf:.*--to vllm"):
        embedded.refuse_model(source)


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("processor_config.json", '{"image_processor": {}}', "cuts pictures"),
        ("processor_config.json", "[", "cuts pictures"),
        ("chat_template.jinja", "{{ messages }}", "another chat template"),
    ],
)
def test_another_prompt_than_toytowns_is_not_run(tmp_path: Path, name: str, text: str, told: str) -> None:
    folder = checkpoint(tmp_path / "m", TOYTOWN)
    (folder / name).write_text(text)

    with pytest.raises(BadSetting, match=told):
        embedded.refuse_model(open_source(str(folder)))


def test_the_shipped_model_and_its_like_are_run(tmp_path: Path) -> None:
    embedded.refuse_model(open_source("onnx:"))
    embedded.refuse_model(open_source(str(checkpoint(tmp_path / "m", TOYTOWN))))
